"""Numbers for people: no digit finer than a tenth of the interval's half-width, ties shared, what is missing said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landbridge.evaluations.models import TaskRecord
from landbridge.leaderboards.models import Entry
from landbridge.portal import numbers
from landbridge.portal.shown import boards
from landbridge.portal.shown.jobs import plain_log
from landbridge_registry.models import Namespace, Repo


@pytest.mark.parametrize(
    ("octets", "said"), [(None, "\N{EN DASH}"), (0, "0 B"), (999, "999 B"), (90_868_376, "90.9 MB"), (2**40, "1.1 TB")]
)
def test_sizes_are_decimal(octets: int | None, said: str) -> None:
    assert numbers.size(octets) == said


@pytest.mark.parametrize(
    ("value", "said"), [(None, "\N{EN DASH}"), (0, "0"), (22_713_216, "22.7M"), (7_000_000_000, "7B")]
)
def test_counts_have_three_digits(value: int | None, said: str) -> None:
    assert numbers.count(value) == said


@given(st.floats(0, 1), st.floats(1e-4, 0.3))
def test_no_digit_is_finer_than_a_tenth_of_the_half_width(value: float, half: float) -> None:
    places = numbers.digits_of(value - half, value + half)
    assert 1 <= places <= 4
    assert places in {1, 4} or half / 100 < 10**-places <= half / 10 * 1.0001


@pytest.mark.parametrize("value", [None, float("nan"), float("inf")])
def test_what_is_no_number_is_never_written_as_one(value: float | None) -> None:
    assert numbers.score(value, None, None).text == "\N{EN DASH}"


@given(st.floats(-10, 10), st.floats(0, 5), st.floats(0, 5))
def test_a_strip_stays_in_its_picture_and_in_order(value: float, below: float, above: float) -> None:
    strip = numbers.strip(value, value - below, value + above, (-20.0, 20.0))
    low, middle, high = (float(one) for one in (strip.low, strip.value, strip.high))
    assert 0 <= low <= middle <= high <= numbers.WIDTH


def entry(model: Repo, task: TaskRecord, **columns: object) -> Entry:
    return Entry(model=model, task=task, result_id="r", metric="acc", **columns)


def test_ties_share_a_rank_and_what_is_missing_comes_last() -> None:
    space = Namespace(name="lumen")
    models = [Repo(namespace=space, name=name) for name in ("a", "b", "c")]
    task = TaskRecord(name="t", metric="acc", higher_is_better=True, spec={"title": "T"})
    scored = {"value": 0.5, "lo": 0.4, "hi": 0.6, "n": 90, "rank": 1, "rank_lo": 1, "rank_hi": 2}
    missing = {"missing_reason": "skipped", "missing_text": "needs an image"}
    entries = [entry(models[2], task, **missing), entry(models[1], task, **scored), entry(models[0], task, **scored)]
    columns = boards.columns([task], entries)
    rows = boards.rows(entries, columns)
    assert [row.model.name for row in rows] == ["a", "b", "c"]
    assert [row.cells[0].rank for row in rows] == ["1-2", "1-2", ""]
    assert [row.cells[0].tied for row in rows] == [1, 1, 0]
    assert str(rows[2].cells[0].short) == "not applicable" and rows[2].cells[0].score is None


def test_a_log_shows_what_a_terminal_would_leave() -> None:
    assert plain_log("fetching\n 10 %\r 50 %\r100 %\n\x1b[31mred\x1b[0m\r\ndone") == "fetching\n100 %\nred\ndone"
