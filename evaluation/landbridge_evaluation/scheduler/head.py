"""From logits to log-probabilities of targets: fp32 log-softmax, a bounded number of rows at a time."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

ROWS = 256  # rows of logits that are in fp32 at once
Ints = NDArray[np.int64]
Logits = Callable[[int, int], torch.Tensor]  # rows [first, stop) -> (rows, vocabulary)


def read(logits: Logits, count: int, rows: Ints, targets: Ints, device: torch.device) -> torch.Tensor:
    """fp64 of shape (2, n): log-probability of each target, and 1 where it is the row's first choice.

    ``rows`` (n, ascending) says which of ``count`` rows scores each of ``targets`` (n,). A row with an infinite or
    undefined logit gives an undefined log-probability.
    """
    out = torch.zeros(2, len(rows), dtype=torch.float64, device=device)
    at, aim = torch.from_numpy(rows).to(device), torch.from_numpy(targets).to(device)
    for first in range(0, count, ROWS):
        stop = min(first + ROWS, count)
        begin, end = np.searchsorted(rows, [first, stop]).tolist()
        if begin < end:
            out[:, begin:end] = chosen(logits(first, stop).float(), at[begin:end] - first, aim[begin:end])
    return out


def chosen(logits: torch.Tensor, rows: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """(2, n): log-probabilities and first choices. ``logits``, (rows, vocabulary) in fp32, is used up."""
    picked = logits[rows, targets]
    most = logits.amax(-1)
    total = logits.sub_(most[:, None]).exp_().sum(-1).log_().add_(most)
    return torch.stack([(picked - total[rows]).double(), (picked >= most[rows]).double()])


def embedding_of(module: Any) -> Any:  # noqa: ANN401 a module of any class
    """The output embedding: (n, width) -> (n, vocabulary), where the model names one."""
    get = getattr(module, "get_output_embeddings", None)
    found = get() if get is not None else None
    return found if callable(found) else None


def trunk_of(module: Any) -> Any:  # noqa: ANN401 a module of any class
    """What is under the head, where that is another module."""
    found = getattr(module, "base_model", None)
    return found if found is not None and found is not module else None
