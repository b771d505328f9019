"""What the hand-written pages tell people to type exists."""

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from landbridge_client.docs import render

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
MANAGE = re.compile(r"manage\.py ([a-z_]+)")
COMMAND = re.compile(r"^(?:\s*)landbridge ((?:[a-z]+ ?){1,2})", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_management_command_exists(page: Path) -> None:
    for name in MANAGE.findall(page.read_text()):
        assert name in get_commands(), f"{page.name}: manage.py {name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_command_of_the_client_exists(page: Path) -> None:
    known = render()
    for found in COMMAND.findall(page.read_text()):
        words = found.split()
        assert f"landbridge {words[0]}" in known, f"{page.name}: landbridge {found}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_link_leads_to_a_file(page: Path) -> None:
    for target in LINK.findall(page.read_text()):
        assert (page.parent / target).exists(), f"{page.name}: {target}"
