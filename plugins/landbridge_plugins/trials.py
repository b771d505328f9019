"""A loaded model is asked a few questions of each kind that it promises: it must answer, in shape, twice the same."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from landbridge_plugins.answers import Prompt
from landbridge_plugins.protocols import (
    Classifier,
    Embedder,
    Generator,
    LogLikelihoodScorer,
    Ranker,
    SpanExtractor,
    Tagger,
)
from landbridge_plugins.settings import DatasetRef, MetricUse
from landbridge_plugins.tasks import Kind, TaskSpec
from landbridge_plugins.types import Finding, Modality, ModelSpec

TEXTS: Final = ("a bright day", "un jour clair", "ein heller Tag", "\u6674\u308c\u305f\u65e5", "")
TRAIN: Final = (("good morning to you", "en"), ("what a day", "en"), ("bonjour à tous", "fr"), ("quel jour", "fr"))
CLOSE: Final = 1e-6
Ask = Callable[[Any], object]


def trial_task() -> TaskSpec:
    """A small task of texts with two labels."""
    return TaskSpec(
        name="conformance_trial",
        kind=Kind.CLASSIFY,
        dataset=DatasetRef(ref="bundled:conformance", split="test", train_split="train"),
        prompt={"input": {"column": "text"}, "target": {"column": "label"}},
        metrics=(MetricUse(name="accuracy", primary=True),),
    )


def rows(value: object, *, items: int, width: int | None) -> str:
    """What is wrong with a table of numbers; empty if nothing."""
    try:
        table = [[float(number) for number in row] for row in value]  # type: ignore[attr-defined] # any shape may come
    except (TypeError, ValueError):
        return "is no table of numbers"
    if len(table) != items:
        return f"has {len(table)} rows for {items} items"
    widths = {len(row) for row in table}
    if len(widths) != 1 or (width is not None and widths != {width}):
        return f"has rows of {sorted(widths)} numbers, not of {width or 'one width'}"
    return "" if all(math.isfinite(number) for row in table for number in row) else "holds NaN or infinity"


def listed(value: object, *, items: int) -> str:
    try:
        length = len(value)  # type: ignore[arg-type] # any shape may come
    except TypeError:
        return "is no list"
    return "" if length == items else f"has {length} answers for {items} questions"


def classify(model: Any) -> object:  # noqa: ANN401 a stranger's model
    return model.classify(list(TEXTS))


def embed(model: Any) -> object:  # noqa: ANN401 a stranger's model
    return model.embed(list(TEXTS), "none")


def generate(model: Any) -> object:  # noqa: ANN401 a stranger's model
    return model.generate([Prompt(text=text, max_tokens=8) for text in TEXTS[:2]])


def likelihood(model: Any) -> object:  # noqa: ANN401 a stranger's model
    return model.loglikelihood([(TEXTS[0], " and more"), (TEXTS[1], " clair")])


def rolling(model: Any) -> object:  # noqa: ANN401 a stranger's model
    return model.loglikelihood_rolling(list(TEXTS[:2]))


def tag(model: Any) -> object:  # noqa: ANN401 a stranger's model
    return model.tag([text.split() for text in TEXTS[:2]])


def extract(model: Any) -> object:  # noqa: ANN401 a stranger's model
    return model.extract([("what day?", text) for text in TEXTS[:2]])


def rank(model: Any) -> object:  # noqa: ANN401 a stranger's model
    return model.rank(TEXTS[0], list(TEXTS[1:4]))


TRIALS: Final[Mapping[str, tuple[type, Ask]]] = {
    Kind.CLASSIFY.value: (Classifier, classify),
    Kind.EMBED.value: (Embedder, embed),
    Kind.GENERATE.value: (Generator, generate),
    Kind.LOGLIKELIHOOD.value: (LogLikelihoodScorer, likelihood),
    Kind.ROLLING.value: (LogLikelihoodScorer, rolling),
    Kind.TAG.value: (Tagger, tag),
    Kind.EXTRACT_SPAN.value: (SpanExtractor, extract),
    Kind.RANK.value: (Ranker, rank),
}
COUNTS: Final = {Kind.GENERATE.value: 2, Kind.LOGLIKELIHOOD.value: 2, Kind.ROLLING.value: 2, Kind.TAG.value: 2,
                 Kind.EXTRACT_SPAN.value: 2, Kind.RANK.value: 3}  # fmt: skip


Adapt = Callable[[TaskSpec, Sequence[tuple[Any, Any]]], object]


def tried(spec: ModelSpec, model: object, adapt: Adapt) -> Iterator[Finding]:
    """What is found against ``model``. ``adapt`` fits it to a task's rows, if its spec says that it must be."""
    if spec.modality is not Modality.TEXT or not spec.kinds:
        return
    if not spec.adapts:
        for kind in spec.kinds:
            yield from asked(spec, kind, model, model)
    elif Kind.CLASSIFY.value in spec.kinds:
        yield from adapted(spec, adapt)


def adapted(spec: ModelSpec, adapt: Adapt) -> Iterator[Finding]:
    """Fit it twice to the same rows: both must answer the same."""
    task = trial_task()
    try:
        first, second = adapt(task, TRAIN), adapt(task, TRAIN)
    except Exception as error:  # noqa: BLE001 a stranger's code may raise anything
        yield blocking("adapt_raises", f"adapt_model() of {spec.slug} raises {type(error).__name__}: {error}")
        return
    if first is None or second is None:
        yield blocking("not_adapted", f"{spec.slug} says `adapts`, but adapt_model() gives nothing for classify.")
        return
    yield from asked(spec, Kind.CLASSIFY.value, first, second)


def asked(spec: ModelSpec, kind: str, first: object, second: object) -> Iterator[Finding]:
    """Ask two models that should be the same the same."""
    if kind not in TRIALS or type(first).__name__.startswith("Torch"):
        return  # sounds, and modules that the engine drives itself
    protocol, ask = TRIALS[kind]
    if not isinstance(first, protocol):
        yield blocking("kind_not_answered", f"{spec.slug} promises {kind}, but its model is no {protocol.__name__}.")
        return
    try:
        answers = ask(first), ask(second)
    except Exception as error:  # noqa: BLE001 a stranger's code may raise anything
        yield blocking("answer_raises", f"{spec.slug} raises {type(error).__name__} at {kind}: {error}")
        return
    if wrong := misshapen(kind, first, answers[0]):
        yield blocking("answer_misshapen", f"What {spec.slug} answers to {kind} {wrong}.")
    elif not same(answers[0], answers[1]):
        yield blocking("not_deterministic", f"{spec.slug} answers {kind} differently when asked twice. Fix its seeds.")


def misshapen(kind: str, model: Any, answer: object) -> str:  # noqa: ANN401 a stranger's model
    if kind == Kind.CLASSIFY.value:
        return rows(answer, items=len(TEXTS), width=len(model.labels))
    if kind == Kind.EMBED.value:
        return rows(answer, items=len(TEXTS), width=None)
    return listed(answer, items=COUNTS[kind])


def same(one: object, other: object) -> bool:
    """Equal, numbers within a hair."""
    try:
        left, right = numbers(one), numbers(other)
    except (TypeError, ValueError):
        return bool(repr(one) == repr(other))
    pairs = zip(left, right, strict=False)
    return len(left) == len(right) and all(abs(a - b) <= CLOSE * max(1.0, abs(a)) for a, b in pairs)


def numbers(value: Any) -> list[float]:  # noqa: ANN401 any shape may come
    if isinstance(value, str | bytes):
        raise TypeError
    if isinstance(value, int | float):
        return [float(value)]
    try:
        return [number for part in value for number in numbers(part)]
    except TypeError:
        return [float(value)]


def blocking(code: str, message: str) -> Finding:
    return Finding(code=code, message=message[:1000], blocking=True)
