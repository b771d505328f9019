"""The message catalog without gettext's binaries: Babel reads code and templates, updates the .po and compiles the .mo.

Templates go through Django's own ``templatize``, as ``makemessages`` does it.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

HERE: Final = Path(__file__).resolve().parent
PLATFORM: Final = HERE.parent  # the whole platform speaks by this one catalog
LOCALE: Final = HERE / "locale" / "zh_Hans" / "LC_MESSAGES"
PO, MO = LOCALE / "django.po", LOCALE / "django.mo"
EPOCH: Final = datetime(2026, 1, 1, tzinfo=UTC)  # no clock in the files: the same words give the same bytes
KEYWORDS: Final[dict[str, Any]] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}


@dataclass(frozen=True, slots=True)
class State:
    """What is wrong with the catalog; all empty when it is complete."""

    missing: tuple[str, ...]  # in the code, without a translation
    fuzzy: tuple[str, ...]
    unused: tuple[str, ...]  # translated, no longer in the code
    stale: bool  # the .mo is not what the .po compiles to

    @property
    def complete(self) -> bool:
        return not (self.missing or self.fuzzy or self.unused or self.stale)


def found() -> Catalog:
    """Every marked string of the platform, as an empty catalog."""
    template = Catalog(project="Landbridge", version="1", creation_date=EPOCH, revision_date=EPOCH)
    for text, context in sorted(_marked(), key=repr):
        template.add(text, context=context)
    return template


def known() -> Catalog:
    with PO.open("rb") as file:
        return read_po(file, locale="zh_Hans")


def update() -> Catalog:
    """The .po brought up to date with the code. New strings come without a translation; unused ones go."""
    catalog = known() if PO.exists() else Catalog(locale="zh_Hans", project="Landbridge", version="1")
    catalog.update(found(), no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    catalog.creation_date = catalog.revision_date = EPOCH
    catalog.fuzzy = False
    PO.write_bytes(written(catalog))
    MO.write_bytes(compiled(catalog))
    return catalog


def state() -> State:
    catalog, template = known(), found()
    wanted = {(message.id, message.context) for message in template if message.id}
    held = {(message.id, message.context): message for message in catalog if message.id}
    return State(
        missing=tuple(str(key[0]) for key in sorted(wanted, key=repr) if key not in held or not _full(held[key])),
        fuzzy=tuple(str(message.id) for message in held.values() if message.fuzzy),
        unused=tuple(str(key[0]) for key in held if key not in wanted),
        stale=not MO.exists() or MO.read_bytes() != compiled(catalog),
    )


def written(catalog: Catalog) -> bytes:
    buffer = io.BytesIO()
    write_po(buffer, catalog, width=120, no_location=True, sort_output=True, ignore_obsolete=True)
    return buffer.getvalue()


def compiled(catalog: Catalog) -> bytes:
    buffer = io.BytesIO()
    write_mo(buffer, catalog)
    return buffer.getvalue()


def _full(message: Any) -> bool:  # noqa: ANN401 babel's message
    texts = message.string if isinstance(message.string, (tuple, list)) else (message.string,)
    return all(texts) and not message.fuzzy


def _marked() -> set[tuple[Any, str | None]]:
    marked = set()
    for source in _sources():
        for _line, text, _comments, context in extract("python", io.BytesIO(source), keywords=KEYWORDS):
            if text and text != ("", ""):
                marked.add((tuple(text) if isinstance(text, (tuple, list)) else text, context))
    plural = {text[0] for text, _ in marked if isinstance(text, tuple)}
    return {(text, context) for text, context in marked if text not in plural}


def _sources() -> Iterator[bytes]:
    for path in sorted(PLATFORM.rglob("*.py")):
        if "migrations" not in path.parts:
            yield path.read_bytes()
    for path in sorted(PLATFORM.rglob("templates/**/*")):
        if path.suffix in {".html", ".txt", ".svg"}:
            yield _as_python(path.read_text())


def _as_python(template: str) -> bytes:
    """``templatize`` keeps the template's indentation, which is none in Python: one statement a line."""
    lines = (line.strip() for line in str(templatize(template)).splitlines())
    return "\n".join(lines).encode()
