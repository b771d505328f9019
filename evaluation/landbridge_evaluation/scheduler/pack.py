"""Nodes of a trie in batches of one row without padding. One int vector says which query sees which key."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landbridge_evaluation.scheduler.trie import Node

Ints = NDArray[np.int64]
Span = tuple[int, int]  # [first, stop) of keys
TOGETHER = 256  # tokens of sibling leaves in one masked call


@dataclass(frozen=True, slots=True)
class Call:
    """One attention call: queries [first, stop) of the batch, the keys they may see, oldest first."""

    first: int
    stop: int
    keys: tuple[Span, ...]
    causal: bool  # a root: plain causal attention, no mask


@dataclass(frozen=True, slots=True)
class Batch:
    """Nodes [first, stop). Keys are the ``past`` tokens carried in, then the batch's own T tokens.

    The past is the path from the root to the batch's first node, so key k < past stands at place k of the path.
    """

    first: int
    stop: int
    begin: int  # flat place of the first token
    past: int
    tokens: Ints  # (T,)
    positions: Ints  # (past + T,): places in the path, of each key
    last: Ints  # (past + T,): query q sees key k iff k <= q <= last[k], both counted as keys
    keep: Ints  # keys that the next batch needs: the path of its first node
    calls: tuple[Call, ...]

    def visible(self, queries: Ints, keys: Ints, window: int | None = None) -> NDArray[np.bool_]:
        """(queries, keys): whether each sees each; with a sliding window only keys less than ``window`` away."""
        seen = (keys <= queries[:, None]) & (queries[:, None] <= self.last[keys])
        if window:
            seen &= self.positions[queries][:, None] - self.positions[keys] < window
        return seen


def after(nodes: Sequence[Node]) -> list[int]:
    """Of each node, the index of the first node behind its subtree."""
    ends = list(range(1, len(nodes) + 1))
    for index in range(len(nodes) - 1, -1, -1):
        if nodes[index].parent >= 0:
            ends[nodes[index].parent] = max(ends[nodes[index].parent], ends[index])
    return ends


class Packer:
    """Cuts a trie's nodes into batches, from any node on: after a halving the rest is packed anew."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.nodes, self.after = nodes, after(nodes)
        self.offsets: Ints = np.cumsum([0, *(len(node.tokens) for node in nodes)], dtype=np.int64)

    def batches(self, budget: int) -> Iterator[Batch]:
        first = 0
        while first < len(self.nodes):
            batch = self.batch(first, budget)
            yield batch
            first = batch.stop

    def batch(self, first: int, budget: int) -> Batch:
        """The nodes from ``first`` on that fit into ``budget`` tokens, at least one."""
        stop = max(first + 1, int(np.searchsorted(self.offsets, self.offsets[first] + budget, "right")) - 1)
        own, past = self.nodes[first:stop], self.nodes[first].start
        return Batch(
            first=first,
            stop=stop,
            begin=int(self.offsets[first]),
            past=past,
            tokens=np.concatenate([np.asarray(node.tokens, np.int64) for node in own]),
            positions=np.concatenate([np.arange(past), *(np.arange(node.start, node.end) for node in own)]),
            last=self.last(first, stop),
            keep=ranges(self.path(stop, first)) if stop < len(self.nodes) else np.empty(0, np.int64),
            calls=tuple(self.calls(first, stop)),
        )

    def span(self, index: int, first: int) -> Span:
        """Keys of a node, seen from the batch that begins at node ``first``."""
        node = self.nodes[index]
        if index < first:
            return node.start, node.end
        begin = self.nodes[first].start + int(self.offsets[index] - self.offsets[first])
        return begin, begin + len(node.tokens)

    def path(self, index: int, first: int) -> tuple[Span, ...]:
        """Keys of a node's ancestors, from the root on; neighbors merged."""
        spans: list[Span] = []
        at = self.nodes[index].parent
        while at >= 0:
            begin, stop = self.span(at, first)
            if spans and spans[-1][0] == stop:
                stop = spans.pop()[1]
            spans.append((begin, stop))
            at = self.nodes[at].parent
        return tuple(spans[::-1])

    def last(self, first: int, stop: int) -> Ints:
        """The last key in the subtree of each key's node, as far as the batch reaches."""
        ancestors, at = [], self.nodes[first].parent
        while at >= 0:
            ancestors.append(at)
            at = self.nodes[at].parent
        members = [*ancestors[::-1], *range(first, stop)]
        base = self.nodes[first].start - int(self.offsets[first])
        ends = [base + int(self.offsets[min(self.after[index], stop)]) - 1 for index in members]
        return np.repeat(np.asarray(ends, np.int64), [len(self.nodes[index].tokens) for index in members])

    def calls(self, first: int, stop: int) -> Iterator[Call]:
        index = first
        while index < stop:
            final = self.siblings(index, stop)
            past = self.nodes[first].start
            begin, end = self.span(index, first)[0], self.span(final - 1, first)[1]
            path = self.path(index, first)
            keys = (*path[:-1], (path[-1][0], end)) if path and path[-1][1] == begin else (*path, (begin, end))
            yield Call(begin - past, end - past, keys, causal=not path)
            index = final

    def siblings(self, index: int, stop: int) -> int:
        """The end of the run of leaves (within the batch) that begins here and shares one parent and one call."""
        parent, begin = self.nodes[index].parent, self.offsets[index]
        final = index + 1
        if parent < 0 or self.after[index] > final < stop:
            return final
        while (
            final < stop
            and self.nodes[final].parent == parent
            and min(self.after[final], stop) == final + 1
            and self.offsets[final + 1] - begin <= TOGETHER
        ):
            final += 1
        return final


def ranges(spans: Sequence[Span]) -> Ints:
    return np.concatenate([np.arange(*span) for span in spans]) if spans else np.empty(0, np.int64)
