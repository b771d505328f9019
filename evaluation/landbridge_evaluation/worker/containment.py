"""Whether children are contained on this machine, asked again before the answer is too old to be believed."""

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from landbridge_evaluation.sandbox import Probe, probe
from landbridge_evaluation.worker.clock import now

log = logging.getLogger(__name__)
ASK_EVERY_S: Final = 600.0  # the probe itself keeps a verdict for a day, and looks whether that day is over


class Containment:
    """Shared by the slots. ``fresh`` probes even where ``home`` keeps a verdict."""

    def __init__(self, home: Path, ask: Callable[..., Probe] = probe) -> None:
        self.home, self.ask = home, ask
        self.lock = threading.Lock()
        self.asked = now()
        self.made = self.ask(home)
        if not self.made.passed:
            log.warning("no code of labs runs here: %s", self.made.why)

    def current(self) -> Probe:
        """The verdict, at most a day old. Takes seconds once a day."""
        with self.lock:
            if now() - self.asked >= ASK_EVERY_S:
                fresh = not self.made.passed  # what was withdrawn is not believed again for having been kept
                before, self.made, self.asked = self.made, self.ask(self.home, fresh=fresh), now()
                if before.passed != self.made.passed:
                    log.warning("code of labs runs here: %s. %s", self.made.passed, self.made.why)
            return self.made

    def withdraw(self, why: str) -> None:
        """A child could not be contained after all: until the next probe this machine promises nothing."""
        with self.lock:
            self.made, self.asked = replace(self.made, passed=False, why=why), now()
        log.warning("no code of labs runs here any more: %s", why)


def described(made: Probe) -> dict[str, Any]:
    """What the platform is told of this machine's containment."""
    if not made.passed:
        return {"tier": "none", "why": made.why}
    probed = {"passed_at": made.passed_at, "sha256": made.sha256}
    return {"tier": made.tier, "profile_sha256": made.profile_sha256, "probe": probed}
