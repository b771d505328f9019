"""The card of a model or dataset: ``README.md`` with YAML front matter, as on the Hugging Face Hub.

The YAML is read as YAML 1.2's JSON-like core (``no`` is Norwegian, not false; dates stay text), without anchors,
aliases, tags or duplicate keys, within bounds: what comes out is plain JSON, and no card can grow in memory.
"""

import re
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from landbridge_client.formats.errors import FormatError

CARD_CAP = 2_000_000  # characters
FRONT_MATTER_CAP = 200_000  # characters
NODES_CAP = 20_000
DEPTH_CAP = 24
FRONT_MATTER = re.compile(
    r"\A\ufeff?\s*---[ \t]*\r?\n(?P<yaml>.*?)(?:^|\r?\n)---[ \t]*(?:\r?\n|\Z)", re.DOTALL | re.MULTILINE
)
SCALAR_OR_LIST = ("license", "language", "base_model", "datasets", "tags")  # each a text, or a list of texts
SCALARS = ("license_name", "license_link", "library_name", "pipeline_tag", "pretty_name")


@dataclass(frozen=True, slots=True)
class Card:
    """Front matter (plain JSON values) and the text below it."""

    data: dict[str, Any]
    body: str

    def texts(self, field: str) -> tuple[str, ...]:
        """A field that may be one text or a list of them, as a tuple."""
        value = self.data.get(field)
        return () if value is None else (value,) if isinstance(value, str) else tuple(value)

    @property
    def licenses(self) -> tuple[str, ...]:
        return self.texts("license")

    @property
    def languages(self) -> tuple[str, ...]:
        return self.texts("language")

    @property
    def base_models(self) -> tuple[str, ...]:
        return self.texts("base_model")

    @property
    def tags(self) -> tuple[str, ...]:
        return self.texts("tags")


class _Loader(yaml.SafeLoader):
    """Only what JSON has. The resolvers are our own, so that no YAML 1.1 surprise is left."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: ARG002, FBT001, FBT002 PyYAML's
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if len(keys) != len(node.value):
            raise FormatError("card_yaml", f"A key in line {node.start_mark.line + 1} is not a text.")
        if len(set(keys)) != len(keys):
            twice = next(key for key in keys if keys.count(key) > 1)
            raise FormatError("card_yaml", f"The key {twice!r} stands twice; keep one.")
        return {key.value: self.construct_object(value, deep=True) for key, value in node.value}


def _resolvers() -> None:
    rules = (
        ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
        ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
        ("int", r"[-+]?(?:0|[1-9][0-9]{0,17})", list("-+0123456789")),
        (
            "float",
            r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,2})?|[-+]?[0-9]+[eE][-+]?[0-9]{1,2}",
            list("-+.0123456789"),
        ),
    )
    for name, pattern, first in rules:
        _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{name}", re.compile(rf"\A(?:{pattern})\Z"), first)


_resolvers()


def parse_card(text: str) -> Card:
    """Split and read a card. Without front matter, ``data`` is empty.

    Raises ``FormatError``: ``card_too_large``, ``card_yaml`` (unreadable YAML), ``card_field`` (a field of
    the wrong type).
    """
    if len(text) > CARD_CAP:
        raise FormatError("card_too_large", f"The card has {len(text)} characters; at most {CARD_CAP} are read.")
    match = FRONT_MATTER.match(text)
    if match is None:
        return Card({}, text)
    source = match["yaml"]
    if len(source) > FRONT_MATTER_CAP:
        raise FormatError("card_too_large", f"The front matter is longer than {FRONT_MATTER_CAP} characters.")
    data = _load(source)
    _check_fields(data)
    return Card(data, text[match.end() :])


def _load(source: str) -> dict[str, Any]:
    try:
        for event in _bounded(yaml.parse(source, Loader=yaml.SafeLoader)):
            _plain(event)
        data = yaml.load(source, Loader=_Loader)  # noqa: S506 our loader is SafeLoader with less
    except yaml.YAMLError as error:
        raise FormatError("card_yaml", f"The front matter is not YAML: {_where(error)}.") from error
    except RecursionError as error:
        raise FormatError("card_yaml", "The front matter is nested too deeply.") from error
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise FormatError("card_yaml", "The front matter must be a list of `name: value` lines.")
    return data


def _bounded(events: Iterator[yaml.Event]) -> Iterator[yaml.Event]:
    depth = 0
    for count, event in enumerate(events):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if count > NODES_CAP or depth > DEPTH_CAP:
            raise FormatError(
                "card_yaml", f"The front matter has more than {NODES_CAP} values or {DEPTH_CAP} levels; shorten it."
            )
        yield event


def _plain(event: yaml.Event) -> None:
    line = event.start_mark.line + 1 if event.start_mark else 1
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
        raise FormatError(
            "card_yaml", f"Line {line} of the front matter uses an anchor or alias (& or *); write it out."
        )
    if getattr(event, "tag", None) is not None:
        raise FormatError("card_yaml", f"Line {line} of the front matter uses a YAML tag (!); plain values only.")


def _where(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).partition("\n")[0]
    return f"{problem} (line {mark.line + 1} of it)" if mark else str(problem)


def _check_fields(data: dict[str, Any]) -> None:
    for name in SCALAR_OR_LIST:
        value = data.get(name)
        texts = value if isinstance(value, list) else [value]
        if value is not None and not all(isinstance(item, str) and item.strip() for item in texts):
            raise FormatError("card_field", f"`{name}` in the front matter must be a text or a list of texts.")
    for name in SCALARS:
        if not isinstance(data.get(name), str | None):
            raise FormatError("card_field", f"`{name}` in the front matter must be a text.")
