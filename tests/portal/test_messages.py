"""Both languages are complete, and no sentence escaped its marking."""

import re
from pathlib import Path

import pytest

from landbridge.portal import messages

TEMPLATES = messages.HERE / "templates"
PAGES = sorted(TEMPLATES.rglob("*.html"))
BILINGUAL = {"400.html", "403_csrf.html", "500.html"}  # rendered without a language: they hold both
TAG = re.compile(r"{%.*?%}|{{.*?}}|{#.*?#}", re.DOTALL)
MARKED = re.compile(r"{%\s*blocktrans(?:late)?\b.*?{%\s*endblocktrans(?:late)?\s*%}", re.DOTALL)
WIDTH = re.compile(r"{% block width %}.*?{% endblock %}")  # names a class
CODE = re.compile(r"<(code|c-code|script|style)\b.*?</\1>", re.DOTALL)
SPOKEN = re.compile(r"""\b(?:title|alt|placeholder|aria-label|label)="([^"]*)\"""")
NAMES = {"Landbridge", "English", "SHA-256", "CSV", "JSON", "UTC"}
WORD = re.compile(r"[A-Za-z]{3,}(?:-\d+)?")
PLACE = re.compile(r"%\(\w+\)[sd]")


def test_every_string_has_its_chinese_and_the_compiled_file_is_its_source() -> None:
    state = messages.state()
    assert (state.missing, state.fuzzy, state.unused) == ((), (), ()), "Run `manage.py messages` and translate."
    assert not state.stale, "Run `manage.py messages`."


def test_chinese_keeps_every_placeholder_and_uses_full_width_punctuation() -> None:
    for message in messages.known():
        if not message.id:
            continue
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        for text in map(str, texts):
            assert set(PLACE.findall(text)) == set(PLACE.findall(str(ids[-1]))), text
            assert not re.search(r"[\u4e00-\u9fff][,;:!?](\s|$)", text), f"half-width punctuation: {text}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(TEMPLATES)))
def test_no_sentence_in_a_template_is_left_unmarked(page: Path) -> None:
    if page.name in BILINGUAL:
        return
    source = CODE.sub(" ", WIDTH.sub(" ", MARKED.sub(" ", page.read_text())))
    spoken = " ".join(SPOKEN.findall(TAG.sub(" ", source)))
    visible = re.sub(r"<[^>]*>", " ", TAG.sub(" ", re.sub(r"<!--.*?-->", " ", source, flags=re.DOTALL)))
    words = {word for word in WORD.findall(f"{visible} {spoken}") if word not in NAMES}
    assert not words, f"mark these for translation: {sorted(words)}"
