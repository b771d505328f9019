"""From windows to a score per request, by the first way that the self-check passes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from landbridge_evaluation.errors import PluginFault
from landbridge_evaluation.scheduler.driver import Driver
from landbridge_evaluation.scheduler.padded import plain
from landbridge_evaluation.scheduler.selfcheck import WAYS, Verdict, choose
from landbridge_evaluation.scheduler.windows import Counters, Found, Window, add, owners_of
from landbridge_plugins import Score


@dataclass(slots=True)
class Scorer:
    """One per task: the way is chosen on its first windows, and anew when longer ones come."""

    driver: Driver
    budget: int  # tokens per batch
    counters: Counters
    verdict: Verdict | None = None

    def score(self, windows: Sequence[Window], count: int) -> list[Score]:
        """Of requests 0 ... ``count`` - 1, in order; a request may have several windows."""
        if not windows:
            return []
        path = self.way(windows)
        found = WAYS[path](self.driver, windows, self.budget, self.counters)
        owners = owners_of(windows)
        finite(self.driver, windows, found)
        add(self.counters, positions_scored=len(owners))
        sums = np.bincount(owners, found.logprobs, count)
        missed = np.bincount(owners, ~found.greedy, count)
        tokens = np.bincount(owners, minlength=count)
        return [
            Score(min(0.0, one), not wrong, number)
            for one, wrong, number in zip(sums.tolist(), missed.tolist(), tokens.tolist(), strict=True)
        ]

    def way(self, windows: Sequence[Window]) -> str:
        longest = max(len(window.tokens) for window in windows)
        if self.verdict is None or self.verdict.longest < longest:
            self.verdict = choose(self.driver, windows, self.budget)
            add(self.counters, self_checks=1, self_check_delta=self.verdict.delta)
        self.counters.update(self.verdict.counted())
        return self.verdict.path


def finite(driver: Driver, windows: Sequence[Window], found: Found) -> None:
    """A NaN spreads to texts that share a call with its own: the item that is named is the one that has it alone."""
    if np.isfinite(found.logprobs).all():
        return
    bad = {int(one) for one in owners_of(windows)[~np.isfinite(found.logprobs)]}
    suspects = [window for window in windows if window.request in bad]
    named = next((one for one in suspects if not np.isfinite(plain(driver, [one], {}).logprobs).all()), suspects[0])
    message = f"Item {named.request} of the shard: a logit is NaN or infinite, so its text has no likelihood."
    raise PluginFault(message, code="not_finite")
