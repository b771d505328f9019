"""What watchers of a job see. The job row's lock hands out the numbers, so a resuming reader can miss none."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from landbridge.core import time
from landbridge.core.db import step
from landbridge.core.machine import Who
from landbridge.core.prepared import PreparedUpdate, insert, slot
from landbridge.evaluations.machine import JOB
from landbridge.evaluations.models import Job, JobEvent


@dataclass(frozen=True, slots=True)
class Said:
    """What an event says. ``kind``: state, log or result."""

    kind: str
    data: Mapping[str, Any]


@step
def tell(job_id: str, kind: str, **data: Any) -> int:  # noqa: ANN401 JSON
    """Append one event (``state``, ``log`` or ``result``) and answer its number."""
    seq = next_seq(job_id)
    JobEvent.objects.create(job_id=job_id, seq=seq, kind=kind, data=data, at=time.now())
    return seq


def next_seq(job_id: str) -> int:
    """Take the row's lock and the next number in one statement, which the ORM has no words for."""
    table = connection.ops.quote_name(Job._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET event_seq = event_seq + 1 WHERE id = %s RETURNING event_seq", [job_id])  # noqa: S608 the table's own name
        (seq,) = cursor.fetchone()
    return int(seq)


@step
def move_and_tell(  # noqa: PLR0913 a move and what is said of it
    job: Job,
    action: str,
    *,
    who: Who,
    at: datetime,
    text: str = "",
    code: str = "",
    before: Collection[Said] = (),
    also: Collection[Said] = (),
    **sets: Any,  # noqa: ANN401 columns
) -> bool:
    """Take ``action`` on a job that was read under its row's lock, and tell it. False: it stands elsewhere.

    The lock makes the next number known, so the move and its number are one statement. The object follows the row.
    ``before`` is told first, ``also`` after it.
    """
    first, target = job.event_seq + 1, JOB[action].target
    where = {"attempt": job.attempt, "event_seq": job.event_seq}
    last = job.event_seq + len(before) + 1 + len(also)
    if not JOB.move(Job, job.pk, action, who=who, where=where, event_seq=last, state_since=at, **sets):
        return False
    job.event_seq, job.state = last, target
    attempt = job.attempt + 1 if action == "lease" else job.attempt
    said = {"state": target, "reason": {"code": code or target, "text": text or f"The job is {target}."}}
    told = (*before, Said("state", {**said, "attempt": attempt}), *also)
    insert(*(_event(job, number, one, at) for number, one in enumerate(told, start=first)))
    return True


@step
def add(job: Job, said: Said, *, at: datetime) -> None:
    """Tell more of a job that was read under its row's lock."""
    job.event_seq += 1
    _number(pk=job.pk, event_seq=job.event_seq)
    insert(_event(job, job.event_seq, said, at))


def _event(job: Job, number: int, said: Said, at: datetime) -> JobEvent:
    return JobEvent(job=job, seq=number, kind=said.kind, data=dict(said.data), at=at)


_number = PreparedUpdate(lambda: Job.objects.filter(pk=slot(Job, "id", "pk")), event_seq=slot(Job, "event_seq"))


@step
def tell_state(job_id: str, state: str, *, code: str = "", text: str = "", attempt: int | None = None) -> int:
    """The event of a move."""
    said = {"state": state, "reason": {"code": code or state, "text": text or f"The job is {state}."}}
    return tell(job_id, "state", **said, **({"attempt": attempt} if attempt is not None else {}))
