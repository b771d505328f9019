"""What a command prints: data on stdout in the form that was asked for, progress on stderr."""

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import typer

from landbridge_client import config

if TYPE_CHECKING:
    from landbridge_client.hub import HubClient
    from landbridge_client.rest import Client


WIDE = 240  # columns where no terminal says how many


class Format(StrEnum):
    HUMAN = "human"
    JSON = "json"
    QUIET = "quiet"


@dataclass
class Session:
    """What every command shares: the form of its output, and the server that it talks to."""

    format: Format = Format.HUMAN
    endpoint: str | None = None
    token: str | None = None
    closing: list[Callable[[], None]] = field(default_factory=list)

    @property
    def settings(self) -> config.Settings:
        return config.load(self.endpoint, self.token)

    def client(self) -> "Client":
        from landbridge_client.rest import Client  # noqa: PLC0415 listing commands must not load an HTTP client

        settings = self.settings
        client = Client(settings.endpoint, settings.token)
        self.closing.append(client.http.close)
        return client

    def hub(self) -> "HubClient":
        from landbridge_client.hub import HubClient  # noqa: PLC0415 listing commands must not load an HTTP client

        settings = self.settings
        hub = HubClient(settings.endpoint, settings.token)
        self.closing.append(hub.http.close)
        return hub

    def close(self) -> None:
        while self.closing:
            self.closing.pop()()

    def show(self, data: object, *, human: str | Callable[[], str], ids: Iterable[str] = ()) -> None:
        """Print one answer: ``data`` as JSON, ``human`` for people, or only ``ids``, a line each."""
        if self.format is Format.JSON:
            text = json.dumps(data, ensure_ascii=False, indent=2, default=str)
        elif self.format is Format.QUIET:
            text = "\n".join(ids)
        else:
            text = human if isinstance(human, str) else human()
        if text:
            sys.stdout.write(text.rstrip("\n") + "\n")

    def say(self, text: str) -> None:
        """A remark for people, on stderr; silent where only data is wanted."""
        if self.format is not Format.QUIET:
            sys.stderr.write(text + "\n")


def session_of(context: typer.Context) -> Session:
    """The session that the root command made."""
    session = context.find_object(Session)
    if session is None:
        raise RuntimeError("A command ran without the root command.")
    return session


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A plain table, as wide as its terminal; long cells fold."""
    from rich.console import Console  # noqa: PLC0415 rich is slow to load, and JSON needs none
    from rich.table import Table  # noqa: PLC0415 the same

    grid = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        grid.add_row(*(_cell(value) for value in row))
    console = Console(width=None if sys.stdout.isatty() else WIDE)
    with console.capture() as captured:
        console.print(grid, markup=False, highlight=False)
    return captured.get()


def _cell(value: object) -> Any:  # noqa: ANN401 a rich text
    from rich.text import Text  # noqa: PLC0415 rich is slow to load

    return Text("-" if value in {None, ""} else clean(str(value)))


def clean(text: str) -> str:
    """Text from elsewhere, without the controls that could steer a terminal."""
    return "".join(character if character.isprintable() or character in "\n\t" else "�" for character in text)


def pairs(data: Mapping[str, object]) -> str:
    """``name  value`` lines; nested values as JSON."""
    width = max((len(name) for name in data), default=0)
    lines = []
    for name, value in data.items():
        plain = isinstance(value, str | int | float) or value is None
        shown = value if plain else json.dumps(value, ensure_ascii=False, default=str)
        lines.append(f"{name.replace('_', ' '):<{width}}  {clean(str('-' if shown in {None, ''} else shown))}")
    return "\n".join(lines)


def score(value: object) -> str:
    """``0.912 [0.901, 0.923] n=1540``, or why there is none."""
    if isinstance(value, Mapping) and "value" in value:
        low, high = value.get("ci95") or (None, None)
        interval = f" [{_number(low)}, {_number(high)}]" if low is not None else ""
        count = f" n={value['n']}" if value.get("n") is not None else ""
        return f"{_number(value['value'])}{interval}{count}"
    return _number(value)


def _number(value: object) -> str:
    if value is None:
        return "-"
    try:
        return f"{float(str(value)):.4g}"
    except ValueError:
        return str(value)


def score_rows(scores: Iterable[Mapping[str, Any]]) -> list[list[str]]:
    """Task, metric and number of each score; where there is none, the reason."""
    rows = []
    for one in scores:
        number, missing = one.get("score"), one.get("missing") or {}
        rows.append(
            [str(one.get("task")), str(one.get("metric")), score(number) if number else str(missing.get("text", "-"))]
        )
    return rows


def examples(*lines: str) -> str:
    """The end of a command's help. Each line is a command that parses: a test holds that."""
    return "\b\nExamples:\n" + "\n".join(f"  landbridge {line}" for line in lines)
