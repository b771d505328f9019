"""Django's own message catalogs: short texts of software in a hundred languages, translated by people.

Read with ``gettext`` from the files that the package ships; Django itself is not imported.
"""

import gettext
import importlib.util
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache, partial
from itertools import islice, zip_longest
from pathlib import Path

from landbridge_benchmarks.sources.base import Row, Source, UnknownSource, card, class_label, place_of, split_by, string

SCRIPTS = {
    "ar": "Arabic", "cs": "Latin", "de": "Latin", "el": "Greek", "es": "Latin", "fa": "Arabic", "fr": "Latin",
    "he": "Hebrew", "it": "Latin", "ja": "Japanese", "ko": "Hangul", "nl": "Latin", "pl": "Latin", "pt": "Latin",
    "ru": "Cyrillic", "sv": "Latin", "tr": "Latin", "uk": "Cyrillic", "zh-Hans": "Han", "zh-Hant": "Han",
}  # fmt: skip
LANGUAGES = tuple(SCRIPTS)
PAIRS = {
    "en-de": "de", "en-es": "es", "en-fr": "fr", "en-ja": "ja", "en-zh": "zh-Hans",
    "bitext-de": "de", "bitext-es": "es", "bitext-fr": "fr", "bitext-ja": "ja", "bitext-zh": "zh-Hans",
}  # fmt: skip
CUTS = {"validation": (0.55, 0.65), "test": (0.65, 1.0)}
SPLITS = ("train", "validation", "test")
PER_LANGUAGE = {"train": 100, "validation": 20, "test": 100}
SHORTEST = {"langid": 8, "pairs": 15}  # characters of the English message
LICENSE = "BSD-3-Clause"
BODY = """
Messages of Django and its contributed apps (BSD-3-Clause), by Django's translators, read from the installed package:
the context is stripped, plural messages and messages equal to their source are left out, placeholders are kept.
Splits are cut by the hash of the English message: no message, in whatever language, stands in two splits.
The text changes with the version of Django.
"""
LANGID = """
Which of 20 languages is it? 100 training, 20 validation and 100 test messages of each, chosen by the same hash; a text
that two languages share is left out. `message` names the English source: rows of one message depend on each other.
"""


@cache
def catalog(language: str) -> Mapping[str, str]:
    """English message to translation. Where several apps translate a message, the first by path counts."""
    found = importlib.util.find_spec("django")
    if found is None or found.origin is None:
        raise UnknownSource("bundled:django_catalogs reads the catalogs that Django ships. Install django to use it.")
    locale, pairs = language.replace("-", "_"), dict[str, str]()
    for path in sorted(Path(found.origin).parent.rglob(f"locale/{locale}/LC_MESSAGES/*.mo")):
        with path.open("rb") as file:
            messages = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]  # noqa: SLF001 no other way to list them
        for key, text in sorted((key, text) for key, text in messages.items() if isinstance(key, str)):
            message = key.rpartition("\x04")[2]
            if message and text and text != message:
                pairs.setdefault(message, text)
    return pairs


def has_letters(text: str) -> bool:
    return any(unicodedata.category(character)[0] == "L" for character in text)


@cache
def langid_rows() -> dict[str, list[Row]]:
    """The rows of each split, taking turns among the languages so that no prefix holds one language only."""
    shared = Counter(text for language in LANGUAGES for text in set(catalog(language).values()))
    splits: dict[str, list[Row]] = {}
    for split in SPLITS:
        columns = [list(islice(told_apart(language, split, shared), PER_LANGUAGE[split])) for language in LANGUAGES]
        splits[split] = [row for turn in zip_longest(*columns) for row in turn if row is not None]
    return splits


def told_apart(language: str, split: str, shared: Counter[str]) -> Iterator[Row]:
    """Texts that no other language has, in the order of their messages' hashes."""
    seen = set[str]()
    for message, text in sorted(catalog(language).items(), key=lambda pair: place_of(pair[0])):
        fits = split_by(message, CUTS) == split and len(message) >= SHORTEST["langid"] and has_letters(text)
        if fits and shared[text] == 1 and text not in seen:
            seen.add(text)
            yield {"text": text, "language": language, "script": SCRIPTS[language], "message": message}


def pair_rows(language: str, split: str) -> Iterator[Row]:
    """English messages of one line, long enough to mean something alone, and their translations."""
    for message, text in sorted(catalog(language).items(), key=lambda pair: place_of(pair[0])):
        if len(message) >= SHORTEST["pairs"] and split_by(message, CUTS) == split and "\n" not in message + text:
            yield {"source": message, "target": text}


def rows_of_langid(split: str) -> Iterator[Row]:
    yield from langid_rows()[split]


def open_langid() -> Source:
    title = "Languages of Django's messages"
    return Source(
        ref="bundled:django_catalogs",
        config="langid",
        title=title,
        license=LICENSE,
        commercial=True,
        languages=LANGUAGES,
        splits={split: partial(rows_of_langid, split) for split in SPLITS},
        features={
            "text": string(),
            "language": class_label(LANGUAGES),
            "script": string(),
            "message": string(),
        },
        label_columns=("language", "script", "message"),
        readme=card(title=title, license=LICENSE, languages=LANGUAGES, task="text-classification", body=BODY + LANGID),
    )


def open_pairs(config: str) -> Source:
    """``en-de``: the translation is the target. ``bitext-de``: both texts are shown, who belongs to whom is asked."""
    language = PAIRS[config]
    title, languages = f"Django's messages, {config}", ("en", language)
    return Source(
        ref="bundled:django_catalogs",
        config=config,
        title=title,
        license=LICENSE,
        commercial=True,
        languages=languages,
        splits={split: partial(pair_rows, language, split) for split in SPLITS},
        features={"source": string(), "target": string()},
        label_columns=() if config.startswith("bitext") else ("target",),
        readme=card(title=title, license=LICENSE, languages=languages, task="translation", body=BODY),
    )


def open_catalogs(config: str) -> Source:
    if config in ("default", "langid"):
        return open_langid()
    if config in PAIRS:
        return open_pairs(config)
    known = ", ".join(("langid", *PAIRS))
    raise UnknownSource(f"bundled:django_catalogs has no configuration {config!r}. There are: {known}.")
