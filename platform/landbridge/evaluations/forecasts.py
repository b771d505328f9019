"""How long jobs take here, as measured: seconds per item by task, size of the model and device class.

A forecast is the median with its 90 % bound, and says what it rests on; where nothing was measured there is none.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import F, Sum

from landbridge.evaluations.models import Attempt, Job, Shard, Worker
from landbridge.evaluations.planning import DEVICE, parameters_of

SAMPLE: Final = 60  # finished attempts, the newest
FEWEST: Final = 3  # finished jobs, before anything is told
ALPHA: Final = 0.3  # weight of the newest measure
LEAST_SPREAD: Final = 0.1  # of the logarithm: no forecast claims to be surer
BOUND: Final = 1.2816  # standard deviations to the 90 % point
START: Final = ""  # the pace of what comes before and after the answers, per job
ANY: Final = -1

Key = tuple[str, int, str]  # task, bucket of parameters, device class


@dataclass(slots=True)
class Pace:
    """An exponentially weighted mean of logarithms of seconds, and their variance."""

    mean: float = 0.0
    variance: float = 0.0
    count: int = 0

    def add(self, seconds: float) -> None:
        value = math.log(max(seconds, 1e-6))
        if self.count == 0:
            self.mean = value
        off = value - self.mean
        self.mean += ALPHA * off
        self.variance = (1 - ALPHA) * (self.variance + ALPHA * off * off)
        self.count += 1

    @property
    def seconds(self) -> float:
        return math.exp(self.mean)

    @property
    def spread(self) -> float:
        return max(LEAST_SPREAD, math.sqrt(self.variance))


@dataclass(frozen=True, slots=True)
class Work:
    """What is left of some jobs: items by task, and how many of them still have to start."""

    items: Mapping[str, float]
    starts: float = 1.0
    bucket: int = ANY
    device: str = ""


@dataclass(slots=True)
class Paces:
    """What this instance has measured."""

    jobs: int = 0
    by_key: dict[Key, Pace] = field(default_factory=lambda: defaultdict(Pace))

    def of(self, task: str, bucket: int, device: str) -> Pace | None:
        """The closest that was measured: this size and device, this size, this task, anything."""
        for key in ((task, bucket, device), (task, bucket, ""), (task, ANY, ""), ("*", ANY, "")):
            if (found := self.by_key.get(key)) is not None:
                return found
        return None

    def seconds(self, work: Work) -> tuple[float, float]:
        """(median, logarithmic spread) of the time that ``work`` takes one slot."""
        total, weighted = 0.0, 0.0
        for task, amount in [*work.items.items(), (START, work.starts)]:
            pace = self.of(task, work.bucket, work.device)
            if pace is not None:
                total += amount * pace.seconds
                weighted += amount * pace.seconds * pace.spread
        return total, weighted / total if total else LEAST_SPREAD

    def add(self, task: str, bucket: int, device: str, seconds: float) -> None:
        keys: list[Key] = [(task, bucket, device), (task, bucket, ""), (task, ANY, "")]
        for key in keys + ([("*", ANY, "")] if task != START else []):
            self.by_key[key].add(seconds)


def bucket_of(parameters: int) -> int:
    """Models of like size: the power of ten of their parameters."""
    return int(math.log10(parameters)) if parameters > 0 else 0


def measured() -> Paces:
    """From the newest finished attempts, the oldest of them first. Three statements."""
    rows = Attempt.objects.filter(outcome="done").order_by("-ended_at")
    attempts = list(rows.select_related("job__evaluation__revision")[:SAMPLE])[::-1]
    kept: dict[str, list[Shard]] = defaultdict(list)
    shards = Shard.objects.filter(job__in=[one.job_id for one in attempts], kept_at__isnull=False)
    for shard in shards.select_related("task").order_by("kept_at", "index"):
        kept[shard.job_id].append(shard)
    found = Paces(jobs=len(attempts))
    for attempt in attempts:
        bucket, device = size_of(attempt.job), attempt.device.removeprefix(DEVICE)
        for task, seconds in _samples(attempt, [one for one in kept[attempt.job_id] if one.attempt == attempt.number]):
            found.add(task, bucket, device, seconds)
    return found


def size_of(job: Job) -> int:
    return bucket_of(parameters_of(job.evaluation.revision)) if job.evaluation else 0


def _samples(attempt: Attempt, shards: list[Shard]) -> Iterator[tuple[str, float]]:
    """Seconds per item of each task that the attempt ran, and what the rest of it took."""
    if attempt.ended_at is None or not shards:
        return
    began = attempt.running_at or attempt.started_at  # a short job may end before its first beat
    spent: dict[str, float] = defaultdict(float)
    items: dict[str, int] = defaultdict(int)
    before = began
    for shard in shards:
        assert shard.kept_at is not None  # noqa: S101 the query's condition
        spent[shard.task.name] += max(0.0, (shard.kept_at - before).total_seconds())
        items[shard.task.name] += shard.stop - shard.start
        before = max(before, shard.kept_at)
    for task, seconds in spent.items():
        yield task, seconds / items[task]
    yield START, ((began - attempt.started_at) + (attempt.ended_at - before)).total_seconds()


def work_of(jobs: Iterable[str]) -> dict[str, dict[str, float]]:
    """Items that are not in yet, by job and task."""
    rows = Shard.objects.filter(job__in=list(jobs), sha256="").order_by()
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for job, task, items in rows.values_list("job", "task__name").annotate(items=Sum(F("stop") - F("start"))):
        found[job][task] = float(items)
    return found


def left(job: Job, items: Mapping[str, float], paces: Paces, device: str, now: datetime) -> tuple[float, float]:
    """(median, spread) of what a job that runs, or would run now, still takes its slot."""
    median, spread = paces.seconds(Work(items, 1.0, size_of(job), device))
    if job.lease_until is None:
        return median, spread
    done, total = float(job.progress.get("items_done") or 0), float(job.items_total or 1)
    gone = (now - job.state_since).total_seconds()
    by_time = max(median - gone, median / 10)
    whole = sum(items.values()) or 1.0
    by_items = median * max(0.0, 1 - max(0.0, done - (total - whole)) / whole)
    return min(by_time, by_items) if done else by_time, spread


@dataclass(frozen=True, slots=True)
class Others:
    """Who shares the slots: workers that can run the job, jobs ahead of it, and those that run."""

    able: list[Worker]
    ahead: list[str] = field(default_factory=list)
    running: list[Job] = field(default_factory=list)


def eta(job: Job, others: Others, paces: Paces, now: datetime) -> dict[str, Any] | None:
    """Seconds until the end: the median, and what one in ten stays below or goes beyond. ``None`` without a basis."""
    slots = sum(worker.slots for worker in others.able)
    if job.ended_at is not None or paces.jobs < FEWEST or not (slots or job.lease_until):
        return None
    device = device_of(others.able)
    work = work_of([job.pk, *others.ahead, *(one.pk for one in others.running)])
    median, spread = left(job, work.get(job.pk, {}), paces, device, now)
    if job.lease_until is None:
        waits = _before(others, work, paces, device, now)
        due = max(timedelta(0), job.not_before - now).total_seconds() if job.not_before else 0.0
        median += max(waits / slots, due)
    low, high = median * math.exp(-BOUND * spread), median * math.exp(BOUND * spread)
    basis = f"{paces.jobs} finished jobs, {slots} eligible slots"
    return {"seconds": round(median, 1), "low": round(low, 1), "high": round(high, 1), "basis": basis}


def _before(others: Others, work: Mapping[str, Mapping[str, float]], paces: Paces, device: str, now: datetime) -> float:
    """Seconds of one slot that the jobs ahead and those that run still take."""
    items: dict[str, float] = defaultdict(float)
    for pk in others.ahead:
        for task, amount in work.get(pk, {}).items():
            items[task] += amount
    ahead = paces.seconds(Work(items, float(len(others.ahead)), ANY, device))[0]
    return ahead + sum(left(one, work.get(one.pk, {}), paces, device, now)[0] for one in others.running)


def device_of(able: Iterable[Worker]) -> str:
    """The device class that most of these slots have, where they say it."""
    slots: dict[str, int] = defaultdict(int)
    for worker in able:
        for label in worker.labels:
            if label.startswith(DEVICE):
                slots[label.removeprefix(DEVICE)] += worker.slots
    return max(sorted(slots), key=lambda one: slots[one], default="")
