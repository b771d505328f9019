"""Does a re-run give what the first run gave? Pure: two results in, a verdict per task out (execution, section 8).

Same software (lock) and device class: the predictions' digests are equal. Another device, fp32: accuracy within
max(0.1 points, 3/n) and 99.5 % of the predictions equal. bf16, fp16: inside the first's interval and 98 % equal.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

REPEATS, WITHIN, DIFFERS = "repeats", "within", "differs"
HALF: Final = frozenset({"bfloat16", "float16", "bf16", "fp16"})
EQUAL_FULL, EQUAL_HALF = 0.995, 0.98
LEAST: Final = 0.001  # a tenth of a point
ITEMS: Final = 3
DIGITS: Final = 3  # to which numbers of two machines are called equal


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """The primary score of one task."""

    value: float
    lo: float
    hi: float
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What of a result is compared: its statement's predicate, and by task the numbers and the answers."""

    predicate: Mapping[str, Any]
    numbers: Mapping[str, Number] = field(default_factory=dict)
    answers: Mapping[str, Mapping[int, Any]] = field(default_factory=dict)

    def environment(self, name: str) -> str:
        said = self.predicate.get("environment")
        return str(said.get(name) or "") if isinstance(said, dict) else ""

    def digests(self) -> dict[str, str]:
        tasks = self.predicate.get("tasks")
        found = [one for one in tasks if isinstance(one, dict)] if isinstance(tasks, list) else []
        return {str(one.get("name")): str(one.get("predictions_sha256") or "") for one in found}


def compare(first: Run, again: Run) -> dict[str, Any]:
    """The verdict over all tasks that both have a number for, and what it rests on. Decimals are strings."""
    same = all(first.environment(name) == again.environment(name) != "" for name in ("lock_sha256", "device_class"))
    half = bool({first.environment("dtype"), again.environment("dtype")} & HALF)
    tasks = [_task(name, first, again, same=same, half=half) for name in sorted({*first.numbers} & {*again.numbers})]
    verdicts = {one["verdict"] for one in tasks}
    return {
        "same_environment": same,
        "rule": "equal predictions" if same else "half precision" if half else "full precision",
        "verdict": next((one for one in (DIFFERS, WITHIN, REPEATS) if one in verdicts), DIFFERS),
        "tasks": tasks,
    }


def _task(name: str, first: Run, again: Run, *, same: bool, half: bool) -> dict[str, Any]:
    mine, other = first.numbers[name], again.numbers[name]
    digests = first.digests().get(name, ""), again.digests().get(name, "")
    equal_digest = bool(digests[0]) and digests[0] == digests[1]
    delta, share = abs(other.value - mine.value), share_equal(first.answers.get(name, {}), again.answers.get(name, {}))
    bound = bound_of(mine, half=half)
    close = delta <= bound + 1e-12 and share >= (EQUAL_HALF if half else EQUAL_FULL)
    verdict = REPEATS if equal_digest else WITHIN if close and not same else DIFFERS
    return {
        "task": name,
        "verdict": verdict,
        "first": repr(mine.value),
        "again": repr(other.value),
        "delta": f"{delta:.6g}",
        "bound": "0" if same else f"{bound:.6g}",
        "same_predictions": equal_digest,
        "equal_share": f"{share:.4f}",
        "n": other.n,
    }


def bound_of(first: Number, *, half: bool) -> float:
    """How far the second value may lie from the first."""
    inside = max(first.value - first.lo, first.hi - first.value)
    unit = first.lo >= 0.0 and first.hi <= 1.0
    return inside if half or not unit else max(LEAST, ITEMS / max(1, first.n))


def share_equal(first: Mapping[int, Any], again: Mapping[int, Any]) -> float:
    """Of all items that either answered."""
    items = {*first, *again}
    if not items:
        return 0.0
    return sum(bool(_said(first.get(item)) == _said(again.get(item))) for item in items) / len(items)


def _said(answer: Any) -> Any:  # noqa: ANN401 a prediction of any kind
    """What an answer says: of scores the place of the highest, of other numbers a few digits."""
    if isinstance(answer, list) and len(answer) > 1 and all(type(one) is float for one in answer):
        return max(range(len(answer)), key=lambda place: (answer[place], -place))
    return tuple(_rounded(answer)) if isinstance(answer, list) else answer


def _rounded(answer: list[Any]) -> Iterator[Any]:
    for one in answer:
        yield round(one, DIGITS) if isinstance(one, float) else repr(one)
