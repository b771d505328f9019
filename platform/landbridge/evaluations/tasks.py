"""What the sweeper does for jobs. Any number of sweepers may run: each repair is one conditional write."""

from datetime import timedelta

from landbridge.accounts.clock import clock
from landbridge.evaluations import queries, services

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
