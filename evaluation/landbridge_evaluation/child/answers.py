"""Drive a model, by request kind; check what it answers; let out nothing but predictions."""

import base64
import math
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from landbridge_evaluation.errors import PluginFault
from landbridge_plugins import (
    Classifier,
    Embedder,
    Generator,
    Kind,
    LogLikelihoodScorer,
    Prompt,
    Ranker,
    SpanExtractor,
    Tagger,
    TaskSpec,
    TorchCausalLM,
    TorchEncoder,
    Transcriber,
    WordEmbedder,
)

BLOCK = 128  # items that a plugin gets at once
ABSENT = 1e4  # nats below a row's least: a label that the model never met
Answer = tuple[int, Any]


@dataclass(slots=True)
class Context:
    model: Any
    task: TaskSpec
    route: str
    labels: tuple[str, ...]
    batch_tokens: int | None
    seed: int
    counters: dict[str, float] = field(default_factory=dict)
    driven: Any = None  # the engine's own scheduler, where the model hands over its module


def answer(context: Context, items: Sequence[Any]) -> Iterator[Answer]:
    """(place, value) for each item, in any order. ``PluginFault`` names the promise that was broken."""
    if not items:
        return
    model = schedule(context)
    if context.route == "head":
        kind = "words" if context.task.kind is Kind.TAG else "embed"
        yield from (words if kind == "words" else embed_plain)(context, model, items)
        return
    yield from DRIVE[context.task.kind](context, model, items)


def schedule(context: Context) -> Any:  # noqa: ANN401 any protocol
    """The model itself, or our scheduler around its torch module."""
    if context.driven is None:
        context.driven = context.model
        if isinstance(context.model, TorchEncoder):
            from landbridge_evaluation.child.encoder import DrivenEncoder

            context.driven = DrivenEncoder(context.model, context.task.limits, context.batch_tokens, context.counters)
        elif isinstance(context.model, TorchCausalLM):
            from landbridge_evaluation.child.causal import DrivenCausalLM

            context.driven = DrivenCausalLM(context.model, context.task.limits, context.batch_tokens, context.counters)
    return context.driven


def need(model: object, protocol: type, kind: str) -> None:
    if not isinstance(model, protocol):
        message = f"The loaded model is no {protocol.__name__}, which {kind} needs."
        raise PluginFault(message, code="kind_missing")


def blocks(items: Sequence[Any], model: object) -> Iterator[tuple[int, Sequence[Any]]]:
    """A plugin gets blocks; our own schedulers get the whole shard, to sort it by length."""
    size = len(items) if getattr(model, "whole_shards", False) else BLOCK
    for start in range(0, len(items), size):
        yield start, items[start : start + size]


def counted(answers: object, count: int, method: str) -> Sequence[Any]:
    listed: Sequence[Any] = list(answers) if not hasattr(answers, "shape") else answers  # type: ignore[assignment,call-overload]
    if len(listed) != count:
        raise PluginFault(f"{method}() got {count} items and answered {len(listed)}.", code="wrong_count")
    return listed


def matrix(answers: object, rows: int, columns: int | None, method: str) -> Any:  # noqa: ANN401 numpy is imported late
    """float64 of the promised shape, without NaN."""
    import numpy as np

    try:
        array = np.asarray(answers, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise PluginFault(f"{method}() answered no array of numbers: {error}.", code="wrong_shape") from error
    wanted = f"({rows}, {columns if columns is not None else 'width'})"
    if array.ndim != 2 or array.shape[0] != rows or (columns is not None and array.shape[1] != columns):  # noqa: PLR2004 a matrix
        raise PluginFault(f"{method}() answered shape {array.shape}, promised is {wanted}.", code="wrong_shape")
    if not np.isfinite(array).all():
        row = int(np.argmin(np.isfinite(array).all(axis=1)))
        raise PluginFault(f"{method}() answered NaN or infinity for item {row} of a block.", code="not_finite")
    return array


def packed(row: Any) -> str:  # noqa: ANN401 numpy is imported late
    return base64.b64encode(row.astype("<f4").tobytes()).decode()


def columns_for(model_labels: Sequence[str], task_labels: Sequence[str], *, adapted: bool) -> list[int | None]:
    """Where each of the task's labels stands in the model's answer; None: the model never met it."""
    exact = {name: place for place, name in enumerate(model_labels)}
    loose = {plain(name): place for place, name in enumerate(model_labels)}
    found = [exact.get(name, loose.get(plain(name))) for name in task_labels]
    if any(one is None for one in found) and not adapted:
        missing = ", ".join(name for name, one in zip(task_labels, found, strict=True) if one is None)
        raise PluginFault(f"The model's labels lack {missing[:300]}.", code="labels_differ")
    return found


def plain(name: str) -> str:
    return name.strip().lower().replace(" ", "_").replace("-", "_")


def classify(context: Context, model: Any, items: Sequence[Any]) -> Iterator[Answer]:  # noqa: ANN401 any protocol
    import numpy as np

    need(model, Classifier, "classify")
    places = columns_for(tuple(model.labels), context.labels, adapted=context.route == "adapt")
    known = [place for place in places if place is not None]
    for start, block in blocks(items, model):
        scores = matrix(model.classify(block), len(block), len(model.labels), "classify")
        out = np.repeat(scores.min(axis=1, keepdims=True) - ABSENT, len(places), axis=1)
        out[:, [index for index, place in enumerate(places) if place is not None]] = scores[:, known]
        yield from ((start + index, row) for index, row in enumerate(out.tolist()))


def embed(context: Context, model: Any, items: Sequence[Any]) -> Iterator[Answer]:  # noqa: ANN401 any protocol
    """Items with roles, asked role by role."""
    for role in dict.fromkeys(one["role"] for one in items):
        places = [index for index, one in enumerate(items) if one["role"] == role]
        asked = embed_plain(context, model, [items[index]["item"] for index in places], role)
        yield from ((places[index], value) for index, value in asked)


def embed_plain(_context: Context, model: Any, items: Sequence[Any], role: str = "none") -> Iterator[Answer]:  # noqa: ANN401 any protocol
    need(model, Embedder, "embed")
    for start, block in blocks(items, model):
        vectors = matrix(model.embed(block, role), len(block), None, "embed")
        yield from ((start + index, packed(row)) for index, row in enumerate(vectors))


def words(_context: Context, model: Any, items: Sequence[Any]) -> Iterator[Answer]:  # noqa: ANN401 any protocol
    need(model, WordEmbedder, "a linear tagger")
    for start, block in blocks(items, model):
        answers = counted(model.embed_words(block), len(block), "embed_words")
        for index, (item, rows) in enumerate(zip(block, answers, strict=True)):
            yield start + index, packed(matrix(rows, len(item), None, "embed_words"))


def tag(context: Context, model: Any, items: Sequence[Any]) -> Iterator[Answer]:  # noqa: ANN401 any protocol
    need(model, Tagger, "tag")
    places = columns_for(tuple(model.labels), context.labels, adapted=context.route == "adapt")
    kept = [(index, place) for index, place in enumerate(places) if place is not None]
    for start, block in blocks(items, model):
        answers = counted(model.tag(block), len(block), "tag")
        for index, (item, rows) in enumerate(zip(block, answers, strict=True)):
            scores = matrix(rows, len(item), len(model.labels), "tag")[:, [place for _, place in kept]]
            yield start + index, [kept[best][0] for best in scores.argmax(axis=1).tolist()]


def loglikelihood(_context: Context, model: Any, items: Sequence[Any]) -> Iterator[Answer]:  # noqa: ANN401 any protocol
    need(model, LogLikelihoodScorer, "loglikelihood")
    for start, block in blocks(items, model):
        pairs = [(context, continuation) for context, continuation in block]
        scores = counted(model.loglikelihood(pairs), len(block), "loglikelihood")
        for index, one in enumerate(scores):
            yield start + index, [likely(one.logprob), int(bool(one.greedy)), int(one.tokens)]


def rolling(_context: Context, model: Any, items: Sequence[Any]) -> Iterator[Answer]:  # noqa: ANN401 any protocol
    need(model, LogLikelihoodScorer, "loglikelihood_rolling")
    for start, block in blocks(items, model):
        scores = counted(model.loglikelihood_rolling(block), len(block), "loglikelihood_rolling")
        yield from ((start + index, [likely(one.logprob), int(one.tokens)]) for index, one in enumerate(scores))


def likely(value: float) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise PluginFault("A log-likelihood is NaN or infinite.", code="not_finite")
    return number


def generate(context: Context, model: Any, items: Sequence[Any]) -> Iterator[Answer]:  # noqa: ANN401 any protocol
    need(model, Generator, "generate")
    settings = context.task.generation
    for start, block in blocks(items, model):
        prompts = [
            Prompt(
                text=text,
                max_tokens=settings.max_tokens,
                stop=settings.stop,
                temperature=settings.temperature,
                seed=context.seed,
            )
            for text in block
        ]
        made = counted(model.generate(prompts), len(block), "generate")
        yield from ((start + index, clean(one.text)) for index, one in enumerate(made))


def clean(text: str) -> str:
    """Without the control characters that must not leave the child, at the length that may."""
    return "".join(one for one in text if one in "\n\t" or unicodedata.category(one) not in ("Cc", "Cs"))[:8192]


def transcribe(_context: Context, model: Any, items: Sequence[Any]) -> Iterator[Answer]:  # noqa: ANN401 any protocol
    need(model, Transcriber, "transcribe")
    for start, block in blocks(items, model):
        texts = counted(model.transcribe(block), len(block), "transcribe")
        yield from ((start + index, clean(text)) for index, text in enumerate(texts))


def extract(_context: Context, model: Any, items: Sequence[Any]) -> Iterator[Answer]:  # noqa: ANN401 any protocol
    need(model, SpanExtractor, "extract_span")
    for start, block in blocks(items, model):
        spans = counted(model.extract([(one[0], one[1]) for one in block]), len(block), "extract")
        for index, one in enumerate(spans):
            yield start + index, [int(one.start), int(one.end), likely(one.score)]


def rank(_context: Context, model: Any, items: Sequence[Any]) -> Iterator[Answer]:  # noqa: ANN401 any protocol
    need(model, Ranker, "rank")
    for index, item in enumerate(items):
        scores = model.rank(item["query"], item["candidates"])
        yield index, matrix([list(scores)], 1, len(item["candidates"]), "rank")[0].tolist()


Drive = Callable[[Context, Any, Sequence[Any]], Iterable[Answer]]
DRIVE: Mapping[Kind, Drive] = {
    Kind.CLASSIFY: classify,
    Kind.EMBED: embed,
    Kind.TAG: tag,
    Kind.LOGLIKELIHOOD: loglikelihood,
    Kind.ROLLING: rolling,
    Kind.GENERATE: generate,
    Kind.TRANSCRIBE: transcribe,
    Kind.EXTRACT_SPAN: extract,
    Kind.RANK: rank,
}
