"""System checks: what must hold before the platform starts."""

import os
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.urls import URLPattern, URLResolver, get_resolver

from landbridge.core.access import rules_of

GUARDED_THEMSELVES = ("allauth.",)  # a library's whole URL map, with its own tests of who may come in


def patterns(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """(address, pattern) of our own URL map."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            if getattr(entry.urlconf_module, "__name__", "").startswith(GUARDED_THEMSELVES):
                continue
            yield from patterns(entry, prefix + str(entry.pattern))
        elif isinstance(entry, URLPattern):
            yield prefix + str(entry.pattern), entry


def every_view_declares_access(**_: Any) -> list[CheckMessage]:  # noqa: ANN401 Django's signature
    """Deny by default: a view without rules stops the start."""
    return [
        Error(f"{address} declares no access.", hint="Add `access = {...}` or `@declares(...)`.", id="landbridge.E001")
        for address, pattern in patterns()
        if rules_of(pattern.callback) is None
    ]


def storage_is_where_it_is_said_to_be(**_: Any) -> list[CheckMessage]:  # noqa: ANN401 Django's signature
    """A variable that would be ignored stops the start: nobody shall believe that blobs are in S3."""
    if not settings.STORAGE_URL:
        return []
    hint = "Unset STORAGE_URL; put LANDBRIDGE_HOME on storage that is backed up."
    return [
        Error("STORAGE_URL is set, but this version keeps blobs in LANDBRIDGE_HOME.", hint=hint, id="landbridge.E003")
    ]


def the_clock_is_not_shifted(**_: Any) -> list[CheckMessage]:  # noqa: ANN401 Django's signature
    if settings.LANDBRIDGE_CLOCK_SHIFT and "PYTEST_VERSION" not in os.environ:  # noqa: TID251 only a test may
        return [Error("LANDBRIDGE_CLOCK_SHIFT is for tests only.", id="landbridge.E002")]
    return []
