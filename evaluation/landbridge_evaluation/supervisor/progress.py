"""What a run says while it works."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """``stage`` is ``loading_model``, ``task:NAME`` or ``scoring``."""

    stage: str
    items_done: int
    items_total: int
    shards_done: int = 0
    shards_total: int = 0
    memory_mb: int = 0
