"""What a results file must look like before anything is read from it. Whatever else is sent is ``BadResult``."""

import json
import math
import re
from collections.abc import Mapping
from typing import Any, Final

from landbridge.evaluations.errors import BadResult

NAME: Final = 60  # characters of a metric's name, as the column
MOST: Final = 2**31 - 1  # items: what a column holds
NUL: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
FLAGS: Final = ("limited", "unpinned")


def check_storable(value: object, what: str) -> None:
    """Finite numbers, and text without NUL and without halves of characters: databases keep nothing else."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        text.encode()
    except (ValueError, RecursionError) as error:
        raise BadResult(f"The {what} cannot be kept: {error}", what=what) from error
    if NUL.search(text):
        raise BadResult(f"The {what} cannot be kept: a text in it holds NUL.", what=what)


def check_task(name: str, found: object) -> Mapping[str, Any]:
    """The part of one task, as it was sent."""
    task = an_object(found, f"results of {name}")
    dataset, fault = (an_object(task.get(key), f"{key} of {name}", absent=True) for key in ("dataset", "fault"))
    for holder in (task, dataset):
        for flag in FLAGS:
            _require(type(holder.get(flag)) in (bool, type(None)), f"{flag} of {name}", "true or false")
    check_count(task.get("n"), f"n of {name}", absent=bool(fault))
    for metric, said in an_object(task.get("metrics"), f"metrics of {name}", absent=True).items():
        _require(0 < len(metric) <= NAME, f"metrics of {name}", f"named by 1 to {NAME} characters")
        _check_metric(an_object(said, f"{metric} of {name}"), f"{metric} of {name}", int(task.get("n") or 0))
    return task


def check_count(value: object, what: str, *, most: int = MOST, absent: bool = False) -> None:
    if absent and value is None:
        return
    _require(type(value) is int and 0 <= value <= most, what, f"a whole number from 0 to {most}")


def an_object(value: object, what: str, *, absent: bool = False) -> Mapping[str, Any]:
    if absent and value is None:
        return {}
    if not isinstance(value, dict):
        raise BadResult(f"{what}: this must be an object.", what=what)
    return value


def finite(value: object) -> bool:
    """True for a number that a float can hold."""
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:
        return False


def _check_metric(metric: Mapping[str, Any], what: str, items: int) -> None:
    value, interval = metric.get("value"), metric.get("ci95")
    check_count(metric.get("n"), what, most=items, absent=True)
    _require(isinstance(metric.get("method"), str | None), what, "made by a method that is named by a text")
    _require(value is None or finite(value), what, "a number")
    _require(interval is None or (isinstance(interval, list) and len(interval) == len(("lo", "hi"))), what, "in a pair")
    bounds = interval or [None, None]
    _require(all(bound is None or finite(bound) for bound in bounds), what, "in an interval of numbers")
    if value is not None and None not in bounds:
        _require(bounds[0] <= value <= bounds[1], what, "in its own interval")


def _require(holds: object, what: str, must: str) -> None:
    if not holds:
        raise BadResult(f"{what}: this must be {must}.", what=what)
