"""What the sweeper does for jobs. Any number of sweepers may run: each repair is one conditional write."""

from datetime import timedelta
from pathlib import Path

from django.conf import settings

from landbridge.accounts.clock import clock
from landbridge.core.tasks import control_task
from landbridge.evaluations import queries, reruns, services
from landbridge.evaluations.models import Result
from landbridge_evaluation import broker

READ_MESSAGES = timedelta(hours=1)  # how long the embedded broker keeps what was read
SILENT = timedelta(seconds=60)  # workers call at least each 10 s when they poll, each 4 s when they run


COMPARE = "landbridge.evaluations.tasks.compare_rerun"


@control_task
def compare_rerun(result_id: str) -> None:
    """A result came in: if it repeats another one, say how close it comes."""
    _compare(result_id)


def compare_reruns() -> int:
    return sum(_compare(result_id) for result_id in reruns.uncompared())


def _compare(result_id: str) -> bool:
    result = Result.objects.select_related("job__rerun_of").get(pk=result_id)
    first = reruns.first_of(result)
    if first is None:
        return False
    body = reruns.comparison_of(result, first)
    services.keep_comparison(result_id=result.pk, of_id=first.pk, body=body, actor=clock())
    return True


def take_back() -> int:
    actor = clock()
    return sum(services.take_back_job(job_id=job_id, actor=actor) for job_id in queries.overdue())


def age() -> int:
    """One tier up for what waited long."""
    return services.age_jobs(actor=clock())


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
