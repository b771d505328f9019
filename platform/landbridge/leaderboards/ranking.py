"""Who stands where. Pure: scores in, standings out; the order of rows never matters."""

from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

SMALL, LIMITED, UNPINNED, SELF_RUN = "small_n", "limited", "unpinned", "self_run"
INCOMPLETE: Final = "incomplete"
PRIVATE: Final = "private"
WORDS: Final[Mapping[str, str]] = {
    "small_n": "Fewer than 30 items: shown, never ranked.",
    "limited": "Only part of the test rows was run.",
    "unpinned": "The data is not pinned by a digest.",
    "self_run": "Run on the lab's own machine; boards rank independent runs only.",
    "private": "The model is private: its own organization sees this row, and it takes no place.",
    "self_reported": "The model's own claim cannot be checked from outside.",
    "superseded": "Measured on an earlier version of the task or its data; run it again.",
    "incomplete": "A task of the board is missing, so there is no overall score.",
    "failed": "The task failed.",
    "not_finite": "The metric gave no finite number.",
    "no_interval": "The metric gave no 95 % interval.",
    "skipped": "The model cannot do this task.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One model's number on one task, or why there is none. ``why`` is set where it must not rank."""

    model: Hashable
    value: float | None = None
    lo: float | None = None
    hi: float | None = None
    why: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where it stands. ``lo`` and ``hi`` are the best and worst place that the intervals allow."""

    rank: int | None = None
    lo: int | None = None
    hi: int | None = None
    why: str = ""
    text: str = ""


def standings(candidates: Iterable[Candidate], *, higher_is_better: bool = True) -> dict[Hashable, Standing]:
    """Competition ranks: 1 + how many are strictly better, so equal values share a rank. What has a ``why`` has none.

    The rank interval counts models whose 95 % interval lies wholly on one side of this one's; it holds the rank.
    """
    rows = list(candidates)
    ranked = [_turned(row) if not higher_is_better else row for row in rows if ranks(row)]
    made: dict[Hashable, Standing] = {}
    for row in ranked:
        value, lo, hi = _numbers(row)
        better = sum(_numbers(other)[0] > value for other in ranked)
        surely_better = sum(_numbers(other)[1] > hi for other in ranked)
        surely_worse = sum(_numbers(other)[2] < lo for other in ranked)
        made[row.model] = Standing(rank=better + 1, lo=surely_better + 1, hi=len(ranked) - surely_worse)
    for row in rows:
        if not ranks(row):
            why = row.why or ("not_finite" if row.value is None else "no_interval")
            made[row.model] = Standing(why=why, text=row.text or WORDS.get(why, ""))
    return made


def ranks(row: Candidate) -> bool:
    return not row.why and row.value is not None and row.lo is not None and row.hi is not None


def _turned(row: Candidate) -> Candidate:
    """With the sign changed, so that higher is better."""
    value, lo, hi = _numbers(row)
    return replace(row, value=-value, lo=-hi, hi=-lo)


def _numbers(row: Candidate) -> tuple[float, float, float]:
    if row.value is None or row.lo is None or row.hi is None:
        raise ValueError("Only complete rows rank.")
    return row.value, row.lo, row.hi


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A task's weight, and the values that mean 0 and 1: chance and ceiling (whichever of them is the larger)."""

    weight: float = 1.0
    chance: float | None = None
    ceiling: float | None = None

    def normalized(self, value: float) -> float:
        low = self.chance if self.chance is not None else 0.0
        high = self.ceiling if self.ceiling is not None else 1.0
        return (value - low) / (high - low) if high != low else value


def overall(
    by_task: Mapping[str, Mapping[Hashable, Candidate]], scales: Mapping[str, Scale], models: Collection[Hashable]
) -> list[Candidate]:
    """The weighted mean of normalized scores of each model that has them all; the others say what is missing.

    Its interval adds the half-widths of independent tasks in quadrature, on each side by itself.
    """
    return [_mean(model, by_task, scales) for model in models]


def _mean(
    model: Hashable, by_task: Mapping[str, Mapping[Hashable, Candidate]], scales: Mapping[str, Scale]
) -> Candidate:
    rows = {task: by_task.get(task, {}).get(model) for task in scales}
    lacking = sorted(task for task, row in rows.items() if row is None or not ranks(row))
    if lacking or not scales:
        text = f"No ranked score on {', '.join(lacking)}." if lacking else WORDS[INCOMPLETE]
        return Candidate(model=model, why=INCOMPLETE, text=text[:500])
    total = sum(scale.weight for scale in scales.values()) or 1.0
    value = below = above = 0.0
    for task, scale in scales.items():
        row = rows[task]
        if row is None:
            continue
        middle, one, other = (scale.normalized(number) for number in _numbers(row))
        share = scale.weight / total
        value += share * middle
        below += (share * (middle - min(one, other))) ** 2
        above += (share * (max(one, other) - middle)) ** 2
    return Candidate(model=model, value=value, lo=value - below**0.5, hi=value + above**0.5)
