"""The ways to drive a decoder, and how the one taken is told: by counters, which are read by fixed names only."""

from collections.abc import Mapping
from typing import Any

WAYS = ("packed_shared", "packed", "length_sorted", "plain")
CODES = {
    "attention": "its attention has parts that are not computed over packed batches",
    "differs": "numbers differ from a plain forward",
    "error": "the model raised an error",
    "interface": "the model does not let its attention be chosen",
    "layers": "one attention layer runs twice in one forward",
}
REASONS = {
    "packed_shared": "equal to plain forwards on sequences of the task: shared beginnings run once, packed",
    "packed": "equal to plain forwards on sequences of the task, packed without sharing",
    "length_sorted": "batches by length, padded; the head only where a token is scored",
    "plain": "one sequence at a time",
}


def counted(path: str, refused: Mapping[str, str]) -> dict[str, float]:
    """``refused``: way -> code. One counter for each, so that a sum over shards counts shards."""
    return {f"path_{path}": 1.0} | {f"no_{way}_{code}": 1.0 for way, code in refused.items()}


def told(counters: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    """``path``, ``reason`` and ``self_check`` of a manifest, from the counters of each task.

    Tasks without a self-check (all but decoders' scores) ran in batches by length.
    """
    tasks = {name: of_task(one) for name, one in counters.items() if any(f"path_{way}" in one for way in WAYS)}
    taken = [way for way in WAYS if any(way in one["paths"] for one in tasks.values())] or ["length_sorted"]
    refused = {way: code for one in tasks.values() for way, code in one["refused"].items()}
    because = "".join(f"; not {way}: {CODES[code]}" for way, code in refused.items())
    return {
        "path": "+".join(taken),
        "reason": "; ".join(REASONS[way] for way in taken) + because,
        "self_check": tasks,
    }


def of_task(counters: Mapping[str, float]) -> dict[str, Any]:
    """``delta`` in nats: the largest difference from plain forwards, mean over the checks that were run."""
    checks = int(counters.get("self_checks", 0))
    return {
        "paths": [way for way in WAYS if f"path_{way}" in counters],
        "refused": {way: code for way in WAYS for code in CODES if f"no_{way}_{code}" in counters},
        "checks": checks,
        "delta": counters.get("self_check_delta", 0.0) / checks if checks > 0 else 0.0,
    }
