"""The trie runs each shared token once; a batch's one vector shows each query its own path and nothing else."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landbridge_evaluation.scheduler.pack import Batch, Packer
from landbridge_evaluation.scheduler.trie import SLACK, Node, build, chained, common, unique_tokens

PIECES = [[1], [2], [1, 2, 3], [5] * 7, list(range(10, 19)), [4, 4, 4, 4, 5] * 4, list(range(100, 133))]
ROWS = st.lists(st.lists(st.sampled_from(PIECES), min_size=1, max_size=6), min_size=1, max_size=14).map(
    lambda rows: [[token for piece in row for token in piece] for row in rows]
)
BUDGETS = st.integers(min_value=1, max_value=90)
CALM = settings(max_examples=50, deadline=None)  # the time of an example tells nothing here


def prefixes(rows: Sequence[Sequence[int]]) -> int:
    return len({tuple(row[:end]) for row in rows for end in range(1, len(row) + 1)})


def flat(nodes: Sequence[Node]) -> list[int]:
    return [token for node in nodes for token in node.tokens]


def paths(nodes: Sequence[Node]) -> list[list[int]]:
    """Of each token, by flat place, the flat places of its path, itself last: told by parents alone."""
    offsets = np.cumsum([0, *(len(node.tokens) for node in nodes)])
    whole: list[list[int]] = []
    found: list[list[int]] = []
    for index, node in enumerate(nodes):
        path = list(whole[node.parent]) if node.parent >= 0 else []
        for place in range(offsets[index], offsets[index + 1]):
            path = [*path, int(place)]
            found.append(path)
        whole.append(path)
    return found


@pytest.mark.parametrize(
    ("first", "second", "count"), [([], [], 0), ([1], [2], 0), ([1, 2], [1, 2, 3], 2), ([1] * 9, [1] * 5 + [2], 5)]
)
def test_a_common_beginning_is_counted(first: list[int], second: list[int], count: int) -> None:
    assert common(first, second) == common(second, first) == count


@CALM
@given(ROWS, st.booleans())
def test_every_row_is_a_path_of_the_trie(rows: list[list[int]], share: bool) -> None:  # noqa: FBT001 hypothesis
    trie = build(rows, share=share)
    tokens, offsets = flat(trie.nodes), trie.offsets()
    for place, row in enumerate(rows):
        for begin in {0, len(row) // 2, len(row) - 1}:
            assert [tokens[at] for at in trie.places(place, begin, offsets)] == row[begin:]
    for index, node in enumerate(trie.nodes):
        assert node.parent < index and node.tokens
        assert node.start == (trie.nodes[node.parent].end if node.parent >= 0 else 0)


@CALM
@given(ROWS)
def test_shared_tokens_are_run_once(rows: list[list[int]]) -> None:
    trie = build(rows)
    assert trie.unique == unique_tokens(rows) == prefixes(rows)
    assert trie.unique <= trie.tokens <= SLACK * trie.unique
    assert build(rows, min_share=1).tokens == trie.unique
    assert build(rows, share=False).tokens == sum(map(len, {tuple(row): row for row in rows}.values()))


@CALM
@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(rows: list[list[int]], chance: object) -> None:
    mixed = list(rows)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    assert build(rows).nodes == build(mixed).nodes


def test_identical_rows_are_one_and_short_shared_beginnings_are_not_split() -> None:
    long = list(range(200))
    assert len(build([long, long, long[:50]]).nodes) == 1
    trie = build([[*long, 1, 2, 3, *range(60)], [*long, 1, 2, 4, *range(60)]])
    assert [len(node.tokens) for node in trie.nodes] == [202, 61, 61]
    few = build([[1, 2, 3, *long], [1, 2, 4, *long]])
    assert [node.parent for node in few.nodes] == [-1, -1] and few.tokens == few.unique + 2


@CALM
@given(ROWS, BUDGETS)
def test_long_nodes_become_chains_and_no_token_moves(rows: list[list[int]], longest: int) -> None:
    nodes = build(rows).nodes
    links = chained(nodes, longest)
    assert flat(links) == flat(nodes) and paths(links) == paths(nodes)
    assert all(len(node.tokens) <= longest for node in links)
    assert chained(links, max(1, longest // 2)) == chained(links, max(1, longest // 2))


@CALM
@given(ROWS, BUDGETS)
def test_each_query_sees_its_path_and_nothing_else(rows: list[list[int]], budget: int) -> None:
    packer = Packer(chained(build(rows).nodes, budget))
    want, carried, done = paths(packer.nodes), list[int](), 0
    for batch in packer.batches(budget):
        size = len(batch.tokens)
        assert size <= budget and batch.begin == done and batch.past == len(carried)
        keys = [*carried, *range(done, done + size)]  # flat places
        assert [len(want[key]) - 1 for key in keys] == batch.positions.tolist()
        every = np.arange(len(keys))
        seen = batch.visible(every[batch.past :], every)
        for query in range(size):
            assert [keys[key] for key in np.flatnonzero(seen[query])] == want[done + query]
        covered(batch, seen)
        carried, done = [keys[key] for key in batch.keep], done + size
    assert done == len(want)


def covered(batch: Batch, seen: np.ndarray[tuple[int, int], np.dtype[np.bool_]]) -> None:
    """The calls take every query once, in order, and leave out no key that one of their queries sees."""
    assert [place for call in batch.calls for place in range(call.first, call.stop)] == list(range(len(batch.tokens)))
    for call in batch.calls:
        inside = np.concatenate([np.arange(*span) for span in call.keys])
        rows = seen[call.first : call.stop]
        assert rows[:, inside].sum() == rows.sum()
        if call.causal:
            assert (rows[:, inside] == np.tri(len(inside), dtype=bool)).all()


def test_a_sliding_window_hides_what_is_far_along_the_path() -> None:
    row = list(range(30))
    (batch,) = Packer(build([row, [*row[:20], 7, 8, 9]]).nodes).batches(99)
    every = np.arange(len(batch.tokens))
    seen = batch.visible(every, every, window=5)
    assert (seen.sum(1) == np.minimum(batch.positions + 1, 5)).all()
