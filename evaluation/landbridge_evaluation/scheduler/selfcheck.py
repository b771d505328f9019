"""Which way a model may be driven: packed against plain on sequences of the task, before anything is scored."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from landbridge_evaluation.scheduler import head, packed, padded
from landbridge_evaluation.scheduler.attention import Unsupported
from landbridge_evaluation.scheduler.driver import Driver
from landbridge_evaluation.scheduler.record import counted
from landbridge_evaluation.scheduler.windows import Counters, Found, Window

EXACT, CLOSE = 1e-4, 1e-3  # nats, in fp32 and in a narrower dtype
OTHER = 32  # tokens of another sequence that follow a shared beginning
ROWS = 256  # places compared at the end of each sequence

Way = Callable[[Driver, Sequence[Window], int, Counters], Found]
WAYS: dict[str, Way] = {
    "packed_shared": lambda *given: packed.run(*given, share=True),
    "packed": lambda *given: packed.run(*given, share=False),
    "length_sorted": padded.run,
    "plain": lambda driver, windows, _, counters: padded.plain(driver, windows, counters),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The first way that equals plain forwards, and why each before it does not: (way, code)."""

    path: str
    refused: tuple[tuple[str, str], ...]
    delta: float  # nats: the largest difference from plain
    longest: int  # tokens of the longest sequence that was tried

    def counted(self) -> dict[str, float]:
        return counted(self.path, dict(self.refused))


def choose(driver: Driver, windows: Sequence[Window], budget: int) -> Verdict:
    """Try the ways in order. Never silently: what is refused is told on stderr and in the counters."""
    tried = samples(windows)
    longest = max(len(window.tokens) for window in tried)
    small = max(16, min(budget, longest // 2))  # more than one batch, so that a path is carried
    want = padded.plain(driver, tried, {})
    allowed = tolerance(driver, tried, want)
    driver.fused = fused(driver, tried[0], allowed)
    refused = list[tuple[str, str]]()
    for path, way in WAYS.items():
        if path == "plain":
            break
        code, delta = attempt(lambda way=way: way(driver, tried, small, {}), want, allowed)  # type: ignore[misc]
        if not code:
            return Verdict(path, tuple(refused), delta, longest)
        refused.append((path, code))
    return Verdict("plain", tuple(refused), 0.0, longest)


def attempt(run: Callable[[], Found], want: Found, allowed: float) -> tuple[str, float]:
    """(empty or a code, largest difference)."""
    try:
        delta = apart(run(), want)
    except Unsupported as error:
        code, text, delta = error.code, str(error), float("inf")
    except Exception as error:  # noqa: BLE001 a model's own code may raise anything when driven unlike it expects
        code, text, delta = "error", f"{type(error).__name__}: {error}", float("inf")
    else:
        code, text = ("" if delta <= allowed else "differs"), f"differs from a plain forward by {delta:.2g} nats"
    if code:
        sys.stderr.write(f"self-check: {text}\n")
    return code, delta


def apart(found: Found, want: Found) -> float:
    return float(np.abs(found.logprobs - want.logprobs).max())


def tolerance(driver: Driver, tried: Sequence[Window], want: Found) -> float:
    """Nats. A narrow dtype may differ by three times what padding alone changes."""
    if next(driver.module.parameters()).dtype in (torch.float32, torch.float64):
        return EXACT
    size = len(tried) * max(len(window.tokens) for window in tried)
    return max(CLOSE, 3 * apart(padded.run(driver, tried, size, {}), want))


def samples(windows: Sequence[Window]) -> list[Window]:
    """Three sequences: the longest of the task, and two that leave it and each other for pieces of other texts."""
    order = sorted(windows, key=lambda window: len(window.tokens))
    longest, others = order[-1], (order[len(order) // 2].tokens, order[0].tokens)
    whole = longest.tokens
    half = whole[: max(1, len(whole) // 2)]
    second = [*half, *others[0][-OTHER:]][: len(whole)]
    third = [*half, *others[0][-OTHER:][: OTHER // 2], *others[1][-OTHER:]][: len(whole)]
    return [window_of(row, longest.targets[-1]) for row in (whole, second, third)]


def window_of(tokens: list[int], final: int) -> Window:
    return Window(0, tokens, [*tokens[1:], final][-ROWS:])


def fused(driver: Driver, window: Window, allowed: float) -> bool:
    """Whether the output embedding after the trunk gives the logits of ``forward``: no soft-cap, no scale between."""
    trunk, embedding = head.trunk_of(driver.module), head.embedding_of(driver.module)
    if trunk is None or embedding is None:
        return False
    ids = torch.tensor([window.tokens[:OTHER]], device=driver.device)
    try:
        with torch.inference_mode():
            found = embedding(trunk(input_ids=ids, use_cache=False).last_hidden_state).float().log_softmax(-1)
            want = driver.module(input_ids=ids, use_cache=False).logits.float().log_softmax(-1)
            return found.shape == want.shape and bool((found - want).abs().max() <= allowed)
    except Exception:  # noqa: BLE001 a trunk of any class; forward as a whole is there
        return False
