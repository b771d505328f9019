"""The platform's part after a submission: screen, queue, publish. The sweeper does what a lost message left undone."""

import logging

from landbridge.accounts.clock import clock
from landbridge.core.tasks import control_task
from landbridge.evaluations import dispatch
from landbridge.submissions import examining, queries, services
from landbridge.submissions.models import Submission

log = logging.getLogger(__name__)
HERE = "landbridge.submissions.tasks"
SCREEN, EVALUATE, PUBLISH = f"{HERE}.screen_submission", f"{HERE}.queue_evaluation", f"{HERE}.publish_result"
SETTLE = f"{HERE}.settle_screening"


@control_task
def screen_submission(submission_id: str) -> None:
    _screen(submission_id)


@control_task
def queue_evaluation(submission_id: str) -> None:
    _evaluate(submission_id)


@control_task
def publish_result(result_id: str) -> None:
    actor = clock()
    for submission_id in queries.to_publish(result_id):
        services.publish_submission(submission_id=submission_id, actor=actor)


@control_task
def settle_screening(job_id: str) -> None:
    """A job ended; if it was a screening, the submission that waits for it goes on."""
    actor = clock()
    for submission_id in queries.to_settle(job_id):
        services.settle_screening(submission_id=submission_id, actor=actor)


def sweep_screened() -> int:
    actor = clock()
    found = queries.to_settle()
    for pk in found:
        services.settle_screening(submission_id=pk, actor=actor)
    return len(found)


def sweep_screening() -> int:
    return sum(_screen(pk) for pk in queries.to_screen())


def sweep_sealed() -> int:
    found = queries.to_queue()
    for pk in found:
        _evaluate(pk)
    return len(found)


def sweep_evaluated() -> int:
    actor = clock()
    return sum(services.publish_submission(submission_id=pk, actor=actor) for pk in queries.to_publish())


def _evaluate(submission_id: str) -> None:
    held = Submission.objects.select_related("revision__repo__namespace", "suite_revision__suite").get(pk=submission_id)
    needs: tuple[str, ...] = ()
    if held.revision is not None and held.suite_revision is not None:
        needs = dispatch.chosen(held.revision, held.suite_revision)
    services.queue_evaluation(submission_id=submission_id, needs=needs, actor=clock())


def _screen(submission_id: str) -> bool:
    """Screen once. An error of ours leaves the submission held: it is tried again when that lapses, thrice at most."""
    actor = clock()
    taken = services.start_screening(submission_id=submission_id, actor=actor)
    if taken is None:
        return False
    try:
        examined = examining.examine(taken)
    except Exception:
        log.exception("screening %s broke off (try %s)", submission_id, taken.tries)
        return False
    finished = services.finish_screening(submission_id=taken.pk, tries=taken.tries, examined=examined, actor=actor)
    if finished.screening_job_id is not None:  # this wheel may have been seen before
        services.settle_screening(submission_id=taken.pk, actor=actor)
    return True
