"""What watchers of a job see. The job row's lock hands out the numbers, so a resuming reader can miss none."""

from typing import Any

from django.db.models import F

from landbridge.core import time
from landbridge.core.db import step
from landbridge.evaluations.models import Job, JobEvent


@step
def tell(job_id: str, kind: str, **data: Any) -> int:  # noqa: ANN401 JSON
    """Append one event (``state``, ``log`` or ``result``) and answer its number."""
    Job.objects.filter(pk=job_id).update(event_seq=F("event_seq") + 1)
    seq = int(Job.objects.values_list("event_seq", flat=True).get(pk=job_id))
    JobEvent.objects.create(job_id=job_id, seq=seq, kind=kind, data=data, at=time.db_now())
    return seq


@step
def tell_state(job_id: str, state: str, *, code: str = "", text: str = "", attempt: int | None = None) -> int:
    """The event of a move."""
    said = {"state": state, "reason": {"code": code or state, "text": text or f"The job is {state}."}}
    return tell(job_id, "state", **said, **({"attempt": attempt} if attempt is not None else {}))
