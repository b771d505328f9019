"""Lists of any length: ``{"items", "next"}``, followed page by page."""

from collections.abc import Iterator
from typing import Any

from landbridge_client.transport import Transport


def pages(http: Transport, path: str, **filters: object) -> Iterator[dict[str, Any]]:
    """Each item of a list; filters that are ``None`` are left out."""
    answer = http.get(path, **filters)
    seen: set[str] = set()
    while True:
        if isinstance(answer, list):
            yield from answer
            return
        yield from answer["items"]
        following = answer.get("next")
        if not following or following in seen:
            return
        seen.add(following)
        if following.startswith(("http:", "https:", "/")):
            answer = http.get(following)
        else:
            answer = http.get(path, **filters, cursor=following)
