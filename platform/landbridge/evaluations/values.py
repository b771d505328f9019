"""What workers send, once it has been read: plain values that services take."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What a worker's process says of itself."""

    instance: UUID
    software: str = ""
    slots: int = 1
    labels: tuple[str, ...] = ()
    devices: list[dict[str, Any]] = field(default_factory=list)
    sandbox: dict[str, Any] = field(default_factory=dict)
    public_key: str = ""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of an attempt's log, from byte ``offset`` on."""

    offset: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What a worker sends at the end, the rest of its log among it."""

    results: dict[str, Any]
    envelope: dict[str, Any]
    shards: list[dict[str, Any]]
    log: Chunk | None = None
