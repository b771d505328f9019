"""Attention over a packed batch, under our own name in transformers' ``AttentionInterface``.

No mask function is registered for the name, so transformers builds no mask. The plan is process-global: one batch
at a time, and the model's own implementation comes back in ``finally``.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch.nn.functional import scaled_dot_product_attention

from landbridge_evaluation.scheduler.pack import Batch, Call

NAME = "landbridge_packed"
REFUSED = ("position_bias", "s_aux")  # what changes attention and is not computed here
FEW = 32  # calls per layer that a GPU is given one by one; a guess, not measured
Pair = tuple[torch.Tensor, torch.Tensor]  # keys and values, each (1, heads, tokens, width)


class Unsupported(Exception):
    """The model cannot be driven this way. ``code`` is a short name for the record."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(slots=True)
class State:
    """Keys and values on the path to the next batch, by layer, and the masks of the batch that is running."""

    carried: dict[int, Pair] = field(default_factory=dict)
    coming: dict[int, Pair] = field(default_factory=dict)
    met: set[int] = field(default_factory=set)
    masks: dict[tuple[int, int | None], torch.Tensor | None] = field(default_factory=dict)
    keep: torch.Tensor | None = None
    batch: Batch | None = None

    def begin(self, batch: Batch, device: torch.device) -> None:
        """A batch that failed may begin again: what was carried to it is still there."""
        self.batch = batch
        self.keep = torch.from_numpy(batch.keep).to(device) if len(batch.keep) else None
        self.coming, self.masks, self.met = {}, {}, set()

    def commit(self) -> None:
        if not self.met:
            raise Unsupported("attention", "the model computes no attention that can be chosen")
        self.carried, self.coming, self.batch = self.coming, {}, None


CURRENT: list[State] = []


def packed_attention(  # noqa: PLR0913 transformers gives the signature
    module: torch.nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    *,
    scaling: float | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    **more: Any,  # noqa: ANN401 what models of any class hand over
) -> tuple[torch.Tensor, None]:
    """Query (1, heads, T, width), key and value (1, key heads, T, width) -> (1, T, heads, width)."""
    state = CURRENT[-1]
    given = [name for name in REFUSED if more.get(name) is not None]
    if given or attention_mask is not None or state.batch is None:
        raise Unsupported("attention", f"attention with {', '.join(given) or 'a mask'}")
    pair, how = with_past(state, id(module), key, value), How(scaling, softcap, sliding_window)
    crowded = query.is_cuda and len(state.batch.calls) > FEW
    return (dense if crowded else by_node)(state, query, pair, how), None


@dataclass(frozen=True, slots=True)
class How:
    scaling: float | None
    softcap: float | None
    window: int | None


def with_past(state: State, layer: int, key: torch.Tensor, value: torch.Tensor) -> Pair:
    """Keys and values of the path and the batch; what the next batch needs of them is set aside."""
    assert state.batch is not None  # noqa: S101 the caller looked
    if layer in state.met:
        raise Unsupported("layers", "one attention layer runs twice in one forward")
    state.met.add(layer)
    if state.batch.past:
        before = state.carried[layer]
        key, value = torch.cat([before[0], key], 2), torch.cat([before[1], value], 2)
    if state.keep is not None:
        state.coming[layer] = key.index_select(2, state.keep), value.index_select(2, state.keep)
    return key, value


def gathered(every: torch.Tensor, call: Call) -> torch.Tensor:
    parts = [every[:, :, first:stop] for first, stop in call.keys]
    return parts[0] if len(parts) == 1 else torch.cat(parts, 2)


def mask_of(state: State, number: int, call: Call, query: torch.Tensor, window: int | None) -> torch.Tensor | None:
    """Additive, (queries, keys), made once per batch; None where every query sees all keys before it."""
    assert state.batch is not None  # noqa: S101 the caller looked
    size = sum(stop - first for first, stop in call.keys)
    far = window if window and window < size else None
    if call.causal and far is None:
        return None
    if (number, far) not in state.masks:
        queries = np.arange(call.first, call.stop) + state.batch.past
        keys = np.concatenate([np.arange(*span) for span in call.keys])
        seen = state.batch.visible(queries, keys, far)
        state.masks[number, far] = None if seen.all() else added(seen, query)
    return state.masks[number, far]


def added(seen: Any, like: torch.Tensor) -> torch.Tensor:  # noqa: ANN401 numpy's own types
    mask = torch.zeros(seen.shape, dtype=like.dtype)
    return mask.masked_fill_(torch.from_numpy(~seen), float("-inf")).to(like.device)


def attend(query: torch.Tensor, pair: Pair, mask: torch.Tensor | None, how: How) -> torch.Tensor:
    """(1, heads, queries, width). Without a mask: causal where there are as many queries as keys, else all seen."""
    key, value = pair
    causal = mask is None and query.shape[2] == key.shape[2] > 1
    if how.softcap is not None:
        return capped(query, pair, triangle(query) if causal else mask, how)
    return scaled_dot_product_attention(
        query, key, value, mask, is_causal=causal, scale=how.scaling, enable_gqa=query.shape[1] != key.shape[1]
    )


def triangle(query: torch.Tensor) -> torch.Tensor:
    return query.new_full((query.shape[2], query.shape[2]), float("-inf")).triu_(1)


def capped(query: torch.Tensor, pair: Pair, mask: torch.Tensor | None, how: How) -> torch.Tensor:
    """Attention with soft-capped scores, which no fused kernel on a CPU computes."""
    assert how.softcap is not None  # noqa: S101 the caller looked
    key, value = (one.repeat_interleave(query.shape[1] // one.shape[1], 1) for one in pair)
    scale = how.scaling if how.scaling is not None else query.shape[3] ** -0.5
    scores = torch.tanh(query @ key.transpose(2, 3) * (scale / how.softcap)) * how.softcap
    if mask is not None:
        scores = scores + mask
    return scores.softmax(-1, torch.float32).to(query.dtype) @ value


def by_node(state: State, query: torch.Tensor, pair: Pair, how: How) -> torch.Tensor:
    """A call per node or per run of sibling leaves: (1, T, heads, width)."""
    assert state.batch is not None  # noqa: S101 the caller looked
    out = query.new_empty(1, query.shape[2], query.shape[1], pair[1].shape[3])
    for number, call in enumerate(state.batch.calls):
        part = attend(
            query[:, :, call.first : call.stop],
            (gathered(pair[0], call), gathered(pair[1], call)),
            mask_of(state, number, call, query, how.window),
            how,
        )
        out[:, call.first : call.stop] = part.transpose(1, 2)
    return out


def dense(state: State, query: torch.Tensor, pair: Pair, how: How) -> torch.Tensor:
    """The whole batch in one call with a (T, past + T) mask: for many calls on CUDA, until FlexAttention is measured.

    Held by tests on a CPU only; it was never run on a GPU.
    """
    batch = state.batch
    assert batch is not None  # noqa: S101 the caller looked
    if (-1, how.window) not in state.masks:
        keys = np.arange(len(batch.positions))
        state.masks[-1, how.window] = added(batch.visible(keys[batch.past :], keys, how.window), query)
    return attend(query, pair, state.masks[-1, how.window], how).transpose(1, 2)


@contextmanager
def attending(module: Any) -> Iterator[State]:  # noqa: ANN401 a model of any class
    """The model with our attention. ``Unsupported`` where it does not let its attention be chosen."""
    from transformers import AttentionInterface

    AttentionInterface.register(NAME, packed_attention)
    config = getattr(module, "config", None)
    own, can = getattr(config, "_attn_implementation", None), getattr(module, "_can_set_attn_implementation", None)
    if not own or can is None or not can() or config is None:
        raise Unsupported("interface", "the model does not let its attention be chosen")
    CURRENT.append(State())
    try:
        module.set_attn_implementation(NAME)
        if config._attn_implementation != NAME:  # noqa: SLF001 transformers has no public name for it
            raise Unsupported("interface", "the model does not let its attention be chosen")
        yield CURRENT[-1]
    finally:
        CURRENT.pop()
        module.set_attn_implementation(own)
