"""What a heartbeat writes. Most write nothing, and the others one thing, so that a beat stays cheap. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from django.conf import settings

from landbridge.evaluations.models import Job, Worker

LEASE_EACH: Final = timedelta(seconds=10)
PROGRESS_EACH: Final = timedelta(seconds=1)
SEEN_EACH: Final = timedelta(seconds=10)
TOKEN_LIFE: Final = 2  # leases that a job's token lives without being renewed; the lease's end revokes it


class Write(StrEnum):
    LEASE = "lease"  # with progress
    TOKEN = "token"  # noqa: S105 a row
    WORKER = "worker"


def due(job: Job, worker: Worker, progress: Mapping[str, Any]) -> set[Write]:
    """``job`` carries the database's time as ``at`` and its token's end as ``token_until``."""
    now, lease = job.at, settings.LANDBRIDGE_LEASE  # type: ignore[attr-defined] # annotated
    token_until = job.token_until or now  # type: ignore[attr-defined] # annotated
    age = now - job.seen_at if job.seen_at else lease
    if age >= min(LEASE_EACH, lease / 4):
        ends = token_until < now + lease * 1.25  # no beat in between was free for it
        return {Write.LEASE, Write.TOKEN} if ends else {Write.LEASE}
    if token_until < now + lease * 1.5:
        return {Write.TOKEN}
    if unnoted(worker, now):
        return {Write.WORKER}
    changed = progress != job.progress and age >= min(PROGRESS_EACH, lease / 4)
    return {Write.LEASE} if changed else set()


def unnoted(worker: Worker, now: datetime) -> bool:
    """Who calls lives; that is noted now and then, not at each call."""
    return worker.stale or worker.last_seen is None or now - worker.last_seen > SEEN_EACH
