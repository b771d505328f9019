"""Finite answers that break arithmetic, and what a child says of itself: results stay JSON that all can read."""

import base64
import json
import struct
from typing import Any

import pytest

from landbridge_evaluation.frames import COUNTERS, FACTS, BadFrame, ShardReader, flat, parse, rule_for
from landbridge_evaluation.planning import Route
from landbridge_plugins import Kind
from tests.evaluation.conftest import lumen, run_of  # noqa: F401 fixtures
from tests.evaluation.runs import Maker
from tests.evaluation.test_run_job import PARITY, parity

ROWS = [
    [1e308, -1e308], [-1e308, 1e308], [1e308, 1e308], [5e-324, 0.0], [0.0, -0.0], [1.7e308, -1.7e308],
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_extreme_scores_give_metrics_that_are_numbers(row: list[float], run_of: Maker) -> None:  # noqa: F811 the fixture
    results = run_of(PARITY, {"test": parity(20)}, slug="lumen-hostile", rows=row).go()
    said: dict[str, Any] = results.to_json()
    json.dumps(said, allow_nan=False)
    json.dumps(list(results.samples()), allow_nan=False)
    assert results.faults or said["tasks"]["a_task"]["metrics"]["acc"]["value"] == 0.5


def answered(kind: Kind, value: object) -> Any:  # noqa: ANN401 a prediction
    reader = ShardReader(0, ["x"], rule_for(kind, Route.NATIVE, 2))
    reader.take(json.dumps({"k": "p", "i": 0, "v": value}).encode())
    return reader.values[0]


def vector(*numbers: float) -> str:
    return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 3e38, -3e38, 1.1e15])
def test_vectors_whose_squares_are_no_numbers_are_refused(number: float) -> None:
    assert answered(Kind.EMBED, vector(1.0, 1e14))
    with pytest.raises(BadFrame, match="a vector with NaN or infinity"):
        answered(Kind.EMBED, vector(1.0, number))


def test_log_probabilities_whose_sum_is_no_number_are_refused() -> None:
    assert answered(Kind.ROLLING, [-1e15, 1]) == [-1e15, 1]
    for value in (-1e308, -1.1e15, 1e-9):
        with pytest.raises(BadFrame, match="no log-probability"):
            answered(Kind.ROLLING, [value, 1])


@pytest.mark.parametrize("number", [b"1e999", b"-1e999", b"NaN", b"Infinity"])
def test_a_number_that_json_cannot_hold_is_refused_wherever_it_stands(number: bytes) -> None:
    with pytest.raises(BadFrame):
        parse(b'{"k":"r","v":{"deep":[{"a":' + number + b"}]}}")


def test_what_is_metered_stays_small_however_often_it_is_said() -> None:
    reader = ShardReader(0, [""], rule_for(Kind.CLASSIFY, Route.NATIVE, 2))
    for number in range(40):
        said = {f"c{number}_{one}": 1 for one in range(60)} | {"truncated": 1e300, "huge": 10**30, "esc\x1b": 1}
        reader.take(json.dumps({"k": "m", "n": 0, "v": said}).encode())
    assert len(reader.counters) == COUNTERS and set(reader.counters.values()) == {1}


def test_what_a_child_says_of_itself_is_flat_short_and_printable() -> None:
    said = {
        "device": "cpu\x00\x1b[2J",
        "threads": 4,
        "deterministic": True,
        "deep": {"a": [1]},
        "n": 10**30,
        "none": None,
    }
    found = flat({**said, **{f"k{one}": "x" * 9999 for one in range(99)}})
    assert len(found) <= FACTS and {key: found.get(key) for key in said} == {
        "device": "cpu\ufffd\ufffd[2J", "threads": 4, "deterministic": True, "deep": None, "n": None, "none": None,
    }  # fmt: skip
    assert max(len(one) for one in found.values() if isinstance(one, str)) == 200
    assert flat([1]) == flat(None) == {}
