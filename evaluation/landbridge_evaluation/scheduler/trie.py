"""Token lists as a trie: what lists share at their beginning stands once. Plain Python and numpy, no torch."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

MIN_SHARE = 8  # tokens: a shorter shared beginning is cheaper run twice than split off
SLACK = 1.05  # tokens run per unique token, at most
Tokens = Sequence[int]


@dataclass(frozen=True, slots=True)
class Node:
    """``tokens`` that follow the parent's; ``start`` is the place of the first in the path from the root."""

    tokens: Tokens
    start: int
    parent: int  # index of a node before this one; -1 for a root

    @property
    def end(self) -> int:
        return self.start + len(self.tokens)


@dataclass(frozen=True, slots=True)
class Trie:
    """Nodes in depth-first preorder. A token's flat place counts all tokens of all nodes in that order."""

    nodes: tuple[Node, ...]
    ends: tuple[int, ...]  # per input, the node that its last token is in
    lengths: tuple[int, ...]  # per input, in tokens
    unique: int  # tokens of the trie that shares every shared beginning

    @property
    def tokens(self) -> int:
        return sum(len(node.tokens) for node in self.nodes)

    def offsets(self) -> NDArray[np.int64]:
        """The flat place of each node's first token, and the number of all tokens at the end: (nodes + 1,)."""
        return np.cumsum([0, *(len(node.tokens) for node in self.nodes)], dtype=np.int64)

    def places(self, row: int, begin: int, offsets: NDArray[np.int64]) -> NDArray[np.int64]:
        """The flat places of input ``row``'s tokens ``begin``..., in order: (lengths[row] - begin,)."""
        parts, at, stop = [], self.ends[row], self.lengths[row]
        while stop > begin:
            node = self.nodes[at]
            first = max(begin, node.start)
            parts.append(np.arange(first, stop, dtype=np.int64) + (offsets[at] - node.start))
            at, stop = node.parent, first
        return np.concatenate(parts[::-1]) if parts else np.empty(0, np.int64)


class Branch:
    """A node that may still be split."""

    __slots__ = ("children", "parent", "start", "tokens")

    def __init__(self, tokens: Tokens, start: int, parent: "Branch | None") -> None:
        self.tokens, self.start, self.parent = tokens, start, parent
        self.children: list[Branch] = []

    def add(self, tokens: Tokens, start: int) -> "Branch":
        self.children.append(Branch(tokens, start, self))
        return self.children[-1]

    def split(self, size: int) -> "Branch":
        """Cut after ``size`` tokens; gives the new upper half. Only for the newest child of its parent."""
        assert self.parent is not None  # noqa: S101 the empty root is never split
        upper = Branch(self.tokens[:size], self.start, self.parent)
        self.parent.children[-1] = upper
        upper.children.append(self)
        self.tokens, self.start, self.parent = self.tokens[size:], self.start + size, upper
        return upper


def common(first: Tokens, second: Tokens) -> int:
    """How many tokens two lists share at their beginning: binary search over equality of slices."""
    low, high = 0, min(len(first), len(second))
    if first[:high] == second[:high]:
        return high
    while low < high:
        middle = (low + high + 1) // 2
        if first[low:middle] == second[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def ordered(rows: Sequence[Tokens]) -> tuple[list[int], list[int]]:
    """(places of rows, sorted by their tokens; what each shares with the one before it)."""
    order = sorted(range(len(rows)), key=lambda place: tuple(rows[place]))
    return order, [0, *(common(rows[before], rows[place]) for before, place in pairwise(order))][: len(rows)]


def unique_tokens(rows: Sequence[Tokens]) -> int:
    """Tokens that no way to share beginnings can save."""
    return sum(map(len, rows)) - sum(ordered(rows)[1])


def build(rows: Sequence[Tokens], *, share: bool = True, min_share: int = MIN_SHARE) -> Trie:
    """The trie of lists of one token or more. ``min_share`` is halved until ``SLACK`` holds.

    Without ``share`` each different list is a root of its own.
    """
    order, shared = ordered(rows)
    unique = sum(map(len, rows)) - sum(shared)
    if not share:
        return flattened(*apart(rows, order, shared), rows, unique)
    while True:
        trie = flattened(*grown(rows, order, shared, min_share), rows, unique)
        if trie.tokens <= SLACK * unique or min_share <= 1:
            return trie
        min_share //= 2


def grown(
    rows: Sequence[Tokens], order: Sequence[int], shared: Sequence[int], min_share: int
) -> tuple[Branch, list[Branch]]:
    """(empty root, the branch that each row ended in when it was added)."""
    root = Branch((), 0, None)
    path, ends = [root], [root] * len(rows)  # path: branches from the root to the end of the row before
    before = 0
    for place, same in zip(order, shared, strict=True):
        row = rows[place]
        if same < before or not before:
            hang(path, row, same, min_share)
        elif len(row) > before:
            leaf = path[-1]  # the row before is this row's beginning, and nothing hangs from its end yet
            leaf.tokens = row[leaf.start :]
        ends[place], before = path[-1], len(row)
    return root, ends


def apart(rows: Sequence[Tokens], order: Sequence[int], shared: Sequence[int]) -> tuple[Branch, list[Branch]]:
    """As ``grown``, with a root for each different row."""
    root = Branch((), 0, None)
    ends = [root] * len(rows)
    for place, same in zip(order, shared, strict=True):
        again = root.children and same == len(rows[place]) == len(root.children[-1].tokens)
        ends[place] = root.children[-1] if again else root.add(rows[place], 0)
    return root, ends


def hang(path: list[Branch], row: Tokens, same: int, min_share: int) -> None:
    """Add a row that shares ``same`` tokens with the path, where the shared part is worth a node of its own."""
    while len(path) > 1 and path[-1].start >= same:
        path.pop()
    top = path[-1]
    if len(path) > 1 and top.start + len(top.tokens) > same:
        size = same - top.start
        path.pop()
        if size >= min_share:
            path.append(top.split(size))
    start = path[-1].start + len(path[-1].tokens)
    path.append(path[-1].add(row[start:], start))


def flattened(root: Branch, ends: Sequence[Branch], rows: Sequence[Tokens], unique: int) -> Trie:
    nodes: list[Node] = []
    index: dict[Branch, int] = {root: -1}
    waiting = root.children[::-1]
    while waiting:
        branch = waiting.pop()
        index[branch] = len(nodes)
        assert branch.parent is not None  # noqa: S101 only the root has none
        nodes.append(Node(branch.tokens, branch.start, index[branch.parent]))
        waiting += branch.children[::-1]
    final = [index[holding(branch, len(row))] for branch, row in zip(ends, rows, strict=True)]
    return Trie(tuple(nodes), tuple(final), tuple(map(len, rows)), unique)


def holding(branch: Branch, length: int) -> Branch:
    """The branch that a row of ``length`` tokens ends in: a split may have moved its end upward."""
    while branch.parent is not None and branch.start >= length:
        branch = branch.parent
    return branch


def chained(nodes: Sequence[Node], longest: int) -> tuple[Node, ...]:
    """Nodes of more than ``longest`` tokens become chains. No token's flat place changes."""
    made: list[Node] = []
    tail: list[int] = []  # per old node, the last link of its chain
    for node in nodes:
        parent = tail[node.parent] if node.parent >= 0 else -1
        for first in range(0, len(node.tokens), longest):
            made.append(Node(node.tokens[first : first + longest], node.start + first, parent))
            parent = len(made) - 1
        tail.append(parent)
    return tuple(made)
