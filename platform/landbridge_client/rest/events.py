"""Server-sent events, parsed line by line as https://html.spec.whatwg.org/#server-sent-events says."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Message:
    id: str
    event: str
    text: str

    def json(self) -> dict[str, Any]:
        """The data as a JSON object; anything else is put under ``text``."""
        try:
            value = json.loads(self.text or "{}")
        except ValueError:
            return {"text": self.text}
        return value if isinstance(value, dict) else {"text": self.text}


def messages(lines: Iterable[str]) -> Iterator[Message]:
    """Whole messages only; comments keep the line open and say nothing."""
    identity, event, data = "", "", list[str]()
    for line in lines:
        if not line:
            if data or event:
                yield Message(identity, event or "message", "\n".join(data))
            event, data = "", []
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "id" and "\0" not in value:
            identity = value
        elif name == "event":
            event = value
        elif name == "data":
            data.append(value)
