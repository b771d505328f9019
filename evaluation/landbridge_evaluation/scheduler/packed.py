"""Windows as batches of a trie: run, read at need, halved where memory runs out."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from landbridge_evaluation.child.batches import SMALLEST
from landbridge_evaluation.errors import PluginFault
from landbridge_evaluation.scheduler import head
from landbridge_evaluation.scheduler.attention import State, attending
from landbridge_evaluation.scheduler.driver import Driver, out_of_memory
from landbridge_evaluation.scheduler.pack import Batch, Packer
from landbridge_evaluation.scheduler.trie import Trie, build, chained
from landbridge_evaluation.scheduler.windows import Counters, Found, Ints, Window, add, empty, targets_of


@dataclass(frozen=True, slots=True)
class Wanted:
    """Targets by the flat place of the row that scores them, ascending."""

    places: Ints  # (n,)
    targets: Ints  # (n,)
    order: Ints  # (n,): which target, in the order of the windows

    @classmethod
    def of(cls, trie: Trie, windows: Sequence[Window]) -> "Wanted":
        offsets = trie.offsets()
        parts = [trie.places(row, window.begin, offsets) for row, window in enumerate(windows)]
        places = np.concatenate(parts) if parts else np.empty(0, np.int64)
        order = np.argsort(places, kind="stable")
        return cls(places[order], targets_of(windows)[order], order)

    def inside(self, batch: Batch) -> slice:
        ends = [batch.begin, batch.begin + len(batch.tokens)]
        first, stop = np.searchsorted(self.places, ends).tolist()
        return slice(first, stop)


def run(driver: Driver, windows: Sequence[Window], budget: int, counters: Counters, *, share: bool) -> Found:
    """Score windows of one token or more. ``Unsupported`` where the model cannot be driven this way."""
    trie = build([window.tokens for window in windows], share=share)
    add(counters, tokens_unique=trie.unique)
    one = Run(driver, Wanted.of(trie, windows), empty(windows), counters)
    one.all(Packer(chained(trie.nodes, driver.most(budget))), driver.most(budget))
    return one.out


@dataclass(frozen=True, slots=True)
class Run:
    """One trie on its way through a model."""

    driver: Driver
    wanted: Wanted
    out: Found
    counters: Counters

    def all(self, packer: Packer, budget: int) -> None:
        first = 0
        with attending(self.driver.module) as state, torch.inference_mode():
            while first < len(packer.nodes):
                batch = packer.batch(first, budget)
                try:
                    size = self.most(batch) or self.forward(state, batch)
                except RuntimeError as error:
                    if not out_of_memory(error):
                        raise
                    size = smaller(batch, self.counters, error)
                if size:  # the batch was not run: pack what is left in smaller batches
                    budget, packer = size, Packer(chained(packer.nodes, size))
                    first = int(np.searchsorted(packer.offsets, batch.begin))
                else:
                    first = batch.stop

    def most(self, batch: Batch) -> int:
        """Tokens that a batch must be cut to where its logits would be too many rows at once, else 0."""
        if self.driver.fused or len(batch.tokens) <= head.ROWS:
            return 0
        return head.ROWS if len(np.unique(self.wanted.places[self.wanted.inside(batch)])) > head.ROWS else 0

    def forward(self, state: State, batch: Batch) -> int:
        """One batch: a forward, the head at the rows that score a token, one copy to the host. Gives 0."""
        part, device = self.wanted.inside(batch), self.driver.device
        rows, at = np.unique(self.wanted.places[part] - batch.begin, return_inverse=True)
        state.begin(batch, device)
        logits = self.driver.logits(
            rows,
            input_ids=torch.from_numpy(batch.tokens)[None].to(device),
            position_ids=torch.from_numpy(batch.positions[batch.past :])[None].to(device),
        )
        if len(rows):
            found = head.read(logits, len(rows), at.astype(np.int64), self.wanted.targets[part], device).cpu().numpy()
            places = self.wanted.order[part]
            self.out.logprobs[places], self.out.greedy[places] = found[0], found[1] > 0
            add(self.counters, copies=1)
        state.commit()
        size = len(batch.tokens)
        add(self.counters, batches=1, tokens_run=size, head_rows=self.driver.head_rows(len(rows), size))
        return 0


def smaller(batch: Batch, counters: Counters, error: RuntimeError) -> int:
    """Half of the batch that did not fit: it is repeated, and no later batch is larger."""
    size = len(batch.tokens)
    if size < SMALLEST:
        raise PluginFault(f"A batch of {size} tokens does not fit into memory.", code="out_of_memory") from error
    torch.cuda.empty_cache()
    add(counters, halvings=1)
    sys.stderr.write(f"out of memory at token {batch.begin}: batches of {size} become batches of {size // 2} tokens\n")
    return size // 2
