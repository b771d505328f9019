"""What the sweeper does: for each event that may be lost, a function that finds the rows it was about."""

import logging
from collections.abc import Callable
from typing import Final

from landbridge.core import heartbeat, outbox

log = logging.getLogger(__name__)
SWEEPS: Final[dict[str, Callable[[], int]]] = {}


def register(name: str, function: Callable[[], int]) -> None:
    """``function`` repairs what it finds and answers how many rows that were. Called in ``AppConfig.ready``."""
    SWEEPS[name] = function


def run_once() -> dict[str, int]:
    """Every sweep, once. A sweep that fails is logged and the others go on."""
    done = {}
    for name, function in SWEEPS.items():
        try:
            done[name] = function()
        except Exception:
            log.exception("the sweep %s failed; it is tried again in the next round", name)
    heartbeat.beat("sweeper")
    return done


def settle(rounds: int = 20) -> None:
    """Run sweeps until a round finds nothing to do. For tests and commands that need no broker."""
    for _ in range(rounds):
        outbox.kept.clear()
        if not any(run_once().values()):
            return
    raise RuntimeError(f"The sweeps found work in each of {rounds} rounds: one of them does not finish what it finds.")
