"""Windows as they are: padded in batches of like length, or one by one. For models that cannot be packed."""

from collections.abc import Sequence

import numpy as np
import torch

from landbridge_evaluation.child import batches
from landbridge_evaluation.errors import PluginFault
from landbridge_evaluation.scheduler import head
from landbridge_evaluation.scheduler.driver import Driver, out_of_memory
from landbridge_evaluation.scheduler.trie import unique_tokens
from landbridge_evaluation.scheduler.windows import Counters, Floats, Found, Window, add, empty, targets_of


def run(driver: Driver, windows: Sequence[Window], budget: int, counters: Counters) -> Found:
    """Batches by length, padded on the right; the head at the places where any of the batch scores a token."""
    out, starts = empty(windows), np.cumsum([0, *(len(window.targets) for window in windows)])

    def forward(places: list[int]) -> None:
        found = batch(driver, [windows[place] for place in places], counters)
        at = np.concatenate([np.arange(starts[place], starts[place + 1]) for place in places])
        out.logprobs[at], out.greedy[at] = found.logprobs, found.greedy

    rows = [window.tokens for window in windows]
    batches.run([len(row) for row in rows], budget, forward, counters)
    add(counters, tokens_unique=unique_tokens(rows))
    return out


def batch(driver: Driver, windows: Sequence[Window], counters: Counters) -> Found:
    ids, mask = batches.padded([window.tokens for window in windows], driver.pad, driver.device)
    spans = [np.arange(window.begin, len(window.tokens)) for window in windows]
    places = np.unique(np.concatenate(spans))
    keep = driver.keeps and len(places) < ids.shape[1]
    more = {"logits_to_keep": torch.from_numpy(places).to(driver.device)} if keep else {}
    logits = driver.module(input_ids=ids, attention_mask=mask, use_cache=False, **more).logits
    width = logits.shape[1]
    at = [np.searchsorted(places, span) if keep else span for span in spans]
    rows = np.concatenate([number * width + one for number, one in enumerate(at)]).astype(np.int64)
    flat = logits.flatten(0, 1)
    found = head.read(lambda first, stop: flat[first:stop], len(flat), rows, targets_of(windows), driver.device)
    values = found.cpu().numpy()
    add(counters, head_rows=len(flat), copies=1)
    return Found(values[0], values[1] > 0)


def plain(driver: Driver, windows: Sequence[Window], counters: Counters) -> Found:
    """One by one, a forward as anyone would write it: what every other way is held against."""
    found = []
    for window in windows:
        try:
            with torch.inference_mode():
                found.append(alone(driver, window))
        except RuntimeError as error:
            if not out_of_memory(error):
                raise
            raise PluginFault("One item alone does not fit into memory.", code="out_of_memory") from error
        size = len(window.tokens)
        rows = len(window.targets) if driver.keeps else size
        add(counters, batches=1, copies=1, tokens_run=size, head_rows=rows)
    add(counters, tokens_unique=unique_tokens([window.tokens for window in windows]))
    return Found(np.concatenate([one[0] for one in found]), np.concatenate([one[1] for one in found]) > 0)


def alone(driver: Driver, window: Window) -> Floats:
    """(2, targets): log-probabilities and first choices. The scored places are the last ones, so a count names them."""
    ids, mask = batches.padded([window.tokens], driver.pad, driver.device)
    count = len(window.targets)
    more = {"logits_to_keep": count} if driver.keeps else {}
    logits = driver.module(input_ids=ids, attention_mask=mask, use_cache=False, **more).logits[0, -count:]
    rows, targets = np.arange(count, dtype=np.int64), np.asarray(window.targets, np.int64)
    values: Floats = (
        head.read(lambda first, stop: logits[first:stop], count, rows, targets, driver.device).cpu().numpy()
    )
    return values
