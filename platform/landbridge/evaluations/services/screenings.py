"""What a worker found of a lab's wheel."""

from django.db import transaction

from landbridge.accounts.models import User
from landbridge.core import keys, ledger, outbox, time
from landbridge.core.machine import Who
from landbridge.evaluations import screenings, steps, verification
from landbridge.evaluations.errors import BadResult
from landbridge.evaluations.events import move_and_tell
from landbridge.evaluations.models import JobKind, Screening, Worker
from landbridge.evaluations.values import Delivery
from landbridge_client import dsse


@transaction.atomic(durable=True)
def deliver_screening(  # noqa: PLR0913 an attempt's address, what it brings, and who signs for it
    *, job_id: str, number: int, worker: Worker, delivery: Delivery, signer: dsse.Signer, actor: User
) -> tuple[Screening, bool]:
    """Check a screening against its lease, countersign it and keep it. Sent again, the kept one.

    Raises ``Fenced``, ``JobEnded``, ``BadResult`` (nothing is kept).
    """
    digest = verification.digest_of(delivery.envelope)
    kept = Screening.objects.filter(job=job_id, attempt=number, worker=worker, digest=digest).first()
    if kept is not None:
        return kept, False
    job = steps.hold_lease(job_id, number, worker)
    if job.kind != JobKind.SCREENING:
        raise BadResult("This job is no screening: its result has scores.", what="kind")
    if why := keys.problem_of(worker.public_key, time.db_now()):
        raise BadResult(f"The worker's key may not sign: {why}. Start the worker with a new one.", what="key")
    screenings.check(job, number, worker.public_key, delivery.results, delivery.envelope)
    made = Screening.objects.create(
        job=job,
        attempt=number,
        worker=worker,
        accepted_at=time.db_now(),
        body=delivery.results,
        envelope=dsse.countersign(delivery.envelope, signer),
        digest=digest,
    )
    said = "The conformance kit has answered."
    move_and_tell(job, "finalize", who=Who.WORKER, at=time.db_now(), text=said)
    steps.finish(job, who=Who.WORKER, action="accept", outcome="done")
    outbox.publish("screening.accepted", job.pk)
    ledger.record("screening.accepted", subject=made, actor=actor, digest=digest, job=job.pk)
    return made, True
