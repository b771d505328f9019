"""Marked points at which a test may end this process. Inert unless ``LANDBRIDGE_POINTS`` names a folder.

A file in that folder, named as the point, arms it once: the first process that comes by removes it and is gone, as by
``kill -9``. Production sets no such variable, and then a point is one comparison.
"""

import os
import signal
from contextlib import suppress
from typing import Final

from landbridge_evaluation import config

POINTS: Final = (
    "lease_uncommitted", "lease_unanswered", "lease_taken", "files_fetched", "shard_unsent", "shard_stored",
    "shard_unanswered", "shard_kept", "log_unanswered", "result_unsent", "result_uncommitted", "result_unanswered",
    "result_told", "take_back_uncommitted",
)  # fmt: skip


def reached(name: str) -> None:
    """Ends the process here if a test has armed the point."""
    if not config.POINTS:
        return
    with suppress(FileNotFoundError):
        (config.POINTS / name).unlink()
        os.kill(os.getpid(), signal.SIGKILL)
