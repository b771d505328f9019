"""Makes the demo models: trains what has weights, in a plain process, into safetensors, JSON and a card."""

import shutil
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from landbridge_baselines.building import gpt, minilm, ngram, vit
from landbridge_baselines.building.cards import SPECS, write_marked
from landbridge_baselines.demo import TORCH

BUILDERS: dict[str, Callable[[Path], None]] = {
    "tiny-vit-digits": vit.build_vit,
    "tiny-gpt-pydoc": gpt.build_gpt,
    **ngram.BUILDERS,
    **{slug: partial(write_marked, slug=slug) for slug in SPECS if slug not in ngram.BUILDERS},
    "minilm-l6": minilm.build_minilm,
}


@dataclass(frozen=True, slots=True)
class Built:
    name: str
    path: Path
    seconds: float


def build(out: Path, names: Collection[str]) -> Iterator[Built]:
    """Each model in a folder of its own under ``out``; one that is there already is made anew.

    Networks train side by side, one core each, while the rest is made. Raises ``KeyError`` for an unknown name. A model
    that fails leaves no folder behind.
    """
    unknown = sorted(set(names) - set(BUILDERS))
    if unknown:
        raise KeyError(f"No such model: {', '.join(unknown)}. There are: {', '.join(BUILDERS)}.")
    networks = [name for name in TORCH if name in names]
    with ProcessPoolExecutor(max(1, len(networks)), mp_context=get_context("spawn")) as pool:
        training = [pool.submit(train_one, out, name) for name in networks]
        yield from (build_one(out, name) for name in BUILDERS if name in names and name not in TORCH)
        yield from (trained.result() for trained in as_completed(training))


def build_one(out: Path, name: str) -> Built:
    started = time.perf_counter()
    draft = out / f".{name}.part"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        BUILDERS[name](draft)
        shutil.rmtree(out / name, ignore_errors=True)
        draft.rename(out / name)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return Built(name, out / name, round(time.perf_counter() - started, 2))


def train_one(out: Path, name: str) -> Built:
    """The same weights from the same seed, on whatever computer: sums depend on how they are cut among threads."""
    import torch
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(mode=True)
    return build_one(out, name)
