"""The text of an agreement: a versioned clause template and data. What a party wrote enters as text, never markup."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

import nh3
from django.conf import settings
from markdown_it import MarkdownIt

from landbridge_client.formats.canonical import canonical_json

LANGUAGES: Final = ("en", "zh-hans")  # the first prevails
CURRENT: Final[Mapping[str, str]] = {"EVAL": "1"}
MARK: Final = "template default, needs counsel"
WATERMARK: Final = "**DEMONSTRATION - not binding**\n\n"
PLACE = re.compile(r"\{\{ (\w+) \}\}")
CLAUSE = re.compile(r"<!-- clause: (\w+)/(\w+) -->\n")
MARKUP = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>&~])")


@dataclass(frozen=True, slots=True)
class Template:
    """One version of one type's text in every language. Its digest covers all of them."""

    type: str
    version: str
    texts: Mapping[str, str]
    sha256: str

    @property
    def clauses(self) -> dict[str, str]:
        """Clause → version, as the prevailing language lists them."""
        return dict(CLAUSE.findall(self.texts[LANGUAGES[0]]))


def sha256_of(value: object) -> str:
    return hashlib.sha256(canonical_json(value)).hexdigest()


def digest_of_text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def template(kind: str, version: str) -> Template:
    """The template as it lies in the program. A version never changes once it was published: write a new one."""
    folder = files("landbridge.agreements").joinpath("clauses", kind, version)
    texts = {language: folder.joinpath(f"{language}.md").read_text("utf-8") for language in LANGUAGES}
    return Template(
        kind, version, texts, sha256_of({language: digest_of_text(text) for language, text in texts.items()})
    )


def render(kind: str, version: str, values: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """The text in every language; ``values`` are plain words per language, or lists made by ``bullets``."""
    chosen = template(kind, version)
    mark = WATERMARK if settings.LANDBRIDGE_DEMO else ""
    return {language: mark + _filled(text, values[language]) for language, text in chosen.texts.items()}


def _filled(text: str, values: Mapping[str, str]) -> str:
    """Every place filled. A place without a value is a bug of ours, so ``KeyError`` stops it here."""
    return PLACE.sub(lambda place: values[place.group(1)], CLAUSE.sub("", text))


def plain(text: str) -> str:
    """Words from outside, on one line and without any meaning as markup."""
    return MARKUP.sub(r"\\\1", " ".join(text.split()))


def terms_digest(terms: Mapping[str, Any], texts: Mapping[str, str]) -> str:
    """What is signed: the terms as data and the text in every language."""
    return sha256_of({"terms": dict(terms), "texts": {name: digest_of_text(text) for name, text in texts.items()}})


def html(text: str) -> str:
    """A text as HTML that is safe to show: no raw markup is let through, and the result is cleaned once more."""
    return nh3.clean(MarkdownIt("commonmark", {"html": False}).enable("table").render(text))
