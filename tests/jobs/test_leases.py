"""Leases: one conditional UPDATE decides who runs, and the attempt's number fences every later write."""

import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from landbridge.accounts.clock import clock
from landbridge.accounts.models import Token, User
from landbridge.accounts.tokens import digest_of
from landbridge.core import outbox, sweeps, time
from landbridge.evaluations import services
from landbridge.evaluations.machine import JobState
from landbridge.evaluations.models import Attempt, Job, Share, Worker
from landbridge.evaluations.values import Registration
from tests.jobs.ground import Bench, bench, model, queue, suite


@pytest.fixture
def one(db: None) -> Bench:
    return bench()


def test_a_queued_job_wakes_a_worker_and_is_leased_with_a_token_of_its_own(one: Bench, ada: User) -> None:
    job = queue(ada)
    assert ("landbridge.wake", job.pk, "wake.cpu") in [(m.task, m.identity, m.queue) for m in _kept(job)]
    answer = one.lease()
    spec = answer.json()
    assert (answer.status_code, spec["job"], spec["attempt"]) == (201, job.pk, 1)
    assert spec["model"]["digest"] == job.tree_digest
    token = Token.objects.get(digest=digest_of(spec["hub"]["token"]))
    assert token.kind == "job" and token.reach["job"] == job.pk
    assert {one["repo"] for one in token.reach["repos"]} == {"lumen/tester", "landbridge/small_task"}


def _kept(job: Job) -> list[outbox.Message]:
    """Inside a test's transaction nothing commits; a sweep sends the same message again."""
    Job.objects.filter(pk=job.pk).update(woken_at=None)
    with _committing():
        services.rewake_jobs(actor=clock())
    return list(outbox.kept)


class _committing:  # noqa: N801 reads as a word in a with
    """Run what the open transaction would run on commit."""

    def __enter__(self) -> None:
        self.start = len(connection.run_on_commit)

    def __exit__(self, *_: object) -> None:
        for hook in connection.run_on_commit[self.start :]:
            hook[1]()


def test_a_doubled_wake_up_is_leased_once(one: Bench, ada: User) -> None:
    job = queue(ada)
    assert one.lease(job.pk).status_code == 201
    second = one.lease(job.pk)
    assert (second.status_code, second["Retry-After"]) == (204, "2")
    assert Attempt.objects.count() == 1


def test_a_lost_answer_is_asked_for_again_with_the_same_key(one: Bench, ada: User) -> None:
    queue(ada)
    first, again = one.lease(key="k1"), one.lease(key="k1")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["attempt"] == again.json()["attempt"] == 1
    assert first.json()["hub"]["token"] != again.json()["hub"]["token"]
    assert Token.objects.filter(kind="job", revoked_at=None).count() == 1, "the token that was lost is dead"
    assert Share.objects.get().running == 1


def test_a_key_whose_lease_is_over_is_gone(one: Bench, ada: User) -> None:
    queue(ada)
    spec = one.lease(key="k1").json()
    one.call("POST", one.at(spec, "/release"), {"reason": "drain"})
    answer = one.lease(key="k1")
    assert (answer.status_code, answer.json()["code"]) == (410, "job_ended")


def test_a_worker_without_the_label_gets_nothing(db: None, ada: User) -> None:
    queue(ada)
    assert bench("other", labels=("cpu",)).lease().status_code == 204


def test_a_worker_of_another_pool_gets_nothing(db: None, ada: User) -> None:
    queue(ada)
    assert bench("lab-box", pool="lab").lease().status_code == 204


def test_a_job_on_hold_or_not_yet_due_is_not_leased(one: Bench, ada: User) -> None:
    job = queue(ada)
    Job.objects.filter(pk=job.pk).update(hold="operator")
    assert one.lease(job.pk).status_code == 204
    Job.objects.filter(pk=job.pk).update(hold="", not_before=time.db_now() + timedelta(minutes=1))
    assert one.lease(job.pk).status_code == 204


def test_an_organization_at_its_limit_waits(one: Bench, ada: User) -> None:
    first, second = queue(ada), queue(ada, model("lumen/second"))
    Share.objects.update(running_limit=1)
    assert one.lease(first.pk).status_code == 201
    assert one.lease(second.pk).status_code == 204


def test_of_equal_tiers_the_organization_that_had_less_goes_first(one: Bench, ada: User) -> None:
    suite()
    jobs = [queue(ada, model(f"lumen/m{number}")) for number in range(3)]
    late = queue(ada, model("quiet/model"))
    order = [one.lease().json()["job"] for _ in range(4)]
    assert order[0] == jobs[0].pk
    assert order.index(late.pk) == 1, "the organization that flooded waits, the other does not"


def test_a_lower_tier_goes_first(one: Bench, ada: User) -> None:
    queue(ada)
    urgent = queue(ada, model("lumen/urgent"))
    Job.objects.filter(pk=urgent.pk).update(tier=0)
    assert one.lease().json()["job"] == urgent.pk


@pytest.fixture
def expired(one: Bench, ada: User, settings: Settings) -> dict[str, Any]:
    """A lease whose time is over."""
    queue(ada)
    spec: dict[str, Any] = one.lease().json()
    settings.LANDBRIDGE_CLOCK_SHIFT = timedelta(minutes=2)
    return spec


def test_a_silent_workers_job_is_queued_again_with_a_reason(expired: dict[str, Any]) -> None:
    assert sweeps.run_once()["jobs.take_back"] == 1
    job = Job.objects.get()
    assert (job.state, job.no_progress, job.fault["code"]) == (JobState.QUEUED, 1, "lease_expired")
    assert Attempt.objects.get().outcome == "lost"
    assert Share.objects.get().running == 0
    assert sweeps.run_once()["jobs.take_back"] == 0


ZOMBIE: list[tuple[str, str, object]] = [
    ("POST", "/heartbeat", {"state": "running"}),
    ("GET", "", None),
    ("GET", "/shards/0", None),
    ("POST", "/logs", {"offset": 0, "text": "still here\n"}),
    ("POST", "/result", {"results": {}, "envelope": {}, "shards": []}),
    ("POST", "/keys", {}),
]


@pytest.mark.parametrize(("method", "what", "body"), ZOMBIE)
def test_a_zombies_write_is_refused(one: Bench, expired: dict[str, Any], method: str, what: str, body: object) -> None:
    sweeps.run_once()
    answer = one.call(method, one.at(expired, what), body)
    assert (answer.status_code, answer.json()["code"]) == (409, "fenced"), answer.content


def test_a_zombies_shard_is_refused_after_another_took_over(
    one: Bench, expired: dict[str, Any], settings: Settings
) -> None:
    sweeps.run_once()
    settings.LANDBRIDGE_CLOCK_SHIFT = timedelta(minutes=5)
    other = bench("two")
    assert other.lease().json()["attempt"] == 2
    assert one.put(expired, 0).json()["code"] == "fenced"
    assert Job.objects.get().shards.exclude(sha256="").count() == 0


def test_the_first_attempts_token_dies_with_its_lease(expired: dict[str, Any]) -> None:
    sweeps.run_once()
    assert not Token.objects.filter(kind="job", revoked_at=None).exists()


def test_a_new_process_of_the_worker_ends_the_old_ones_leases_at_once(one: Bench, ada: User) -> None:
    queue(ada)
    spec = one.lease().json()
    said = Registration(instance=uuid.uuid4(), labels=tuple(one.worker.labels), public_key=one.signer.public_hex)
    services.register_worker(registration=said, pool="operator", actor=one.worker.user)
    assert Job.objects.get().state == JobState.QUEUED
    assert one.beat(spec).json()["code"] == "fenced"
    assert Job.objects.get().fault["code"] == "worker_restarted"


def test_the_same_process_registering_again_keeps_its_leases(one: Bench, ada: User) -> None:
    queue(ada)
    one.lease()
    worker = Worker.objects.get()
    body = {"instance": str(worker.instance), "labels": list(worker.labels), "public_key": worker.public_key}
    answer = one.call("POST", "register", body)
    assert (answer.status_code, answer.json()["worker"]) == (200, worker.pk)
    assert Job.objects.get().state == JobState.LEASED


def test_a_process_that_was_replaced_is_told_so(one: Bench) -> None:
    answer = one.call("POST", "leases", {}, headers={"Landbridge-Instance": str(uuid.uuid4()), "Idempotency-Key": "k"})
    assert (answer.status_code, answer.json()["code"]) == (409, "replaced")


def test_a_worker_of_another_protocol_is_told_to_upgrade(one: Bench) -> None:
    assert one.call("POST", "leases", {}, headers={"Landbridge-Protocol": "0"}).status_code == 426


def test_a_persons_token_opens_no_worker_door(one: Bench, ada: User, client: Client) -> None:
    client.force_login(ada)
    answer = client.post("/api/worker/v1/leases", {}, content_type="application/json")
    assert answer.status_code in {401, 403}


def test_a_lease_takes_ten_statements_and_a_heartbeat_three(one: Bench, ada: User, settings: Settings) -> None:
    for number in range(5):
        queue(ada, model(f"lumen/m{number}"))
    one.lease()
    with CaptureQueriesContext(connection) as lease:
        spec = one.lease().json()
    assert _statements(lease) <= 10
    one.beat(spec, "running")
    for second in range(4, 121, 4):
        settings.LANDBRIDGE_CLOCK_SHIFT = timedelta(seconds=second)
        with CaptureQueriesContext(connection) as beat:
            assert one.beat(spec, "running", items_done=second).json()["lease_s"] >= 30
        assert _statements(beat) <= 3, beat.captured_queries
        token, job = Token.objects.get(kind="job", reach__job=spec["job"]), Job.objects.get(pk=spec["job"])
        assert job.lease_until is not None and token.expires_at >= job.lease_until > time.db_now()
    seen = Worker.objects.get().last_seen
    assert seen is not None and seen > time.db_now() - timedelta(seconds=30)


def _statements(captured: CaptureQueriesContext) -> int:
    return sum("SAVEPOINT" not in str(query["sql"]) for query in captured.captured_queries)


@pytest.fixture
def committed(transactional_db: None) -> Iterator[None]:
    yield
    connection.close()


def test_twelve_workers_that_ask_at_once_get_one_job_once(committed: None, ada: User) -> None:
    queue(ada)
    benches = [bench(f"w{number}") for number in range(12)]
    start = threading.Barrier(12)

    def ask(one: Bench) -> int:
        start.wait()
        try:
            return int(one.lease().status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(ask, benches))
    assert sorted(answers) == [201, *[204] * 11]
    assert Attempt.objects.count() == 1 and Share.objects.get().running == 1


@pytest.mark.parametrize(("method", "path", "status"), [
    ("POST", "nowhere", 404),
    ("GET", "attempts/01aaaaaaaaaaaaaaaaaaaaaaaa/x", 404),
    ("GET", "leases", 405),
])  # fmt: skip
def test_the_workers_door_answers_in_problems_without_any_page(
    one: Bench, client: Client, method: str, path: str, status: int
) -> None:
    headers = {"Authorization": f"Bearer {one.token}", "Landbridge-Protocol": "1"}
    answer = client.generic(method, f"/api/worker/v1/{path}", headers=headers)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    assert answer.json()["status"] == status and answer["X-Request-Id"]
    assert answer["X-Content-Type-Options"] == "nosniff" and not answer.cookies
