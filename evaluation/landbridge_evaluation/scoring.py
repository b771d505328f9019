"""From answers to scores: each metric with n and its interval, each row with its sample."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it ships no types

from landbridge_evaluation.metrics import Estimate, Measure, estimate, measures_of
from landbridge_evaluation.predictions import Prediction
from landbridge_evaluation.reading import predictions_of
from landbridge_evaluation.workload import Row, Workload

SMALL_N = 30


@dataclass(slots=True, kw_only=True)
class TaskScore:
    """What one task gave."""

    task: str
    n: int
    limited: bool
    metrics: dict[str, Estimate]
    primary: str
    groups: dict[str, dict[str, dict[str, Estimate]]] = field(default_factory=dict)
    samples: list[dict[str, Any]] = field(default_factory=list)
    faulty: int = 0
    notes: dict[str, Any] = field(default_factory=dict)  # the head's C, and the like
    predictions_sha256: str = ""

    @property
    def small_n(self) -> bool:
        return self.n < SMALL_N


def score_task(load: Workload, answers: Mapping[int, Any], *, seed: int = 0) -> TaskScore:
    """Every metric of the task over its test rows. Draws of the bootstrap hang on the task's digest alone.

    On one thread: sums come out the same everywhere, and threads that wait for a busy core cost twenty times as much.
    """
    with threadpool_limits(limits=1):
        return score(load, answers, seed)


def score(load: Workload, answers: Mapping[int, Any], seed: int) -> TaskScore:
    rows = load.test
    predictions, notes = predictions_of(load, answers, seed)
    measures, key = measures_of(load.task, load.labels), load.task.digest()
    clusters = [str(row.cluster) for row in rows] if load.task.cluster_by else None
    stats = {one.name: matrix(one, predictions, rows) for one in measures}
    found = {one.name: estimate(one, stats[one.name], key=key, clusters=clusters) for one in measures}
    single = [one.name for one in measures if one.per_item]
    samples = [
        sample(load, row, said, {name: float(stats[name][place][0]) for name in single})
        for place, (row, said) in enumerate(zip(rows, predictions, strict=True))
    ]
    return TaskScore(
        task=load.task.name,
        n=len(rows),
        limited=load.limited,
        metrics=found,
        primary=measures[[use.primary for use in load.task.metrics].index(True)].name,
        groups=grouped(load, measures, stats, key),
        samples=samples,
        faulty=sum(bool(row.fault) for row in rows),
        notes=notes,
        predictions_sha256=digest(samples),
    )


def matrix(measure: Measure, predictions: Sequence[Prediction], rows: Sequence[Row]) -> Any:  # noqa: ANN401 an array
    return np.asarray([measure.item(said, row.target) for said, row in zip(predictions, rows, strict=True)])


def grouped(
    load: Workload, measures: Sequence[Measure], stats: Mapping[str, Any], key: str
) -> dict[str, dict[str, dict[str, Estimate]]]:
    """Scores apart for each value of the task's group columns, where there are enough rows."""
    found: dict[str, dict[str, dict[str, Estimate]]] = {}
    for group in load.task.groups:
        values = [row.groups.get(group.column, "") for row in load.test]
        for value in sorted(set(values)):
            places = [place for place, one in enumerate(values) if one == value]
            if len(places) >= group.min_n:
                scores = {one.name: estimate(one, stats[one.name][places], key=key) for one in measures}
                found.setdefault(group.column, {})[value] = scores
    return found


def sample(load: Workload, row: Row, said: Prediction, scores: Mapping[str, float]) -> dict[str, Any]:
    """A line of ``samples.jsonl``."""
    items = [load.items[one] for one in row.items]
    line: dict[str, Any] = {
        "task": load.task.name,
        "index": row.index,
        "item": row.items[0],
        "variant": "clean",
        **SHOWN[load.task.kind.value](said),
        "target": row.target,
        "scores": scores,
        "prompt_sha256": hashlib.sha256(json.dumps(items, ensure_ascii=False, sort_keys=True).encode()).hexdigest(),
    }
    if row.fault:
        line["fault"] = row.fault
    return line


def with_logprobs(said: Prediction) -> dict[str, Any]:
    prediction = said.chosen if said.choices else None
    return {"prediction": prediction, "logprobs": list(said.logprobs)}


SHOWN: Mapping[str, Callable[[Prediction], dict[str, Any]]] = {
    "classify": lambda said: {
        "prediction": said.label,
        "probability": max(said.probabilities.values(), default=0.0),
    },
    "loglikelihood": with_logprobs,
    "loglikelihood_rolling": with_logprobs,
    "generate": lambda said: {"prediction": said.text, "text": said.text},
    "transcribe": lambda said: {"prediction": said.text, "text": said.text},
    "tag": lambda said: {"prediction": list(said.tags)},
    "extract_span": lambda said: {"prediction": said.text, "span": list(said.span)},
    "embed": lambda said: {"prediction": said.similarity, "hits": [int(one) for one in said.hits[:10]]},
    "rank": lambda said: {"prediction": None, "hits": [int(one) for one in said.hits[:10]]},
}


def digest(samples: Sequence[Mapping[str, Any]]) -> str:
    """SHA-256 of what was predicted, row by row: equal runs have equal digests."""
    kept = ("index", "prediction", "logprobs", "hits", "span")
    rows = [[one.get(name) for name in kept] for one in samples]
    return hashlib.sha256(json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
