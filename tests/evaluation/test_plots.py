"""Charts are pure: the same data gives the same text, every mark is there, nothing needs a style."""

import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landbridge_evaluation.plots import Mark, Scale, forest


def marks(count: int) -> list[Mark]:
    return [Mark(f"lab/model-{place}", place / 300, place / 300 - 0.01, place / 300 + 0.02) for place in range(count)]


@pytest.mark.parametrize("count", [0, 1, 2, 200])
def test_every_mark_has_its_dot_its_interval_and_its_name(count: int) -> None:
    svg = forest(marks(count), title="Who leads")
    root = ET.fromstring(svg)  # noqa: S314 our own text
    assert root.get("role") == "img" and root.get("aria-label") == "Who leads"
    assert len(re.findall("<circle", svg)) == count
    assert {title.text for title in root.iter("{http://www.w3.org/2000/svg}title")} == {
        mark.name for mark in marks(count)
    }


def test_nothing_has_a_style_and_names_are_escaped() -> None:
    svg = forest([Mark('<script>"&', 0.5, 0.4, 0.6)], title='"><script>')
    assert "style=" not in svg and "<script>" not in svg
    ET.fromstring(svg)  # noqa: S314 our own text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_left_out(value: float) -> None:
    svg = forest([Mark("a", value, 0.1, 0.2), Mark("b", 0.5, 0.4, 0.6)], title="t")
    assert svg.count("<circle") == 1 and "nan" not in svg and "inf" not in svg


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20))
def test_a_scale_holds_all_its_values_with_few_round_ticks(values: list[float]) -> None:
    scale = Scale.of(values)
    slack = scale.step * 1e-6
    assert scale.least <= min(values) + slack and max(values) - slack <= scale.most
    assert 2 <= len(scale.ticks()) <= 8


def test_the_same_data_gives_the_same_text() -> None:
    assert forest(marks(20), title="t") == forest(marks(20), title="t")
