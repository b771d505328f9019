"""Why a job is not done yet: a code, a sentence, since when, and who can change it. Never empty before the end."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from landbridge.core import time
from landbridge.evaluations.choosing import covers
from landbridge.evaluations.machine import JobState
from landbridge.evaluations.models import Job, Pool, Worker
from landbridge.evaluations.planning import ISOLATED

HOLDS = {
    "screening": ("hold_screening", "The submission is still being screened.", "platform"),
    "agreement": ("hold_agreement", "An agreement has to be signed first.", "parties"),
    "key_release": ("hold_key_release", "The owner of a key has to release it.", "key owner"),
    "operator": ("hold_operator", "The operator has put this job on hold.", "operator"),
}
STAGES = {"downloading": "Weights and data are being fetched.", "loading_model": "The model is being loaded."}


@dataclass(frozen=True, slots=True)
class Reason:
    code: str
    text: str
    since: datetime
    who: str

    def to_json(self) -> dict[str, Any]:
        return {"code": self.code, "text": self.text, "since": time.text(self.since), "who": self.who}


def reason_of(job: Job, workers: list[Worker], *, ahead: int, now: datetime) -> Reason:
    """``workers`` are all that are enrolled; ``ahead`` is how many jobs come first."""
    if job.state == JobState.QUEUED:
        return _queued(job, workers, ahead, now)
    return _ended(job) if job.ended_at is not None else _active(job)


def _ended(job: Job) -> Reason:
    if job.state == JobState.DONE:
        return Reason("done", "The result is accepted and signed.", job.state_since, "nobody")
    text = str(job.fault.get("text") or f"The job is {job.state}.")
    return Reason(str(job.fault.get("code") or job.state), text, job.state_since, str(job.fault.get("who") or "nobody"))


def _active(job: Job) -> Reason:
    since = job.state_since
    if job.cancel_requested:
        return Reason("cancel_pending", "The worker stops the job at its next call.", since, "worker")
    stage = str(job.progress.get("stage") or "")
    if stage in STAGES:
        return Reason(stage, STAGES[stage], since, "worker")
    if job.state == JobState.FINALIZING:
        return Reason("finalizing", "All answers are in; scores are computed and signed.", since, "worker")
    if job.state == JobState.LEASED:
        return Reason("downloading", STAGES["downloading"], since, "worker")
    doing = f" It is at {stage.removeprefix('task:')}." if stage else ""
    return Reason("running", f"Attempt {job.attempt} is running.{doing}", since, "worker")


def _queued(job: Job, workers: list[Worker], ahead: int, now: datetime) -> Reason:
    since = job.state_since
    if job.hold:
        code, text, who = HOLDS.get(job.hold, ("hold_operator", "The job is on hold.", "operator"))
        return Reason(code, text, since, who)
    if job.not_before is not None and job.not_before > now:
        last = str(job.fault.get("text") or "")
        lost = job.fault.get("code") in {"lease_expired", "worker_restarted"}
        text = f"Attempt {job.attempt} ended early; the next starts at {time.text(job.not_before)}. {last}".strip()
        return Reason("lease_expired_retrying" if lost else "backoff", text, since, "platform")
    able = [worker for worker in workers if can_run(worker, job)]
    if not able:
        return _nobody(job, workers, since)
    if job.share.running >= job.share.running_limit:
        text = f"This organization runs {job.share.running} jobs, its limit."
        return Reason("organization_limit", text, since, "organization")
    if ahead:
        return Reason("workers_busy", f"{ahead} ahead of it; {_count(len(able))} can run it.", since, "platform")
    return Reason("next_in_line", "It is next: a worker takes it as soon as one is free.", since, "platform")


def _nobody(job: Job, workers: list[Worker], since: datetime) -> Reason:
    needs = job.needs_key or "any"
    pausing = [one for one in workers if one.enabled and one.draining and not one.stale and fits(one, job)]
    if pausing:
        text = f"{_count(len(pausing))} could run it but takes no new jobs now: the operator drains it."
        return Reason("draining", text, since, "operator")
    seen = [worker for worker in workers if can_run(worker, job, live=False) and worker.last_seen is not None]
    if seen:
        last = max(seen, key=lambda worker: worker.last_seen or since)
        when = time.text(last.last_seen) if last.last_seen else "never"
        text = f"The last worker that could run it, {last.name}, was heard of at {when}. Start it again."
    else:
        text = f"No worker with the label {needs} has registered in the pool {job.pool}. Start one that has it."
    if ISOLATED in job.needs_key.split(",") and (open_ones := [one for one in workers if lacks_isolation(one, job)]):
        text = f"It runs a lab's code, and {_count(len(open_ones))} that could run it cannot isolate it. See doctor."
        return Reason("no_isolated_worker", text, since, "operator")
    return Reason("no_worker_with_label", text, since, "operator")


def can_run(worker: Worker, job: Job, *, live: bool = True) -> bool:
    return fits(worker, job) and (takes(worker) or not live)


def fits(worker: Worker, job: Job) -> bool:
    """Whether it is of the job's pool, may have its things, and carries the labels."""
    return of_pool(worker, job) and covers(worker.labels, job.needs_key)


def of_pool(worker: Worker, job: Job) -> bool:
    """A party's machine runs its own jobs only."""
    own = worker.pool == Pool.OPERATOR or worker.organization_id == job.organization_id
    return worker.pool == job.pool and own


def lacks_isolation(worker: Worker, job: Job) -> bool:
    return takes(worker) and of_pool(worker, job) and covers([*worker.labels, ISOLATED], job.needs_key)


def takes(worker: Worker) -> bool:
    """Whether it asks for jobs at all."""
    return worker.enabled and not (worker.stale or worker.draining or worker.last_seen is None)


def _count(number: int) -> str:
    return "one worker" if number == 1 else f"{number} workers"
