"""Rows of datasets that need no download: what our dependencies carry, and folders on this computer."""

from collections.abc import Callable

from landbridge_benchmarks.sources.base import Row, Source, UnknownSource
from landbridge_benchmarks.sources.catalogs import open_catalogs
from landbridge_benchmarks.sources.digits import open_digits
from landbridge_benchmarks.sources.local import open_local
from landbridge_benchmarks.sources.topics import open_topics

__all__ = ["BUNDLED", "Row", "Source", "UnknownSource", "at_hand", "open_source"]

BUNDLED: dict[str, Callable[[str], Source]] = {
    "digits": open_digits,
    "django_catalogs": open_catalogs,
    "pydoc_topics": open_topics,
}


def open_source(ref: str, config: str | None = None) -> Source:
    """The dataset behind ``bundled:NAME`` or ``local:NAME``. Raises ``UnknownSource`` with the names there are."""
    scheme, _, name = ref.partition(":")
    if scheme == "local":
        return open_local(name, config or "default")
    if scheme == "bundled" and name in BUNDLED:
        return BUNDLED[name](config or "default")
    known = ", ".join(f"bundled:{each}" for each in BUNDLED)
    raise UnknownSource(f"No dataset {ref!r} is at hand. There are {known}, and local:NAME under LANDBRIDGE_DATA.")


def at_hand(ref: str) -> bool:
    """Whether the rows of ``ref`` can be read here and now: bundled, or a folder that ``LANDBRIDGE_DATA`` holds."""
    try:
        open_source(ref)
    except UnknownSource:
        return False
    return True
