"""Charts as SVG: pure functions from data to text. Colors are classes, so that pages theme them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

WIDTH: Final = 640
LEFT: Final = 190  # for names
RIGHT: Final = 96  # for values
ROW: Final = 28
TOP: Final = 12
AXIS: Final = 34
TICKS: Final = 5
NAME: Final = 26  # characters of a name


@dataclass(frozen=True, slots=True)
class Mark:
    """One model's score on one task, with its 95 % interval."""

    name: str
    value: float
    low: float
    high: float
    text: str = ""  # the value as it is written elsewhere
    lead: bool = False


def forest(marks: Sequence[Mark], *, title: str, unit: str = "") -> str:
    """Dot and interval for each mark, top to bottom as given; a band shows what reaches the first one's interval.

    Marks without a finite value are left out. ``title`` is what a screen reader says instead of the picture.
    """
    shown = [mark for mark in marks if all(map(math.isfinite, (mark.value, mark.low, mark.high)))]
    height = TOP + ROW * len(shown) + AXIS
    scale = Scale.of([bound for mark in shown for bound in (mark.low, mark.high)])
    box = f"0 0 {WIDTH} {height}"
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" role="img" aria-label="{escape(title)}">']
    if shown:
        first = shown[0]
        left, right = scale.at(first.low), scale.at(first.high)
        parts.append(_rect("band", left, TOP, max(right - left, 1), ROW * len(shown)))
    parts += [_tick(scale, tick, TOP + ROW * len(shown)) for tick in scale.ticks()]
    if unit:
        parts.append(_text(LEFT, height - 4, unit, "ink-2", size=11))
    parts += [_row(scale, mark, TOP + ROW * place + ROW / 2) for place, mark in enumerate(shown)]
    return "".join((*parts, "</svg>"))


@dataclass(frozen=True, slots=True)
class Scale:
    """From values to places on the page."""

    least: float
    most: float
    step: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Scale":
        """Round ends that hold all ``values``."""
        least, most = (min(values), max(values)) if values else (0.0, 1.0)
        if most - least < 1e-9:  # noqa: PLR2004 one value: a scale around it
            least, most = least - 0.5, most + 0.5
        rough = (most - least) / TICKS
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
        return cls(math.floor(least / step) * step, math.ceil(most / step) * step, step)

    def at(self, value: float) -> float:
        share = (value - self.least) / (self.most - self.least)
        return LEFT + min(1.0, max(0.0, share)) * (WIDTH - LEFT - RIGHT)

    def ticks(self) -> list[float]:
        count = round((self.most - self.least) / self.step)
        return [self.least + place * self.step for place in range(count + 1)]

    def written(self, value: float) -> str:
        return f"{value:.{max(0, -math.floor(math.log10(self.step) + 1e-9))}f}"


def _row(scale: Scale, mark: Mark, middle: float) -> str:
    look = "lead" if mark.lead else "mark"
    name = mark.name if len(mark.name) <= NAME else mark.name[: NAME - 1] + "…"
    low, high, at = (f"{scale.at(number):.1f}" for number in (mark.low, mark.high, mark.value))
    y = f"{middle:.1f}"
    return (
        f"<g><title>{escape(mark.name)}</title>"
        + _text(LEFT - 12, middle + 4, name, "ink", anchor="end")
        + f'<line class="{look}" x1="{low}" x2="{high}" y1="{y}" y2="{y}" stroke-width="2" stroke-linecap="round"/>'
        + f'<circle class="{look}" cx="{at}" cy="{y}" r="4.5" stroke="none"/>'
        + _text(WIDTH - RIGHT + 12, middle + 4, mark.text or f"{mark.value:.4g}", "ink-2")
        + "</g>"
    )


def _tick(scale: Scale, value: float, bottom: float) -> str:
    x = f"{scale.at(value):.1f}"
    line = f'<line class="grid" x1="{x}" x2="{x}" y1="{TOP}" y2="{bottom:.1f}" stroke-width="1"/>'
    return line + _text(scale.at(value), bottom + 16, scale.written(value), "ink-2", anchor="middle", size=11)


def _text(x: float, y: float, text: str, look: str, *, anchor: str = "start", size: int = 12) -> str:  # noqa: PLR0913 a label's parts
    return (
        f'<text class="{look}" x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}">{escape(text)}</text>'
    )


def _rect(look: str, x: float, y: float, width: float, height: float) -> str:
    return f'<rect class="{look}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"/>'
