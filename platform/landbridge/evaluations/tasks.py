"""What the sweeper does for jobs. Any number of sweepers may run: each repair is one conditional write."""

from datetime import timedelta
from pathlib import Path

from django.conf import settings

from landbridge.accounts.clock import clock
from landbridge.evaluations import queries, services
from landbridge_evaluation import broker

READ_MESSAGES = timedelta(hours=1)  # how long the embedded broker keeps what was read
SILENT = timedelta(seconds=60)  # workers call at least each 10 s when they poll, each 4 s when they run


def take_back() -> int:
    actor = clock()
    return sum(services.take_back_job(job_id=job_id, actor=actor) for job_id in queries.overdue())


def rewake() -> int:
    """Answers nothing: a wake-up repairs no row, and a queue without workers would never be swept clean."""
    services.rewake_jobs(actor=clock())
    return 0


def stale_workers() -> int:
    actor = clock()
    return sum(services.mark_stale(worker_id=pk, actor=actor) for pk in queries.silent_workers(SILENT))


def prune_broker() -> int:
    """Answers nothing: read messages repair no row."""
    broker.prune(Path(settings.LANDBRIDGE_HOME) / "broker", older_s=READ_MESSAGES.total_seconds())
    return 0
