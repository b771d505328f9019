"""Numbers for people: sizes, counts, and scores no finer than their interval allows."""

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Final

UNITS: Final = ("B", "kB", "MB", "GB", "TB")
THOUSAND: Final = 1000
WIDTH: Final = 96.0  # of an interval strip, in its own units
MARGIN: Final = 4.0
DASH: Final = "\N{EN DASH}"


def size(octets: int | None) -> str:
    """``90.9 MB``; decimal units, as disks and networks have them."""
    if octets is None:
        return DASH
    value, unit = float(octets), 0
    while value >= THOUSAND and unit < len(UNITS) - 1:
        value, unit = value / THOUSAND, unit + 1
    return f"{value:.1f} {UNITS[unit]}" if unit else f"{octets} B"


def seconds_until(now: datetime, then: datetime) -> int:
    """Whole seconds from ``now`` to ``then``."""
    return round((then - now).total_seconds())


def count(value: int | None) -> str:
    """``22.7M``: parameters and the like, three digits at most."""
    if value is None:
        return DASH
    for limit, letter in ((10**9, "B"), (10**6, "M"), (10**3, "k")):
        if value >= limit:
            return f"{value / limit:.3g}{letter}"
    return str(value)


@dataclass(frozen=True, slots=True)
class Strip:
    """Where an interval lies on its task's own scale, in units of the little picture."""

    low: str
    value: str
    high: str


@dataclass(frozen=True, slots=True)
class Score:
    """A value as it is written. ``interval`` is empty where there is none."""

    text: str
    interval: str
    strip: Strip | None = None


def digits_of(low: float | None, high: float | None) -> int:
    """No digit finer than a tenth of the interval's half-width; between 1 and 4."""
    if low is None or high is None or not high > low:
        return 3
    return min(4, max(1, math.ceil(-math.log10((high - low) / 2 / 10))))


def score(
    value: float | None, low: float | None, high: float | None, scale: tuple[float, float] | None = None
) -> Score:
    """``0.9025`` with ``0.887-0.916``; on ``scale`` also as a strip."""
    if value is None or not math.isfinite(value):
        return Score(DASH, "")
    places = digits_of(low, high)
    if low is None or high is None:
        return Score(f"{value:.{places}f}", "")
    return Score(
        f"{value:.{places}f}",
        f"{low:.{places}f}{DASH}{high:.{places}f}",
        strip(value, low, high, scale) if scale else None,
    )


def strip(value: float, low: float, high: float, scale: tuple[float, float]) -> Strip:
    least, most = scale
    reach = (most - least) or 1.0

    def at(number: float) -> str:
        share = min(1.0, max(0.0, (number - least) / reach))
        return f"{MARGIN + share * (WIDTH - 2 * MARGIN):.1f}"

    return Strip(low=at(low), value=at(value), high=at(high))
