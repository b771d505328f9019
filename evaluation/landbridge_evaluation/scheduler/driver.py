"""A decoder's module, and the two ways to get logits of a row of packed tokens from it."""

import inspect
from dataclasses import dataclass
from typing import Any

import torch

from landbridge_evaluation.child import batches
from landbridge_evaluation.scheduler import head


@dataclass(slots=True)
class Driver:
    """``fused``: the output embedding after the trunk gives what ``forward`` gives; the self-check finds out."""

    module: Any
    pad: int
    device: torch.device
    keeps: bool  # forward takes logits_to_keep
    fused: bool = False

    @classmethod
    def of(cls, module: Any, pad: int) -> "Driver":  # noqa: ANN401 a module of any class
        keeps = "logits_to_keep" in inspect.signature(module.forward).parameters
        return cls(module, pad, batches.place_of(module), keeps)

    def logits(self, rows: head.Ints, **inputs: torch.Tensor | None) -> head.Logits:
        """Of the places ``rows`` of one row of tokens: the head is computed for no other where that can be."""
        wanted = torch.from_numpy(rows).to(self.device)
        if self.fused and (len(rows) > head.ROWS or not self.keeps):
            embedding = head.embedding_of(self.module)
            hidden = head.trunk_of(self.module)(**inputs, use_cache=False).last_hidden_state[0, wanted]
            return lambda first, stop: embedding(hidden[first:stop])
        if self.keeps:
            kept = self.module(**inputs, use_cache=False, logits_to_keep=wanted).logits[0]
            return lambda first, stop: kept[first:stop]
        every = self.module(**inputs, use_cache=False).logits[0]
        return lambda first, stop: every[wanted[first:stop]]

    def head_rows(self, wanted: int, tokens: int) -> int:
        """Rows that the head is computed for, of ``wanted`` among ``tokens``."""
        return wanted if self.keeps or self.fused else tokens

    def most(self, budget: int) -> int:
        """Tokens of a batch, so that no more than ``ROWS`` rows of logits are whole where the head is not apart."""
        return budget if self.keeps or self.fused else min(budget, head.ROWS)


def out_of_memory(error: RuntimeError) -> bool:
    """Of a device, or of the machine: torch has a class for the first only."""
    return isinstance(error, torch.OutOfMemoryError) or "DefaultCPUAllocator" in str(error)
