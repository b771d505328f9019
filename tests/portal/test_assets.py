"""What a page costs and what it may contain: no framework, no inline code, nothing from elsewhere."""

import gzip
import re
from pathlib import Path

import pytest

from landbridge.portal.messages import HERE

STATIC, TEMPLATES = HERE / "static" / "portal", HERE / "templates"
SOURCES = [*sorted(TEMPLATES.rglob("*.html")), *sorted(STATIC.glob("*.js")), *sorted(STATIC.glob("*.svg"))]
INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")|<style\b|\sstyle\s*=|\son\w+\s*=\s*[\"']|javascript:"
)
ELSEWHERE = re.compile(r"(?:src|href|action|url\()\s*=?\s*[\"']?(?:https?:)?//")


def weight(*paths: Path) -> int:
    return len(gzip.compress(b"".join(path.read_bytes() for path in paths), 9))


def test_the_style_sheets_stay_small() -> None:
    assert weight(*sorted(STATIC.glob("*.css"))) <= 15_000


def test_the_scripts_and_icons_stay_small() -> None:
    assert weight(*sorted(STATIC.glob("*.js"))) <= 60_000
    assert weight(STATIC / "icons.svg") <= 8_000


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(HERE)))
def test_nothing_needs_more_than_the_policy_allows(source: Path) -> None:
    text = source.read_text()
    assert not INLINE.findall(text), "strict CSP: no inline script, style or handler"
    assert not ELSEWHERE.findall(text), "no request leaves this site"


def test_every_icon_that_a_page_names_is_in_the_sprite() -> None:
    there = set(re.findall(r'id="([\w-]+)"', (STATIC / "icons.svg").read_text()))
    named = {
        name
        for path in TEMPLATES.rglob("*.html")
        for name in re.findall(r'(?:c-icon name|icon)="([a-z][\w-]*)"', path.read_text())
    }
    assert named <= there, named - there


def test_fonts_and_icons_come_with_their_licenses() -> None:
    assert "SIL Open Font License" in (STATIC / "fonts" / "OFL.txt").read_text()
    assert "ISC" in (STATIC / "LICENSE-lucide.txt").read_text()
