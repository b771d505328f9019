"""The colors are those of the design, and their contrasts are what accessibility asks for."""

import re
from itertools import product

import pytest

from landbridge.portal.messages import HERE

CSS = HERE / "static" / "portal"
TOKEN = re.compile(r"--([\w-]+): light-dark\((#[0-9A-F]{6}), (#[0-9A-F]{6})\);")
COLORS = {name: (light, dark) for name, light, dark in TOKEN.findall((CSS / "tokens.css").read_text())}
DESIGN = {
    "paper": ("#FAFAF7", "#0D1215"), "surface": ("#FFFFFF", "#12171C"), "sunken": ("#F1F3EF", "#0A0E11"),
    "ink": ("#16202A", "#E8ECEA"), "ink-2": ("#4A5763", "#A9B4BA"),
    "line": ("#D8DDD8", "#2A333A"), "line-strong": ("#7C8790", "#71808A"),
    "accent": ("#0B6B5B", "#5CCDB6"), "accent-soft": ("#E3F1ED", "#16302C"), "focus": ("#1B66D2", "#8AB8FF"),
    "good": ("#1B6E3C", "#6FD08F"), "warn": ("#855400", "#E8B84A"), "bad": ("#B3261E", "#FF8A80"),
    "info": ("#1D5FA8", "#8CC2FF"),
    "series-1": ("#358FEE", "#397BDC"), "series-2": ("#632E04", "#CA5227"), "series-3": ("#025E4D", "#74E9BD"),
    "series-4": ("#C664A0", "#A76284"), "series-5": ("#A78D0E", "#FACC53"), "series-6": ("#39245B", "#C5C1FD"),
}  # fmt: skip
GROUNDS = ("paper", "surface", "sunken")
TEXTS = ("ink", "ink-2", "accent", "good", "warn", "bad", "info")
MARKS = ("line-strong", "focus", *(f"series-{number}" for number in range(1, 7)))
THEMES = ("light", "dark")


def luminance(color: str) -> float:
    channels = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_tokens_are_those_of_the_design() -> None:
    assert COLORS == DESIGN


@pytest.mark.parametrize(("text", "ground", "theme"), [*product(TEXTS, (*GROUNDS, "accent-soft"), THEMES)])
def test_text_reads_on_every_ground(text: str, ground: str, theme: str) -> None:
    which = THEMES.index(theme)
    assert contrast(COLORS[text][which], COLORS[ground][which]) >= 4.5


@pytest.mark.parametrize(("mark", "theme"), [*product(MARKS, THEMES)])
def test_controls_and_marks_stand_out_from_the_surface(mark: str, theme: str) -> None:
    which = THEMES.index(theme)
    assert contrast(COLORS[mark][which], COLORS["surface"][which]) >= 3


@pytest.mark.parametrize("theme", THEMES)
def test_the_label_of_a_primary_button_reads(theme: str) -> None:
    which = THEMES.index(theme)
    assert contrast(COLORS["surface"][which], COLORS["accent"][which]) >= 4.5


def test_colors_stand_in_the_tokens_only() -> None:
    for sheet in sorted(CSS.glob("*.css")):
        if sheet.name != "tokens.css":
            found = re.findall(r"#[0-9A-Fa-f]{3,8}\b", re.sub(r"url\(.*?\)", "", sheet.read_text()))
            assert set(found) <= {"#fff"}, f"{sheet.name}: {found}"  # paper in print, and under QR codes
