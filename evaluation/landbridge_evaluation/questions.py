"""By request kind: the items that one row asks, and the answer it expects."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from landbridge_evaluation.errors import TaskFault
from landbridge_evaluation.rendering import Field
from landbridge_plugins import Kind, TaskSpec

if TYPE_CHECKING:
    from landbridge_evaluation.datasets import SealedDataset


@dataclass(frozen=True, slots=True)
class Question:
    items: tuple[Any, ...]
    target: Any
    extra: Any = None
    fault: str = ""


Values = Mapping[str, Any]


def ask(task: TaskSpec, fields: Mapping[str, Field], row: Mapping[str, Any], labels: Sequence[str]) -> Question:
    """The question in ``row``. Raises ``TaskFault`` where a template or a column fails."""
    values = {name: read(row) for name, read in fields.items()}
    return ASK[task.kind](values, labels)


def choices(values: Values, _labels: Sequence[str]) -> Question:
    context, options = str(values["input"]), [str(one) for one in values["choices"]]
    delimiter, target = str(values.get("delimiter", " ")), values["target"]
    stripped = context.rstrip()
    moved = context[len(stripped) :]  # trailing whitespace belongs to what follows
    items = tuple([stripped, moved + delimiter + one] for one in options)
    index = options.index(target) if isinstance(target, str) and target in options else target
    if isinstance(index, str) and index.isdigit():
        index = int(index)
    fault = ""
    if not all(options) or len(set(options)) < len(options):
        fault = "an empty or a doubled choice."
    elif not isinstance(index, int) or not 0 <= index < len(options):
        fault = f"the target {target!r} is none of the choices."
    return Question(items, index, options, fault)


def rolling(values: Values, _labels: Sequence[str]) -> Question:
    text = str(values["text"])
    return Question((text,), None, text, "" if text else "an empty text.")


def generate(values: Values, _labels: Sequence[str]) -> Question:
    target = values["target"]
    targets = [str(one) for one in target] if isinstance(target, (list, tuple)) else [str(target)]
    return Question((str(values["input"]),), targets, values["input"], "" if values["input"] else "an empty input.")


def embed(values: Values, _labels: Sequence[str]) -> Question:
    inputs = values["inputs"]
    if not isinstance(inputs, (list, tuple)) or len(inputs) != 2:  # noqa: PLR2004 a pair
        raise TaskFault("prompt/inputs must be a list of two fields.", code="prompt")
    roles = values.get("role", "none")
    both = [roles, roles] if isinstance(roles, str) else list(roles)
    items = tuple({"role": role, "item": item} for role, item in zip(both, inputs, strict=True))
    if "pair" in values:
        return Question(items, float(values["pair"]), "pair")
    if "relevance" in values:
        return Question(items, str(values["relevance"]), "relevance")
    return Question(items, None, "bitext")


def classify(values: Values, labels: Sequence[str]) -> Question:
    target = str(values["target"])
    fault = "" if target in labels else f"the target {target!r} is none of the labels."
    return Question((values["input"],), target, None, fault)


def tag(values: Values, _labels: Sequence[str]) -> Question:
    words, tags = list(values["tokens"]), [str(one) for one in values["tags"]]
    fault = "" if words and len(words) == len(tags) else "words and tags differ in number, or there are none."
    return Question((words,), tags, words, fault)


def extract(values: Values, _labels: Sequence[str]) -> Question:
    answers = values["answers"]
    texts = answers.get("text", ()) if isinstance(answers, Mapping) else answers
    texts = [texts] if isinstance(texts, str) else [str(one) for one in texts]
    context = str(values["context"])
    return Question(([str(values["question"]), context],), texts, context, "" if context else "an empty context.")


def transcribe(values: Values, _labels: Sequence[str]) -> Question:
    return Question((values["audio"],), str(values["text"]))


def rank(values: Values, _labels: Sequence[str]) -> Question:
    query = values.get("query", values.get("history"))
    candidates = mixed(query, list(values["candidates"]))
    relevant = values["relevant"]
    wanted = list(relevant) if isinstance(relevant, (list, tuple)) else [relevant]
    fault = "" if candidates and any(one in candidates for one in wanted) else "no relevant candidate."
    return Question(({"query": query, "candidates": candidates},), wanted, candidates, fault)


def mixed(query: object, candidates: Sequence[Any]) -> list[Any]:
    """In an order that their own texts give: which stood first in the data tells nothing."""

    def place(one: object) -> bytes:
        return hashlib.sha256(json.dumps([query, one], ensure_ascii=False, default=str).encode()).digest()

    return sorted(candidates, key=place)


ASK: Mapping[Kind, Callable[[Values, Sequence[str]], Question]] = {
    Kind.LOGLIKELIHOOD: choices,
    Kind.ROLLING: rolling,
    Kind.GENERATE: generate,
    Kind.EMBED: embed,
    Kind.CLASSIFY: classify,
    Kind.TAG: tag,
    Kind.EXTRACT_SPAN: extract,
    Kind.TRANSCRIBE: transcribe,
    Kind.RANK: rank,
}


def class_names(task: TaskSpec, data: "SealedDataset", fields: Mapping[str, Field]) -> tuple[str, ...]:
    """The task's labels: as the column declares them, else those of the training rows, else of the test rows."""
    name = {Kind.CLASSIFY: "target", Kind.TAG: "tags"}.get(task.kind)
    if name is None:
        return ()
    columns = task.columns(name)
    declared = data.names(columns[0]) if len(columns) == 1 else ()
    if declared:
        return declared
    found: set[str] = set()
    for row in data.rows(task.dataset.train_split or task.dataset.split):
        value = fields[name](row)
        found |= {str(one) for one in value} if isinstance(value, (list, tuple)) else {str(value)}
    return tuple(sorted(found))
