"""Whatever comes in whatever order, a job moves as its table says."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from landbridge.accounts.models import User
from landbridge.core import sweeps
from landbridge.core.errors import DomainError
from landbridge.core.machine import Who
from landbridge.evaluations import services
from landbridge.evaluations.machine import ACTIVE, JOB, TERMINAL, TRIES_IN_ALL, JobState
from landbridge.evaluations.models import Attempt, Job, JobEvent, Result, Share
from tests.jobs.ground import Bench, bench, model, queue, suite, task

EDGES = {(source, move.target) for move in JOB for source in move.sources}
DEEDS = ("lease", "beat", "finalize", "shard", "result", "release", "crash", "fault", "cancel", "expire", "zombie")


class World:
    """One job, one worker, and the leases it was ever given."""

    def __init__(self, one: Bench, actor: User, number: int) -> None:
        self.one, self.actor = one, actor
        self.job = queue(actor, model(f"lumen/m{number}"))
        self.leases: list[dict[str, Any]] = []

    def state(self) -> str:
        return str(Job.objects.values_list("state", flat=True).get(pk=self.job.pk))

    def do(self, deed: str) -> None:
        if deed == "lease":
            Job.objects.filter(pk=self.job.pk).update(not_before=None)
            answer = self.one.lease(self.job.pk)
            if answer.status_code == 201:
                self.leases.append(answer.json())
        elif deed == "cancel":
            try:
                services.cancel_job(job_id=self.job.pk, actor=self.actor)
            except DomainError:
                assert self.state() in TERMINAL
        elif deed == "expire":
            Job.objects.filter(pk=self.job.pk, state__in=ACTIVE).update(lease_until="2000-01-01T00:00:00Z")
            sweeps.run_once()
        elif self.leases:
            self.call(deed, self.leases[0 if deed == "zombie" else -1])

    def call(self, deed: str, spec: dict[str, Any]) -> None:
        one = self.one
        if deed in {"beat", "zombie"}:
            one.beat(spec)
        elif deed == "finalize":
            one.beat(spec, "finalizing")
        elif deed == "shard":
            one.put(spec, 0)
        elif deed == "result":
            one.result(spec, [{"index": 0, "sha256": one.put(spec, 0).json().get("kept", "")}])
        elif deed == "release":
            one.call("POST", one.at(spec, "/release"), {"reason": "drain"})
        else:
            code = "child_killed" if deed == "crash" else "plugin_fault"
            one.call("POST", one.at(spec, "/fault"), {"code": code, "text": "x", "retryable": deed == "crash"})


@pytest.mark.django_db
@hypothesis_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(deeds=st.lists(st.sampled_from(DEEDS), min_size=1, max_size=14))
def test_a_job_moves_only_along_its_table(ground: tuple[Bench, User], deeds: list[str]) -> None:
    one, ada = ground
    world = World(one, ada, Job.objects.count())
    attempt = 0
    for deed in deeds:
        before = world.state()
        world.do(deed)
        job = Job.objects.get(pk=world.job.pk)
        chain = _path(before, job.state)
        assert chain, f"{deed} moved a job from {before} to {job.state}"
        assert job.attempt >= attempt, "the fencing token never falls"
        attempt = job.attempt
        _holds(job)


def _path(start: str, end: str) -> bool:
    """One deed may take several moves (a result finalizes and accepts); terminal states never leave."""
    if start == end:
        return True
    if start in TERMINAL:
        return False
    seen, edge = {start}, {start}
    while edge:
        edge = {target for source, target in EDGES if source in edge} - seen
        seen |= edge
    return end in seen


def _holds(job: Job) -> None:
    attempts = Attempt.objects.filter(job=job)
    assert attempts.count() == job.attempt <= TRIES_IN_ALL
    assert attempts.filter(ended_at=None).count() == (1 if job.state in ACTIVE else 0)
    assert (job.ended_at is not None) == (job.state in TERMINAL)
    assert Result.objects.filter(job=job).count() == (1 if job.state == JobState.DONE else 0)
    seqs = list(JobEvent.objects.filter(job=job).values_list("seq", flat=True))
    assert seqs == list(range(1, job.event_seq + 1))
    running = Job.objects.filter(share=job.share_id, state__in=ACTIVE).count()
    assert Share.objects.get(pk=job.share_id).running == running


@pytest.fixture
def ground(db: None, ada: User) -> tuple[Bench, User]:
    suite("small", task("small_task"))
    Share.objects.update(running_limit=1000)
    return bench(), ada


def test_every_state_is_reached_and_terminal_ones_never_leave() -> None:
    reached = {JOB.initial} | {move.target for move in JOB}
    assert reached == set(JobState.values)
    assert not {source for source, _ in EDGES} & set(TERMINAL)


def test_a_worker_may_only_what_the_table_gives_it() -> None:
    assert set(JOB.allowed(JobState.QUEUED, Who.WORKER)) == {"lease"}
    assert set(JOB.allowed(JobState.QUEUED, Who.MEMBER)) == {"cancel"}
    for state in TERMINAL:
        assert JOB.allowed(state, *Who) == []
