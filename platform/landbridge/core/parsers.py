"""What comes in: JSON, bounded before it is parsed (1 MB, ten levels deep), and bytes."""

import io
import json
from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, JSONParser

from landbridge.core.errors import TooLarge

MAX_BYTES = 1_000_000
MAX_DEPTH = 10


class RawParser(BaseParser):
    """Bytes as they are; views read them under their own cap."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:  # noqa: ANN401, ARG002 DRF's signature
        return stream


class BoundedJSONParser(JSONParser):
    """DRF's parser, after the size is known and before depth can hurt."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        body = stream.read(MAX_BYTES + 1)
        if len(body) > MAX_BYTES:
            raise TooLarge(f"A JSON body may hold {MAX_BYTES:,} bytes. Files go by the Hub routes.")
        if _depth(body) > MAX_DEPTH:
            raise ParseError(f"JSON may be nested {MAX_DEPTH} levels deep.")
        parsed: dict[str, Any] = super().parse(io.BytesIO(body), media_type, dict(parser_context or {}))
        return parsed


def _depth(body: bytes) -> int:
    """The deepest nesting, counted without building anything; text in quotes does not count."""
    deepest = level = 0
    quoted = escaped = False
    for byte in body:
        if quoted:
            quoted = escaped or byte != ord('"')
            escaped = byte == ord("\\") and not escaped
        elif byte == ord('"'):
            quoted = True
        elif byte in b"[{":
            level += 1
            deepest = max(deepest, level)
        elif byte in b"]}":
            level -= 1
    return deepest


def plain_json(text: str) -> Any:  # noqa: ANN401 JSON
    """``json.loads`` that refuses NaN and Infinity, which are not JSON."""

    def refuse(name: str) -> float:
        raise ValueError(f"{name} is not JSON.")

    return json.loads(text, parse_constant=refuse)
