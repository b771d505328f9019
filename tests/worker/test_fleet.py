"""People decide about machines: drain, switch off, switch on, revoke. Each is told in the ledger."""

from datetime import timedelta

import pytest
from pytest_django import Settings

from landbridge.accounts.clock import clock
from landbridge.accounts.models import Token, User
from landbridge.core.models import Line
from landbridge.evaluations import queries, services
from landbridge.evaluations.machine import JobState
from landbridge.evaluations.models import Attempt, Job, Worker
from tests.jobs.ground import bench, queue

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _each_beat_is_written(settings: Settings) -> None:
    settings.LANDBRIDGE_LEASE = timedelta(seconds=45)


def verbs() -> list[str]:
    return list(Line.objects.filter(verb__startswith="worker.").order_by("pk").values_list("verb", flat=True))


def test_a_drained_worker_ends_its_shard_gives_the_job_back_and_takes_none(ada: User) -> None:
    one = bench()
    job = queue(ada)
    spec = one.lease().json()
    services.drain_worker(worker_id=one.worker.pk, actor=clock())
    services.drain_worker(worker_id=one.worker.pk, actor=clock())
    assert one.beat(spec).json()["directive"] == "release"
    assert one.call("POST", one.at(spec, "/release"), {"reason": "release"}).json() == {"state": "queued"}
    assert not Attempt.objects.get(job=job).counted and one.lease().status_code == 204
    assert queries.standing_of(Job.objects.select_related("share").get(pk=job.pk)).reason.code != "next_in_line"
    services.enable_worker(worker_id=one.worker.pk, actor=clock())
    assert one.lease().status_code == 201
    assert verbs()[-2:] == ["worker.drained", "worker.enabled"]


def test_a_lease_whose_answer_was_lost_is_told_again_though_the_worker_drains(ada: User) -> None:
    one = bench()
    queue(ada)
    spec = one.lease(key="same").json()
    services.drain_worker(worker_id=one.worker.pk, actor=clock())
    again = one.lease(key="same")
    assert again.status_code == 200 and again.json()["attempt"] == spec["attempt"]


def test_a_switched_off_worker_loses_its_job_at_once_and_nobody_is_blamed(ada: User) -> None:
    one = bench()
    job = queue(ada)
    spec = one.lease().json()
    services.disable_worker(worker_id=one.worker.pk, actor=clock())
    job.refresh_from_db()
    attempt = Attempt.objects.get(job=job)
    assert (job.state, attempt.outcome, attempt.counted, job.no_progress) == (JobState.QUEUED, "released", False, 0)
    assert one.beat(spec).json()["code"] == "worker_disabled" and one.lease().json()["code"] == "worker_disabled"
    services.enable_worker(worker_id=one.worker.pk, actor=clock())
    assert one.lease().json()["attempt"] == 2
    assert verbs()[-2:] == ["worker.disabled", "worker.enabled"]


def test_a_revoked_token_opens_nothing_any_more(ada: User) -> None:
    one = bench()
    queue(ada)
    spec = one.lease().json()
    services.revoke_worker(worker_id=one.worker.pk, actor=clock())
    services.revoke_worker(worker_id=one.worker.pk, actor=clock())
    assert one.beat(spec).status_code == 401 and one.lease().status_code == 401
    assert not Token.objects.filter(user=one.worker.user, revoked_at=None).exists()
    assert verbs().count("worker.revoked") == 1


def test_how_busy_a_gpu_is_stands_with_the_gpu_that_registered(ada: User) -> None:
    one = bench()
    Worker.objects.filter(pk=one.worker.pk).update(devices=[{"uuid": "GPU-1", "name": "H100", "memory_mb": 81559}])
    queue(ada)
    spec = one.lease().json()
    load = [{"uuid": uuid, "used_percent": 87, "memory_used_mb": 40210} for uuid in ("GPU-1", "GPU-of-another")]
    assert one.beat(spec, gpus=load, items_done=3).status_code == 200
    (device,) = Worker.objects.get(pk=one.worker.pk).devices
    assert (device["name"], device["used_percent"], device["memory_used_mb"]) == ("H100", 87, 40210)
    assert "gpus" not in Job.objects.get().progress and device["measured_at"].endswith("Z")
