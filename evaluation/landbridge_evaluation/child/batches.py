"""Sequences in batches of like length, by a budget of tokens; halved where memory runs out."""

from collections.abc import Callable, Iterator, MutableMapping, Sequence
from typing import Any

import torch

from landbridge_evaluation.errors import PluginFault

SMALLEST = 64  # tokens: below this a batch is not halved again


def by_length(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Places, longest first, so that the first batch needs the most memory; padded size at most ``budget``."""
    order = sorted(range(len(lengths)), key=lambda place: (-lengths[place], place))
    start = 0
    while start < len(order):
        size = max(1, budget // max(1, lengths[order[start]]))
        yield order[start : start + size]
        start += size


def padded(rows: Sequence[Sequence[int]], pad: int, device: Any) -> tuple[Any, Any]:  # noqa: ANN401 torch's own types
    """(input_ids, attention_mask), padded on the right."""
    longest = max(len(row) for row in rows)
    ids = torch.tensor([[*row, *[pad] * (longest - len(row))] for row in rows], device=device)
    mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in rows], device=device)
    return ids, mask


def run(
    lengths: Sequence[int],
    budget: int,
    forward: Callable[[list[int]], None],
    counters: MutableMapping[str, float],
) -> None:
    """Call ``forward`` with the places of each batch. Out of memory: halve, repeat that batch, never grow again."""
    pending = list(by_length(lengths, budget))[::-1]
    while pending:
        batch = pending.pop()
        try:
            with torch.inference_mode():
                forward(batch)
        except torch.cuda.OutOfMemoryError as error:
            torch.cuda.empty_cache()
            if len(batch) == 1 or sum(lengths[place] for place in batch) < SMALLEST:
                raise PluginFault("One item alone does not fit into memory.", code="out_of_memory") from error
            counters["halvings"] = counters.get("halvings", 0) + 1
            pending += [batch[len(batch) // 2 :], batch[: len(batch) // 2]]
            continue
        counters["batches"] = counters.get("batches", 0) + 1
        longest = max(lengths[place] for place in batch)
        real = sum(lengths[place] for place in batch)
        counters["tokens_run"] = counters.get("tokens_run", 0) + real
        counters["padded"] = counters.get("padded", 0) + longest * len(batch) - real


def pad_id(tokenizer: Any) -> int:  # noqa: ANN401 a tokenizer of any class
    for name in ("pad_token_id", "eos_token_id"):
        found = getattr(tokenizer, name, None)
        if found is not None:
            return int(found)
    return 0


def place_of(module: Any) -> Any:  # noqa: ANN401 torch's own types
    """The device that the module's weights are on."""
    return next(module.parameters()).device
