"""Ranks are honest: order-free, ties share a place, what is missing never ranks."""

import math
import random
from collections.abc import Hashable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landbridge.leaderboards.ranking import WORDS, Candidate, Scale, overall, ranks, standings

VALUES = st.floats(0, 1).map(lambda value: round(value, 2))  # rounded: ties happen


@st.composite
def candidates(draw: st.DrawFn) -> list[Candidate]:
    made = []
    for number in range(draw(st.integers(0, 12))):
        value, half = draw(VALUES), draw(st.floats(0, 0.2))
        why = draw(st.sampled_from(["", "", "", *WORDS]))
        made.append(Candidate(model=number, value=value, lo=value - half, hi=value + half, why=why))
    return made


@given(rows=candidates(), seed=st.integers(0, 99), higher=st.booleans())
def test_the_order_of_rows_changes_nothing(rows: list[Candidate], seed: int, higher: bool) -> None:  # noqa: FBT001 drawn
    shuffled = random.Random(seed).sample(rows, len(rows))  # noqa: S311 a test's shuffle
    assert standings(rows, higher_is_better=higher) == standings(shuffled, higher_is_better=higher)


@given(rows=candidates(), higher=st.booleans())
def test_a_better_value_never_ranks_below_and_equal_ones_share(rows: list[Candidate], higher: bool) -> None:  # noqa: FBT001 drawn
    found = standings(rows, higher_is_better=higher)
    for one in filter(ranks, rows):
        for other in filter(ranks, rows):
            mine, theirs = found[one.model].rank, found[other.model].rank
            assert mine is not None and theirs is not None and one.value is not None and other.value is not None
            if one.value == other.value:
                assert mine == theirs
            elif (one.value > other.value) == higher:
                assert mine < theirs


@given(rows=candidates())
def test_ranks_are_competition_ranks(rows: list[Candidate]) -> None:
    found = [standing.rank for standing in standings(rows).values() if standing.rank is not None]
    for rank in found:
        assert rank == 1 + sum(other < rank for other in found)


@given(rows=candidates(), higher=st.booleans())
def test_a_ranks_interval_holds_it_and_stays_on_the_board(rows: list[Candidate], higher: bool) -> None:  # noqa: FBT001 drawn
    found = standings(rows, higher_is_better=higher)
    count = sum(ranks(row) for row in rows)
    for standing in found.values():
        if standing.rank is not None and standing.lo is not None and standing.hi is not None:
            assert 1 <= standing.lo <= standing.rank <= standing.hi <= count


@given(rows=candidates())
def test_what_is_missing_never_ranks_and_says_why(rows: list[Candidate]) -> None:
    found = standings(rows)
    assert len(found) == len(rows)
    for row in rows:
        standing = found[row.model]
        assert (standing.rank is None) == bool(row.why)
        assert standing.rank is not None or (standing.why == row.why and standing.text)


@given(rows=candidates())
def test_removing_what_does_not_rank_moves_nobody(rows: list[Candidate]) -> None:
    whole, kept = standings(rows), standings(filter(ranks, rows))
    assert all(whole[model] == standing for model, standing in kept.items())


def test_touching_intervals_leave_the_place_open() -> None:
    rows = [
        Candidate(model="a", value=0.9, lo=0.85, hi=0.95),
        Candidate(model="b", value=0.88, lo=0.83, hi=0.93),
        Candidate(model="c", value=0.5, lo=0.45, hi=0.55),
    ]
    found = standings(rows)
    assert [(found[m].rank, found[m].lo, found[m].hi) for m in "abc"] == [(1, 1, 2), (2, 1, 2), (3, 3, 3)]


@pytest.mark.parametrize(
    "row",
    [
        Candidate(model="a", lo=0.4, hi=0.6),
        Candidate(model="a", value=0.5, hi=0.6),
        Candidate(model="a", value=0.5, lo=0.4),
    ],
    ids=["no value", "no lower bound", "no upper bound"],
)
def test_a_number_without_its_interval_does_not_rank(row: Candidate) -> None:
    assert standings([row])["a"].why in {"not_finite", "no_interval"}


ByTask = Mapping[str, Mapping[Hashable, Candidate]]
SCALES = {"acc": Scale(chance=0.5, ceiling=1.0), "bits": Scale(weight=3.0, chance=8.0, ceiling=0.0)}


def test_the_overall_score_is_the_weighted_mean_of_normalized_ones() -> None:
    by_task: ByTask = {
        "acc": {"a": Candidate(model="a", value=0.75, lo=0.7, hi=0.8)},
        "bits": {"a": Candidate(model="a", value=2.0, lo=1.6, hi=2.4)},
    }
    (row,) = overall(by_task, SCALES, ["a"])
    assert row.value is not None and row.value == pytest.approx(0.25 * 0.5 + 0.75 * 0.75)
    half = math.hypot(0.25 * 0.1, 0.75 * 0.05)
    assert row.lo == pytest.approx(row.value - half) and row.hi == pytest.approx(row.value + half)


def test_fewer_bits_are_better_overall_too() -> None:
    by_task: ByTask = {
        "acc": {m: Candidate(model=m, value=0.75, lo=0.7, hi=0.8) for m in "ab"},
        "bits": {
            "a": Candidate(model="a", value=2.0, lo=1.9, hi=2.1),
            "b": Candidate(model="b", value=3.0, lo=2.9, hi=3.1),
        },
    }
    found = standings(overall(by_task, SCALES, ["a", "b"]))
    assert (found["a"].rank, found["b"].rank) == (1, 2)


def test_without_one_task_there_is_no_overall_score() -> None:
    by_task: ByTask = {"acc": {"a": Candidate(model="a", value=0.75, lo=0.7, hi=0.8)}, "bits": {}}
    (row,) = overall(by_task, SCALES, ["a"])
    assert (row.why, row.value) == ("incomplete", None) and "bits" in row.text
