"""The OpenAPI document, made from the views. ``docs/openapi.json`` is this text; a test holds the two together."""

import json
from functools import lru_cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator

from landbridge.api.autoschema import PROBLEM

PREFIX = "/api/v1/"


def ours(endpoints: list[Any], **_: object) -> list[Any]:
    """A pre-processing hook: workers and the Hub protocol have documents of their own."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith(PREFIX)]


def finished(result: dict[str, Any], **_: object) -> dict[str, Any]:
    """A post-processing hook: the parts that no view brings."""
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = PROBLEM
    result["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "lb_..."}}
    return result


@lru_cache(maxsize=1)
def text() -> str:
    """The document, sorted and indented, so that a change is a readable diff."""
    generator = SchemaGenerator(api_version="v1")  # type: ignore[no-untyped-call]
    document = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False, default=str) + "\n"
