"""The life of a job, as a table. Spec, pages, API and property tests read it; no state changes outside it."""

from typing import Final

from django.db import models
from django.db.models import F, Q

from landbridge.core.machine import Guard, Machine, Move, Who


class JobState(models.TextChoices):
    QUEUED = "queued"
    LEASED = "leased"
    RUNNING = "running"
    FINALIZING = "finalizing"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


S = JobState
ACTIVE: Final = (S.LEASED, S.RUNNING, S.FINALIZING)
LIVE: Final = (S.QUEUED, *ACTIVE)
TERMINAL: Final = (S.DONE, S.FAILED, S.CANCELLED)
TRIES_WITHOUT_PROGRESS: Final = 3
TRIES_IN_ALL: Final = 30

WORKER, CLOCK, PEOPLE = (Who.WORKER,), (Who.CLOCK,), (Who.MEMBER, Who.OPERATOR)
FREE = {"worker": None, "instance": None, "lease_until": None}
RISE = {"attempt": F("attempt") + 1}  # the fencing token of every later write
UNASKED = Guard("nobody asked to cancel it and nothing holds it", Q(cancel_requested=False, hold=""))
ASKED = Guard("somebody asked to cancel it", Q(cancel_requested=True))
MAY_TRY = Guard("attempts are left", Q(no_progress__lt=TRIES_WITHOUT_PROGRESS, attempt__lt=TRIES_IN_ALL))

JOB = Machine("job", initial=S.QUEUED, moves=(
    Move("lease",     (S.QUEUED,),             S.LEASED,     WORKER,         UNASKED, RISE),
    Move("start",     (S.LEASED,),             S.RUNNING,    WORKER),
    Move("finalize",  (S.LEASED, S.RUNNING),   S.FINALIZING, WORKER),
    Move("accept",    (S.FINALIZING,),         S.DONE,       WORKER,         None,    FREE),
    Move("give_back", ACTIVE,                  S.QUEUED,     WORKER + CLOCK, MAY_TRY, FREE),
    Move("fail",      ACTIVE,                  S.FAILED,     WORKER + CLOCK, None,    FREE, "job.failed"),
    Move("obey",      ACTIVE,                  S.CANCELLED,  WORKER + CLOCK, ASKED,   FREE, "job.cancelled"),
    Move("cancel",    (S.QUEUED,),             S.CANCELLED,  PEOPLE,         None,    FREE, "job.cancelled"),
))  # fmt: skip
