"""Byte n-gram models with Witten-Bell interpolation. Counts are arrays: nothing here loops over bytes to score."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from landbridge_plugins import Score

WEIGHTS = "model.safetensors"
LONGEST = 7  # bytes that fit into a signed 64-bit key
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class NgramModel:
    """A ``LogLikelihoodScorer``. ``keys[n]`` are the n-grams seen, as sorted integers, ``counts[n]`` how often."""

    order: int
    keys: Mapping[int, Ints]
    counts: Mapping[int, Ints]

    @cached_property
    def contexts(self) -> dict[int, tuple[Ints, Ints, Ints]]:
        """For each n: contexts of n - 1 bytes, how often each is followed, and by how many different bytes."""
        tables = {}
        for n in range(1, self.order + 1):
            context = self.keys[n] >> 8
            known, starts = np.unique(context, return_index=True)
            kinds = np.diff(np.append(starts, len(context)))
            tables[n] = (known, np.add.reduceat(self.counts[n], starts), kinds)
        return tables

    def probabilities(self, data: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Of each byte after those before it, as far back as the order reaches."""
        chance = np.full(len(data), 1 / 256)
        for n in range(1, self.order + 1):
            at = np.arange(n - 1, len(data))
            if not len(at):
                break
            grams = windows(data, n)
            seen = look_up(grams, self.keys[n], self.counts[n])
            known, total, kinds = self.contexts[n]
            followed, different = look_up(grams >> 8, known, total), look_up(grams >> 8, known, kinds)
            weight = np.maximum(followed + different, 1)
            mixed = (seen + different * chance[at]) / weight
            chance[at] = np.where(followed > 0, mixed, chance[at])
        return chance

    def greedy(self, data: NDArray[np.uint8], start: int) -> bool:
        """Whether each byte from ``start`` on is the likeliest one."""
        for place in range(start, len(data)):
            head = data[max(0, place - self.order + 1) : place]
            rivals = [self.probabilities(np.append(head, np.uint8(byte)))[-1] for byte in range(256)]
            if int(np.argmax(rivals)) != int(data[place]):
                return False
        return True

    def loglikelihood(self, requests: Sequence[tuple[str, str]]) -> list[Score]:
        scores = []
        for context, continuation in requests:
            data = as_bytes(context + continuation)
            start = len(context.encode())
            logs = np.log(self.probabilities(data)[start:])
            scores.append(Score(float(logs.sum()), self.greedy(data, start), len(logs)))
        return scores

    def loglikelihood_rolling(self, texts: Sequence[str]) -> list[Score]:
        logs = [np.log(self.probabilities(as_bytes(text))) for text in texts]
        return [Score(float(one.sum()), False, len(one)) for one in logs]  # noqa: FBT003 greedy is not asked of a whole text


def as_bytes(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode(), np.uint8)


def windows(data: NDArray[np.uint8], n: int) -> Ints:
    """Every n-gram of ``data`` as an integer, the last byte lowest."""
    keys = np.zeros(len(data) - n + 1, np.int64)
    for place in range(n):
        keys = (keys << 8) | data[place : len(data) - n + 1 + place]
    return keys


def look_up(wanted: Ints, keys: Ints, values: Ints) -> Ints:
    """The value of each key, 0 where it is unknown."""
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[at] == wanted, values[at], 0)


def count(texts: Sequence[str], order: int) -> NgramModel:
    """Learn from ``texts``; no n-gram spans two of them."""
    keys, counts = dict[int, Ints](), dict[int, Ints]()
    for n in range(1, order + 1):
        grams = [windows(as_bytes(text), n) for text in texts if len(text.encode()) >= n]
        keys[n], counts[n] = np.unique(np.concatenate(grams), return_counts=True)
    return NgramModel(order, keys, counts)


def save_ngrams(model: NgramModel, files: Path) -> None:
    from safetensors.numpy import save_file

    arrays = {f"{kind}.{n}": array for kind in ("keys", "counts") for n, array in getattr(model, kind).items()}
    save_file(arrays, files / WEIGHTS, {"format": "np"})  # one key: several would be written in any order


def load_ngrams(files: Path) -> NgramModel:
    """Raises ``ValueError`` where the arrays are not those of an n-gram model."""
    from safetensors.numpy import load_file

    arrays = load_file(files / WEIGHTS)
    order = len(arrays) // 2
    if not 1 <= order <= LONGEST or set(arrays) != {
        f"{k}.{n}" for k in ("keys", "counts") for n in range(1, order + 1)
    }:
        raise ValueError(f"{WEIGHTS} must hold keys.N and counts.N for N from 1 to at most {LONGEST}.")
    keys = {n: arrays[f"keys.{n}"].astype(np.int64) for n in range(1, order + 1)}
    counts = {n: arrays[f"counts.{n}"].astype(np.int64) for n in range(1, order + 1)}
    if any(len(keys[n]) != len(counts[n]) or (np.diff(keys[n]) <= 0).any() or not len(keys[n]) for n in keys):
        raise ValueError(f"{WEIGHTS}: keys must be sorted, and have a count each.")
    return NgramModel(order, keys, counts)
