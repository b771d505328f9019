"""Bodies of requests, bounded before they are read."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from django.http import HttpRequest

from landbridge.core.text import is_storable
from landbridge.hub.errors import HubError

Reader = Callable[[int], bytes]
JSON_CAP = 8 << 20
PIECE = 1 << 20
DEPTH_CAP = 100


def length_of(request: HttpRequest) -> int | None:
    """The announced length; ``None`` for a chunked body."""
    text = request.META.get("CONTENT_LENGTH", "")
    if not text:
        return None if "wsgi.input_terminated" in request.META else 0
    if not text.isdecimal():
        raise HubError(400, "The Content-Length is not a number.")
    return int(text)


def reader(request: HttpRequest) -> Reader:
    """``read(n)`` of the body. Django reads nothing without a length; a server that ends chunked input says so."""
    if length_of(request) is None:
        read: Reader = request.META["wsgi.input"].read
        return read
    return request.read


def text_body(request: HttpRequest, cap: int = JSON_CAP) -> bytes:
    pieces, size, read = [], 0, reader(request)
    while piece := read(PIECE):
        size += len(piece)
        if size > cap:
            raise HubError(413, f"The body may hold {cap} bytes.")
        pieces.append(piece)
    return b"".join(pieces)


def json_body(request: HttpRequest, cap: int = JSON_CAP) -> dict[str, Any]:
    """The JSON object that was sent."""
    found = parse(text_body(request, cap))
    if not isinstance(found, dict):
        raise HubError(400, "The body must be a JSON object.")
    return found


def parse(text: bytes) -> Any:  # noqa: ANN401 JSON
    """JSON of bounded depth, without the constants that JSON lacks."""
    try:
        found = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise HubError(400, "The body is not JSON.") from None
    if _deeper_than(found, DEPTH_CAP):
        raise HubError(400, f"The JSON is nested deeper than {DEPTH_CAP} levels.")
    return found


def _refuse_constant(name: str) -> float:
    raise ValueError(name)


def _deeper_than(value: object, cap: int) -> bool:
    level = [value]
    for _ in range(cap):
        below = [item for one in level if isinstance(one, list | dict) for item in _items(one)]
        if not below:
            return False
        level = below
    return True


def _items(value: list[Any] | dict[str, Any]) -> Iterator[Any]:
    return iter(value.values() if isinstance(value, dict) else value)


def lines(read: Reader, *, line_cap: int, count_cap: int, size_cap: int) -> Iterator[bytes]:
    """Non-empty lines, one at a time; never more than one of them and one piece in memory."""
    held, size, count = b"", 0, 0
    while piece := read(PIECE):
        size += len(piece)
        if size > size_cap:
            raise HubError(413, f"One commit may hold {size_cap} bytes. Send several.")
        *whole, held = (held + piece).split(b"\n") if b"\n" in piece else (held + piece,)
        if len(held) > line_cap:
            raise HubError(413, f"A line may hold {line_cap} bytes. Larger files go by LFS.")
        for line in whole:
            if line.strip():
                count += 1
                if count > count_cap:
                    raise HubError(413, f"One commit may have {count_cap} lines. Send several.")
                yield line
    if held.strip():
        yield held


def text_of(body: dict[str, Any], name: str, *, required: bool = False) -> str:
    value = raw_text_of(body, name, required=required)
    if not is_storable(value):
        raise HubError(400, f"`{name}` holds characters that are no text.")
    return value


def raw_text_of(body: dict[str, Any], name: str, *, required: bool = False) -> str:
    """As it was sent, for who judges it and answers in words of its own."""
    value = body.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str):
        raise HubError(400, f"`{name}` must be a text.")
    return value
