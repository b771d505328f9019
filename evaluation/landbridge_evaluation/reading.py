"""By request kind: from what left the child to a ``Prediction`` per row."""

import base64
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from landbridge_evaluation import head
from landbridge_evaluation.errors import PluginFault, TaskFault
from landbridge_evaluation.metrics.choices import best
from landbridge_evaluation.planning import Route
from landbridge_evaluation.predictions import Prediction
from landbridge_evaluation.workload import Row, Workload
from landbridge_plugins import Filter, Kind, TaskSpec

Answers = Mapping[int, Any]
BLOCK = 512  # rows of a similarity matrix at once


def predictions_of(load: Workload, answers: Answers, fitted: head.Head | None = None) -> list[Prediction]:
    """One prediction per test row, in order. ``fitted`` is what ``fit`` gave for the workload."""
    if fitted is not None:
        return with_head(load, answers, fitted)
    return READ[load.task.kind](load, answers)


# The linear head.


def fit(load: Workload, answers: Answers, seed: int) -> tuple[head.Head | None, dict[str, Any]]:
    """The head, on its route, and notes for the results."""
    if load.route is not Route.HEAD:
        return None, {}
    dataset, tagging = load.task.dataset, load.task.kind is Kind.TAG
    train = [row for row in load.of_split(dataset.train_split) if not row.fault]
    validation = [row for row in load.of_split(dataset.validation_split) if not row.fault]
    if not train:
        raise TaskFault(f"{load.task.name}: no training rows for the head.", code="empty_split")
    c = load.task.adaptation.c or (1.0 if tagging else None)
    fitted = head.fit(
        pair(load, answers, train),
        pair(load, answers, validation) if validation else None,
        labels=load.labels,
        c=c,
        seed=seed,
        prepare=head.as_it_is if tagging else head.unit,
    )
    return fitted, {"head_c": fitted.c, "head_train": len(train)}


def with_head(load: Workload, answers: Answers, fitted: head.Head) -> list[Prediction]:
    shares = fitted.probabilities(features(load, answers, load.test))
    if load.task.kind is not Kind.TAG:
        return [of_shares(load.labels, row, asked) for row, asked in zip(shares, load.test, strict=True)]
    said, start = [], 0
    for row in load.test:
        count = len(load.items[row.items[0]])
        names = tuple(load.labels[place] for place in shares[start : start + count].argmax(axis=1))
        said.append(Prediction(tags=names, fault=bool(row.fault)))
        start += count
    return said


def pair(load: Workload, answers: Answers, rows: Sequence[Row]) -> tuple[Any, list[str]]:
    targets = [row.target for row in rows]
    flat = [tag for tags in targets for tag in tags] if load.task.kind is Kind.TAG else targets
    return features(load, answers, rows), flat


def features(load: Workload, answers: Answers, rows: Sequence[Row]) -> Any:  # noqa: ANN401 an array
    """A row per text, or per word."""
    tagging = load.task.kind is Kind.TAG
    parts = [vectors(answers[row.items[0]], len(load.items[row.items[0]]) if tagging else 1) for row in rows]
    if len({part.shape[1] for part in parts}) > 1:
        raise PluginFault("embed() gave vectors of several widths.", code="wrong_shape")
    return np.concatenate(parts) if parts else np.zeros((0, 1))


def vectors(value: str, rows: int) -> Any:  # noqa: ANN401 an array
    return np.frombuffer(base64.b64decode(value), dtype="<f4").reshape(rows, -1)


# Labels and their probabilities.


def softmax(scores: Any) -> Any:  # noqa: ANN401 arrays
    with np.errstate(over="ignore"):  # a distance that no float holds is minus infinity, and its share 0
        shifted = np.exp(np.asarray(scores, dtype=np.float64) - np.max(scores))
    return shifted / shifted.sum()


def of_shares(labels: Sequence[str], shares: Any, row: Row) -> Prediction:  # noqa: ANN401 an array
    place = int(np.argmax(shares))
    by_label = dict(zip(labels, shares.tolist(), strict=True))
    return Prediction(label=labels[place], chosen=place, probabilities=by_label, fault=bool(row.fault))


def classify(load: Workload, answers: Answers) -> list[Prediction]:
    return [of_shares(load.labels, softmax(answers[row.items[0]]), row) for row in load.test]


def tag(load: Workload, answers: Answers) -> list[Prediction]:
    return [
        Prediction(tags=tuple(load.labels[place] for place in answers[row.items[0]]), fault=bool(row.fault))
        for row in load.test
    ]


# Log-likelihoods.


def loglikelihood(load: Workload, answers: Answers) -> list[Prediction]:
    said = []
    for row in load.test:
        logprobs = tuple(answers[item][0] for item in row.items)
        shares = softmax(logprobs).tolist()
        choices, chosen = tuple(row.extra), best(logprobs)
        said.append(
            Prediction(
                label=choices[chosen],
                chosen=chosen,
                choices=choices,
                logprobs=logprobs,
                probabilities={str(place): one for place, one in enumerate(shares)},
                fault=bool(row.fault),
            )
        )
    return said


def rolling(load: Workload, answers: Answers) -> list[Prediction]:
    return [
        Prediction(logprobs=(answers[row.items[0]][0],), tokens=int(answers[row.items[0]][1]), text=row.extra)
        for row in load.test
    ]


# Texts.


def generate(load: Workload, answers: Answers) -> list[Prediction]:
    """Stop strings are cut here, whatever the model did about them; then the task's filters, in order."""
    return [
        Prediction(text=filtered(load.task, cut(load.task, answers[row.items[0]])), fault=bool(row.fault))
        for row in load.test
    ]


def cut(task: TaskSpec, text: str) -> str:
    places = [place for place in (text.find(stop) for stop in task.generation.stop if stop) if place >= 0]
    return text[: min(places)] if places else text


def filtered(task: TaskSpec, text: str) -> str:
    for one in task.generation.filters:
        if one.name not in FILTERS:
            raise TaskFault(f'{task.name}: no filter "{one.name}". Known: {", ".join(FILTERS)}.', code="filter")
        text = FILTERS[one.name](one, text)
    return text


def by_pattern(one: Filter, text: str) -> str:
    found = re.search(one.pattern, text)
    return (found.group(1) if found.groups() else found.group(0)) if found else ""


def last_number(_one: Filter, text: str) -> str:
    found = re.findall(r"-?\d[\d,]*(?:\.\d+)?", text)
    return found[-1].replace(",", "") if found else ""


FILTERS: Mapping[str, Callable[[Filter, str], str]] = {
    "regex": by_pattern,
    "strip": lambda _, text: text.strip(),
    "lower": lambda _, text: text.lower(),
    "first_line": lambda _, text: text.strip().partition("\n")[0],
    "last_number": last_number,
}


def transcribe(load: Workload, answers: Answers) -> list[Prediction]:
    return [Prediction(text=answers[row.items[0]]) for row in load.test]


def extract(load: Workload, answers: Answers) -> list[Prediction]:
    said = []
    for row in load.test:
        start, end = (int(one) for one in answers[row.items[0]][:2])
        if row.alignment is not None and start >= 0:
            start, end = back(row.alignment, start, end)
        text = row.extra[start:end] if start >= 0 else ""
        said.append(Prediction(span=(start, end), text=text, fault=bool(row.fault)))
    return said


def back(alignment: Sequence[int], start: int, end: int) -> tuple[int, int]:
    """A span of a disturbed text as one of the clean text: what was changed inside of it counts as found."""
    first = max(bisect_right(alignment, start) - 1, 0)
    return first, max(first, min(bisect_left(alignment, end), len(alignment) - 1))


# Vectors and ranks.


def embed(load: Workload, answers: Answers) -> list[Prediction]:
    rows = load.test
    width = {len(value) for value in answers.values()}
    if len(width) > 1:
        raise PluginFault("embed() gave vectors of several widths.", code="wrong_shape")
    left = head.unit(np.concatenate([vectors(answers[row.items[0]], 1) for row in rows]))
    right = head.unit(np.concatenate([vectors(answers[row.items[1]], 1) for row in rows]))
    if rows[0].extra == "pair":
        return [Prediction(similarity=float(one)) for one in (left * right).sum(axis=1)]
    keys = [row.target for row in rows] if rows[0].extra == "relevance" else [str(row.items[1]) for row in rows]
    return retrieved(left, right, [row.items[1] for row in rows], keys)


def retrieved(queries: Any, passages: Any, places: Sequence[int], keys: Sequence[str]) -> list[Prediction]:  # noqa: ANN401 arrays
    """Each query against every distinct passage; relevant are those of its key. Ties go to the earlier passage."""
    first = {place: row for row, place in reversed(list(enumerate(places)))}
    corpus = sorted(first.values())
    of_key = np.asarray([keys[row] for row in corpus])
    known = passages[corpus]
    said = []
    for start in range(0, len(queries), BLOCK):
        scores = queries[start : start + BLOCK] @ known.T
        for number, row in enumerate(scores):
            order = np.argsort(-row, kind="stable")
            hits = of_key[order] == keys[start + number]
            said.append(
                Prediction(hits=tuple(hits[:100].tolist()), relevant=int(hits.sum()), similarity=float(row.max()))
            )
    return said


def rank(load: Workload, answers: Answers) -> list[Prediction]:
    said = []
    for row in load.test:
        scores, candidates = answers[row.items[0]], row.extra
        order = sorted(range(len(candidates)), key=lambda place: (-scores[place], str(candidates[place])))
        hits = [candidates[place] in row.target for place in order]
        said.append(Prediction(hits=tuple(hits[:100]), relevant=sum(hits), fault=bool(row.fault)))
    return said


READ: Mapping[Kind, Callable[[Workload, Answers], list[Prediction]]] = {
    Kind.CLASSIFY: classify,
    Kind.TAG: tag,
    Kind.LOGLIKELIHOOD: loglikelihood,
    Kind.ROLLING: rolling,
    Kind.GENERATE: generate,
    Kind.TRANSCRIBE: transcribe,
    Kind.EXTRACT_SPAN: extract,
    Kind.EMBED: embed,
    Kind.RANK: rank,
}
