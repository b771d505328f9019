"""Training rows for the demo models: those of the tasks they will meet, and never a test row."""

from typing import Any

from landbridge_plugins import build_manager


class NoData(RuntimeError):
    """The plugin that brings the data is not installed."""


def training_rows(ref: str, split: str = "train") -> list[dict[str, Any]]:
    """Rows of a bundled dataset, from whichever plugin opens sources: plugins never import each other."""
    if split not in ("train", "validation"):
        raise ValueError(f"{split} is no split to train on.")
    manager, _ = build_manager()
    for plugin in manager.get_plugins():
        opener = getattr(plugin, "open_source", None)
        if opener is not None:
            return list(opener(ref, None).splits[split]())
    raise NoData(f"No plugin opens {ref}: landbridge_benchmarks is not there.")
