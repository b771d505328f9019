"""What a worker that was killed had written to its disk and not sent yet: the next process on this home brings it.

Only before that registers, which ends the old process's leases, and only where those are current still.
"""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

from landbridge_evaluation.worker.api import AttemptApi, Refused, Unreachable, WorkerApi
from landbridge_evaluation.worker.clock import Deadline
from landbridge_evaluation.worker.logs import LogSender

log = logging.getLogger(__name__)
PATIENCE: Final = 3.0  # seconds an attempt; a platform that is away must not keep a worker from starting
INSTANCE: Final = "instance"


def sign(place: Path, instance: str) -> None:
    """Note in an attempt's folder which process works in it."""
    (place / INSTANCE).write_text(instance)


def bring_logs(work: Path, connect: Callable[[str], WorkerApi]) -> int:
    """Send the rest of each log in ``work``. ``connect`` speaks as a given instance. How many logs that were."""
    brought = 0
    for place in sorted(work.iterdir()) if work.is_dir() else ():
        job, _, number = place.name.rpartition("-")
        signed = place / INSTANCE
        if not (number.isdigit() and signed.is_file() and (place / "log").is_file()):
            continue
        api = connect(signed.read_text())
        try:
            door = AttemptApi(api, job, int(number), Deadline.after(PATIENCE))
            sender = LogSender(place / "log", door)
            sender.next = int(door.status()["log_next"])
            sender.send()
            sender.close()
            brought += 1
        except (Refused, Unreachable, OSError, ValueError) as trouble:
            log.info("the log of job %s stays unsent: %s", job, trouble)
        finally:
            api.close()
    return brought
