"""From answers to scores: each metric with n and its interval, each row with its sample."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it ships no types

from landbridge_evaluation.head import Head
from landbridge_evaluation.metrics import Estimate, Measure, estimate, measures_of
from landbridge_evaluation.predictions import Prediction
from landbridge_evaluation.reading import fit, predictions_of
from landbridge_evaluation.robustness import VariantScore, paired, worst
from landbridge_evaluation.variants import plain
from landbridge_evaluation.workload import Row, Workload
from landbridge_plugins import Kind

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
    variants: dict[str, VariantScore] = field(default_factory=dict)
    worst: tuple[str, Estimate] | None = None  # (metric, the mean of each row's worst variant)

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
    fitted, notes = fit(load, answers, seed)
    predictions = predictions_of(load, answers, fitted)
    measures, key = measures_of(load.task, load.labels), plain(load.task).digest()
    clusters = clusters_of(load)
    stats = {one.name: matrix(one, predictions, rows) for one in measures}
    found = {one.name: estimate(one, stats[one.name], key=key, clusters=clusters) for one in measures}
    single = [one.name for one in measures if one.per_item]
    samples = [
        sample(load, row, said, {name: float(stats[name][place][0]) for name in single})
        for place, (row, said) in enumerate(zip(rows, predictions, strict=True))
    ]
    primary = measures[[use.primary for use in load.task.metrics].index(True)]
    scored = TaskScore(
        task=load.task.name,
        n=len(rows),
        limited=load.limited,
        metrics=found,
        primary=primary.name,
        groups=grouped(load, measures, stats, key),
        samples=samples,
        faulty=sum(bool(row.fault) for row in rows),
        notes=notes,
        predictions_sha256=digest(samples),
    )
    if load.variants:
        disturb(scored, load, answers, fitted, measures, stats[primary.name])
    return scored


def clusters_of(load: Workload) -> list[str] | None:
    return [str(row.cluster) for row in load.test] if load.task.cluster_by else None


def disturb(  # noqa: PLR0913, PLR0917 the second half of ``score``
    scored: TaskScore,
    load: Workload,
    answers: Mapping[int, Any],
    fitted: Head | None,
    measures: Sequence[Measure],
    clean: Any,  # noqa: ANN401 an array: the primary metric's rows
) -> None:
    """Each variant's primary metric beside the clean one, and what each row's worst variant comes to.

    The worst is that of the primary metric, or of the first that scores rows one by one, where it does not.
    """
    primary = next(one for one in measures if one.name == scored.primary)
    single = [one for one in measures if one.per_item]
    judge = primary if primary.per_item else next(iter(single), None)
    key, clusters, judged = plain(load.task).digest(), clusters_of(load), []
    for name in load.variants:
        copy = load.disturbed(name)
        said = predictions_of(copy, answers, fitted)
        stats = {one.name: matrix(one, said, copy.test) for one in measures if one.per_item or one is primary}
        judged += [stats[judge.name]] if judge else []
        samples = [
            sample(copy, row, one, {each.name: float(stats[each.name][place][0]) for each in single}, name)
            for place, (row, one) in enumerate(zip(copy.test, said, strict=True))
        ]
        scored.variants[name] = VariantScore(
            score=estimate(primary, stats[primary.name], key=key, clusters=clusters),
            drop=paired(primary, clean, stats[primary.name], key=key, clusters=clusters),
            changed=sum(row.items != old.items for row, old in zip(copy.test, load.test, strict=True)),
            consistency=consistency(load, scored.samples, samples),
            samples=samples,
        )
    if judge is not None:
        scored.worst = judge.name, estimate(judge, worst(judge, judged), key=key, clusters=clusters)


def consistency(
    load: Workload, clean: Sequence[Mapping[str, Any]], disturbed: Sequence[Mapping[str, Any]]
) -> float | None:
    """The share of rows whose prediction stays; None where it is a number or a ranking, which hardly ever stays."""
    if load.task.kind in (Kind.EMBED, Kind.RANK):
        return None
    same = [bool(one["prediction"] == other["prediction"]) for one, other in zip(clean, disturbed, strict=True)]
    return sum(same) / len(same)


def matrix(measure: Measure, predictions: Sequence[Prediction], rows: Sequence[Row]) -> Any:  # noqa: ANN401 an array
    return np.asarray([measure.item(said, row.target) for said, row in zip(predictions, rows, strict=True)])


def grouped(
    load: Workload, measures: Sequence[Measure], stats: Mapping[str, Any], key: str
) -> dict[str, dict[str, dict[str, Estimate]]]:
    """Scores apart for each value of the task's group columns, where there are enough rows."""
    found: dict[str, dict[str, dict[str, Estimate]]] = {}
    every = clusters_of(load)
    for group in load.task.groups:
        values = [row.groups.get(group.column, "") for row in load.test]
        for value in sorted(set(values)):
            places = [place for place, one in enumerate(values) if one == value]
            if len(places) >= group.min_n:
                own = [every[place] for place in places] if every else None
                scores = {one.name: estimate(one, stats[one.name][places], key=key, clusters=own) for one in measures}
                found.setdefault(group.column, {})[value] = scores
    return found


def sample(
    load: Workload, row: Row, said: Prediction, scores: Mapping[str, float], variant: str = "clean"
) -> dict[str, Any]:
    """A line of ``samples.jsonl``."""
    items = [load.items[one] for one in row.items]
    line: dict[str, Any] = {
        "task": load.task.name,
        "index": row.index,
        "item": row.items[0],
        "variant": variant,
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
