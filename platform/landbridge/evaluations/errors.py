"""What jobs and workers are told when something cannot be done."""

from landbridge.core.errors import Conflict, DomainError, Gone, Invalid, NotAllowed, TooMany


class Fenced(Conflict):
    """A write under a lease that is over. The worker kills its child and writes nothing more."""

    code = "fenced"
    title = "This attempt is over"


class Gap(Conflict):
    """A log chunk that does not start where the last one ended; ``detail["next"]`` says where that is."""

    code = "gap"
    title = "Bytes are missing before this chunk"


class JobEnded(Gone):
    code = "job_ended"
    title = "This job has ended"


class ProtocolTooOld(DomainError):
    code = "protocol"
    status = 426
    title = "Upgrade the worker"


class NotRegistered(Conflict):
    code = "not_registered"
    title = "Register first"


class WorkerDisabled(NotAllowed):
    code = "worker_disabled"
    title = "This worker is switched off"


class ShareFull(Exception):
    """The organization's limit was reached between the look and the write: roll back, answer "nothing to do"."""


class LeaseRepeated(Exception):
    """The key of this wish has a lease already: roll back, answer that one."""


class NotSealed(Conflict):
    code = "not_sealed"
    title = "Only a sealed version can be evaluated"


class NoTaskFits(DomainError):
    """The model can do no task of the suite; ``detail["tasks"]`` says why, task by task."""

    code = "no_task_fits"
    status = 422
    title = "The model can do none of the suite's tasks"


class NoOwnMachines(Conflict):
    code = "no_own_machines"
    title = "Your organization has attached no machine"


class QuotaExhausted(TooMany):
    """The organization's jobs of the day are used up; ``detail["resets_at"]`` says when there are new ones."""

    code = "quota_exhausted"
    title = "No more jobs today"


class BadShard(DomainError):
    code = "bad_shard"
    status = 422
    title = "The shard cannot be kept"


class BadResult(DomainError):
    """A result that is not what was leased: another signature, digest, task or shard."""

    code = "bad_result"
    status = 422
    title = "The result cannot be accepted"


class UnknownSuite(Invalid):
    code = "unknown_suite"
    title = "There is no such suite"
