"""Who comes next: tiers, what waiting earns, and shares that a flood cannot take."""

import heapq
from collections.abc import Sequence
from datetime import timedelta
from itertools import count

import pytest
from pytest_django import Settings

from landbridge.accounts.models import User
from landbridge.core import sweeps
from landbridge.evaluations.models import Job, Share
from tests.jobs.ground import LABELS, Bench, bench, model, queue, suite

pytestmark = pytest.mark.django_db
FAIR = 0.9


@pytest.fixture
def one() -> Bench:
    suite()
    return bench()


def test_waiting_raises_a_job_by_one_tier_each_six_hours(one: Bench, ada: User, settings: Settings) -> None:
    job = queue(ada)
    tiers = []
    for hours in (5, 6.1, 11, 12.2, 20, 40):
        settings.LANDBRIDGE_CLOCK_SHIFT = timedelta(hours=hours)
        sweeps.run_once()
        tiers.append(Job.objects.get(pk=job.pk).tier)
    assert tiers == [2, 1, 1, 0, 0, 0]


def test_what_has_waited_long_enough_goes_before_what_is_urgent_and_new(
    one: Bench, ada: User, settings: Settings
) -> None:
    old = queue(ada, model("lumen/old"))
    settings.LANDBRIDGE_CLOCK_SHIFT = timedelta(hours=6.5)
    sweeps.run_once()
    new = queue(ada, model("lumen/new"))
    Job.objects.filter(pk=new.pk).update(tier=1)
    assert [one.lease().json()["job"] for _ in range(2)] == [old.pk, new.pk]


def test_a_held_job_does_not_age(one: Bench, ada: User, settings: Settings) -> None:
    job = queue(ada)
    Job.objects.filter(pk=job.pk).update(hold="agreement")
    settings.LANDBRIDGE_CLOCK_SHIFT = timedelta(hours=7)
    assert sweeps.run_once()["jobs.age"] == 0 and Job.objects.get(pk=job.pk).tier == 2


def test_who_had_nothing_to_do_begins_with_the_others_not_before_them(one: Bench, ada: User) -> None:
    jobs = [queue(ada, model(f"busy/m{number}")) for number in range(3)]
    Share.objects.update(virtual_time=1000.0)
    late = [queue(ada, model(f"late/m{number}")) for number in range(3)]
    order = [one.lease().json()["job"] for _ in range(6)]
    first_half = {*order[:2]} | {*order[2:4]}
    assert len(first_half & {job.pk for job in jobs}) == len(first_half & {job.pk for job in late}) == 2


def test_a_wish_does_not_jump_the_queue(one: Bench, ada: User) -> None:
    flood = [queue(ada, model(f"flood/m{number}")) for number in range(3)]
    quiet = queue(ada, model("quiet/m"))
    assert one.lease(flood[0].pk).json()["job"] == flood[0].pk
    assert one.lease(flood[2].pk).json()["job"] == quiet.pk, "a wake-up is a hint, the order decides"
    assert one.lease(flood[2].pk).json()["job"] == flood[2].pk, "among one's own it is met"


def test_a_flood_takes_no_more_than_its_share(ada: User, settings: Settings) -> None:
    """Four slots, one lab with sixty jobs and four with eight; seconds served while all have work are nearly even."""
    suite()
    slots = [bench(f"slot-{number}", labels=LABELS) for number in range(4)]
    for number in range(60):
        queue(ada, model(f"flood/m{number}"))
    for number in range(8):
        for lab in range(4):
            queue(ada, model(f"lab{lab}/m{number}"))
    served = served_seconds(slots, settings)
    assert len(served) == 5
    assert jain(list(served.values())) >= FAIR, served


def served_seconds(slots: Sequence[Bench], settings: Settings) -> dict[str, float]:
    """Drive the real lease service on a clock of our own until a lab's queue is empty; seconds that each was served."""
    lasts = dict(zip(("flood", "lab0", "lab1", "lab2", "lab3"), (7.0, 3.0, 11.0, 5.0, 7.0), strict=True))
    served, order, free, now = dict.fromkeys(lasts, 0.0), count(), list(slots), 0.0
    busy: list[tuple[float, int, Bench, dict[str, object]]] = []
    while all(Job.objects.filter(state="queued", repo__namespace__name=lab).exists() for lab in lasts):
        for slot in list(free):
            answer = slot.lease()
            assert answer.status_code == 201
            spec = answer.json()
            lab = spec["model"]["repo"].partition("/")[0]
            served[lab] += lasts[lab]
            free.remove(slot)
            heapq.heappush(busy, (now + lasts[lab], next(order), slot, spec))
        now, _, slot, spec = heapq.heappop(busy)
        settings.LANDBRIDGE_CLOCK_SHIFT = timedelta(seconds=now)
        slot.beat(spec)
        slot.done(spec)
        free.append(slot)
    return served


def jain(shares: Sequence[float]) -> float:
    """1: all had the same; 1/n: one had everything."""
    return float(sum(shares) ** 2 / (len(shares) * sum(share**2 for share in shares)))
