"""The part of an address that Django has already decoded, taken from the raw line of the request.

A revision and a sub-path of a tree arrive as one quoted segment each (``refs%2Fpr%2F1``, ``tree/main/sub%2Fdir``),
which WSGI's PATH_INFO no longer shows. gunicorn gives the raw line as RAW_URI; without it the longest ref wins.
"""

from urllib.parse import unquote_to_bytes, urlsplit

from django.http import HttpRequest

from landbridge.hub.errors import HubError
from landbridge_registry import queries
from landbridge_registry.models import Repo


def rest_of(request: HttpRequest, repo: Repo, decoded: str) -> tuple[str, str]:
    """``(revision, path)`` from ``decoded``, the rest of the address as Django's URL map saw it."""
    raw = request.META.get("RAW_URI")
    if raw is None:
        _refuse_odd(decoded)
        return queries.split_revision(repo, decoded)
    before = request.path_info[: len(request.path_info) - len(decoded)]
    segments = urlsplit(raw).path.split("/") if "://" in raw.partition("?")[0] else raw.partition("?")[0].split("/")
    count = before.count("/")
    if _decode("/".join(segments[:count])) + "/" != before:
        raise HubError(400, "The address quotes a slash where none belongs.")
    revision, *path = segments[count:] or [""]
    return _decode(revision), _decode("/".join(path))


def _decode(text: str) -> str:
    """Once, and strictly."""
    try:
        decoded = unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise HubError(400, "The address is not valid UTF-8.") from None
    _refuse_odd(decoded)
    return decoded


def _refuse_odd(text: str) -> None:
    if "\0" in text or "\\" in text or "\ufffd" in text:
        raise HubError(400, "The address holds a character that no path has.")
