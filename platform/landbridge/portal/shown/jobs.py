"""A job as its page shows it: stages, reason, progress of each task, and a mark that changes when any of it does."""

import re
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Count, F, Q, Sum
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from landbridge.evaluations import queries
from landbridge.evaluations.machine import LIVE, TERMINAL, JobState
from landbridge.evaluations.models import Attempt, Job, LogChunk, Shard, TaskRecord
from landbridge.portal.explained import Explained, explain_fault
from landbridge.portal.explained.reasons import OUTCOMES, REASONS
from landbridge.portal.shown.boards import title_of

ORDER: Final = (JobState.QUEUED, JobState.LEASED, JobState.RUNNING, JobState.FINALIZING, JobState.DONE)
CONTROL: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f\ufffd]")
TAIL: Final = 8_000  # characters of the log that the page shows

WHO: Final[dict[str, Promise]] = {
    "platform": _("nobody has to act"),
    "worker": _("nobody has to act"),
    "nobody": _("nobody has to act"),
    "operator": _("the operator has to act"),
    "organization": _("your organization has to act"),
    "lab": _("the lab has to act"),
    "parties": _("the parties of the agreement have to act"),
    "key owner": _("the owner of the key has to act"),
}


@dataclass(frozen=True, slots=True)
class Stage:
    state: str
    look: str  # past, now, next, stopped


@dataclass(frozen=True, slots=True)
class TaskProgress:
    name: str
    title: str
    done: int
    total: int
    skipped: str = ""


@dataclass(frozen=True, slots=True)
class ShownJob:
    job: Job
    stages: tuple[Stage, ...]
    reason: str | Promise
    remedy: str | Promise  # what would change it
    detail: str  # the English sentence, where it says more
    who: str | Promise
    last: Explained | None  # what ended the last attempt, where that is not said above
    position: int | None
    eta: dict[str, Any] | None
    tasks: tuple[TaskProgress, ...]
    done: int
    total: int
    log: str
    over: bool


def mark_of(job_id: str) -> tuple[object, ...]:
    """What changes whenever the page would: one cheap statement."""
    row = (
        Job.objects.filter(pk=job_id)
        .annotate(kept=Count("shards", filter=~Q(shards__sha256="")))
        .values_list("state", "event_seq", "progress", "kept", "cancel_requested", "not_before")
        .first()
    )
    return (str(row), Job.objects.filter(state__in=LIVE).count())


def show(job: Job) -> ShownJob:
    standing = queries.standing_of(job)
    tasks = _tasks(job)
    reason = standing.reason
    told = words_of(reason.code)
    return ShownJob(
        job=job,
        stages=_stages(job),
        reason=told.title if told else reason.text,
        remedy=told.remedy if told else WHO.get(reason.who, reason.who),
        detail=reason.text if told else "",
        who=WHO.get(reason.who, reason.who),
        last=explain_fault(str(job.fault["last"]["code"])) if (job.fault.get("last") or {}).get("code") else None,
        position=standing.position,
        eta=standing.eta,
        tasks=tasks,
        done=max(sum(task.done for task in tasks), int(job.progress.get("items_done") or 0)),
        total=sum(task.total for task in tasks),
        log=_tail(job),
        over=job.state in TERMINAL,
    )


def words_of(code: str) -> Explained | None:
    """What a reason or a fault means, where there are words for it."""
    found = REASONS.get(code) or explain_fault(code)
    return found if found.known else None


def _stages(job: Job) -> tuple[Stage, ...]:
    if job.state in {JobState.FAILED, JobState.CANCELLED}:
        reached = JobState.RUNNING if job.attempt else JobState.QUEUED
        past = [Stage(state, "past") for state in ORDER[: ORDER.index(reached)]]
        return (*past, Stage(job.state, "stopped"))
    at = ORDER.index(JobState(job.state))
    looks = ["past" if place < at else "now" if place == at else "next" for place in range(len(ORDER))]
    if job.state == JobState.DONE:
        looks[-1] = "past"
    return tuple(Stage(state, look) for state, look in zip(ORDER, looks, strict=True))


def _tasks(job: Job) -> tuple[TaskProgress, ...]:
    items = F("stop") - F("start")
    rows = (
        Shard.objects.filter(job=job)
        .order_by()
        .values("task")
        .annotate(total=Sum(items), done=Sum(items, filter=~Q(sha256="")))
    )
    counted = {row["task"]: row for row in rows}
    records = TaskRecord.objects.in_bulk(list(counted))
    stage = str(job.progress.get("stage") or "")
    made = []
    for key, row in counted.items():
        task = records[key]
        made.append(TaskProgress(task.name, title_of(task), row["done"] or 0, row["total"] or 0))
    shown = sorted(made, key=lambda one: (one.done < one.total, f"task:{one.name}" != stage, one.name))
    named = {task.name: title_of(task) for task in queries.current_tasks().filter(name__in=list(job.skipped))}
    skipped = [TaskProgress(name, named.get(name, name), 0, 0, str(why)) for name, why in sorted(job.skipped.items())]
    return (*shown, *skipped)


def _tail(job: Job) -> str:
    chunks = LogChunk.objects.filter(job=job).order_by("-attempt", "-offset")[:20]
    return plain_log("".join(chunk.text for chunk in reversed(list(chunks))))[-TAIL:]


def plain_log(text: str) -> str:
    """As a terminal would leave it: a line that was written over shows its last state; no control characters."""
    lines = (CONTROL.sub("", line.rstrip("\r").rpartition("\r")[2]) for line in text.split("\n"))
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class ShownAttempt:
    row: Attempt
    outcome: str | Promise
    fault: Explained | None
    text: str  # as the worker or the platform said it, in English


def attempts_of(job: Job) -> list[ShownAttempt]:
    """The newest first, each with what ended it: the job's end may have another cause than the attempt's."""
    rows = Attempt.objects.filter(job=job).select_related("worker").order_by("-number")
    return [_attempt(row, row.fault.get("last") or row.fault) for row in rows]


def _attempt(row: Attempt, fault: dict[str, Any]) -> ShownAttempt:
    told = explain_fault(str(fault["code"])) if fault.get("code") else None
    return ShownAttempt(row, OUTCOMES.get(row.outcome, row.outcome), told, str(fault.get("text") or ""))


def suite_title(job: Job) -> str:
    if job.evaluation is None:
        return ""
    suite = job.evaluation.suite_revision.suite
    chinese = (get_language() or "").startswith("zh")
    return (chinese and suite.title_zh) or suite.title
