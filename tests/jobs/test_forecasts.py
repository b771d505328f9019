"""When a job will be done: measured paces, and how far the forecasts are off."""

import heapq
import random
from datetime import timedelta
from itertools import count
from statistics import median
from typing import Any

import pytest
from pytest_django import Settings

from landbridge.accounts.models import User
from landbridge.core import time
from landbridge.evaluations import queries
from landbridge.evaluations.forecasts import Pace, bucket_of
from landbridge.evaluations.models import Job
from tests.jobs.ground import LABELS, Bench, bench, model, queue, suite, task

PACE = {"quick_task": 0.05, "slow_task": 0.4}  # seconds per item, in truth
LABEL = "class:cpu"
NOISE = random.Random(7)  # noqa: S311 the same in each run


def test_a_pace_follows_what_is_newest() -> None:
    pace = Pace()
    for seconds in [1.0] * 10 + [4.0] * 10:
        pace.add(seconds)
    assert 3.5 < pace.seconds <= 4.0 and pace.spread >= 0.1


def test_models_of_like_size_are_one_bucket() -> None:
    assert [bucket_of(one) for one in (0, 9, 900_000, 124_000_000, 7_000_000_000)] == [0, 0, 5, 8, 9]


@pytest.mark.django_db
def test_the_median_error_of_forecasts_is_below_thirty_percent(ada: User, settings: Settings) -> None:
    quick, slow = suite("quick", task("quick_task", rows=300)), suite("slow", task("slow_task", rows=120))
    slots = [bench(f"slot-{number}", labels=(*LABELS, LABEL)) for number in range(2)]
    for number in range(30):
        queue(ada, model(f"lumen/m{number}"), (quick, slow)[number % 3 == 0])
    said, ended = played(slots, settings)
    errors = [abs(forecast - ended[job]) / (ended[job] - asked) for job, asked, forecast in said if ended[job] > asked]
    assert len(errors) >= 20
    assert median(errors) <= 0.30, sorted(errors)


def played(slots: list[Bench], settings: Settings) -> tuple[list[tuple[str, float, float]], dict[str, float]]:
    """Run the queue on a clock of our own: (job, asked at, forecast end) of what waits, and when each job ended."""
    said: list[tuple[str, float, float]] = []
    ended: dict[str, float] = {}
    order, free, now = count(), list(slots), 0.0
    busy: list[tuple[float, int, Bench, dict[str, Any]]] = []
    while True:
        for slot in list(free):
            answer = slot.lease()
            if answer.status_code == 201:
                free.remove(slot)
                heapq.heappush(
                    busy, (now + began(slot, answer.json(), now, settings), next(order), slot, answer.json())
                )
        if not busy:
            return said, ended
        said += forecasts(now)
        now, _, slot, spec = heapq.heappop(busy)
        at(settings, now)
        slot.done(spec)
        ended[spec["job"]] = now
        free.append(slot)


def began(slot: Bench, spec: dict[str, Any], now: float, settings: Settings) -> float:
    """Start what was leased; seconds until it will be done."""
    at(settings, now + 1.0)  # download and load
    slot.beat(spec)
    at(settings, now)
    (only,) = spec["shards"]
    return float(1.0 + (only["stop"] - only["start"]) * PACE[only["task"]] * NOISE.lognormvariate(0, 0.15))


def forecasts(now: float) -> list[tuple[str, float, float]]:
    waiting = list(queries.jobs().filter(state="queued").order_by("submitted_at")[:3])
    found = [(job.pk, queries.standing_of(job).eta) for job in waiting]
    return [(job, now, now + eta["seconds"]) for job, eta in found if eta is not None]


def at(settings: Settings, seconds: float) -> None:
    settings.LANDBRIDGE_CLOCK_SHIFT = timedelta(seconds=seconds)


@pytest.mark.django_db
def test_none_is_told_without_a_worker_that_could_run_it(ada: User) -> None:
    one = bench()
    for number in range(4):
        queue(ada, model(f"lumen/m{number}"))
        spec = one.lease().json()
        one.beat(spec)
        one.done(spec)
    job = queue(ada, model("lumen/next"))
    assert queries.standing_of(queries.jobs().get(pk=job.pk)).eta is not None
    Job.objects.filter(pk=job.pk).update(needs_key="gpu.80,model:tester")
    standing = queries.standing_of(queries.jobs().get(pk=job.pk))
    assert (standing.eta, standing.reason.code) == (None, "no_worker_with_label")
    assert standing.reason.since <= time.db_now()
