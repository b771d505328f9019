"""Quotas: of fifty that ask at once exactly as many get a job as there are, whichever database decides."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http import HTTPStatus

import pytest
from django.db import connection, transaction
from django.test import Client
from pytest_django import Settings

from landbridge.accounts.clock import clock
from landbridge.accounts.models import Organization, User
from landbridge.core import sweeps, time
from landbridge.evaluations import quotas, services
from landbridge.evaluations.errors import QuotaExhausted
from landbridge.evaluations.machine import TRIES_WITHOUT_PROGRESS, JobState
from landbridge.evaluations.models import Job, QuotaWindow, Share
from landbridge.submissions.models import Submission
from tests.jobs.ground import Bench, bench, model, queue, suite
from tests.jobs.test_requests import committed, token

ASKING, LIMIT = 50, 5
DAY = timedelta(days=1)


@pytest.fixture
def few(settings: Settings) -> int:
    """As many jobs a day as the tests can count."""
    settings.LANDBRIDGE_DAILY_JOBS = LIMIT
    return LIMIT


@pytest.fixture
def apart(transactional_db: None) -> Iterator[None]:
    yield
    connection.close()


def test_of_fifty_that_ask_at_once_five_get_a_job(apart: None, few: int, lumen: Organization, ada: User) -> None:
    suite()
    names = [committed(model(f"lumen/m{number}")).repo.name for number in range(ASKING)]
    said, start = token(ada, "evaluate"), threading.Barrier(ASKING)

    def ask(name: str) -> tuple[int, str, str]:
        start.wait()
        try:
            wanted = {"model": f"lumen/{name}", "suite": "small"}
            answer = Client().post("/api/v1/evaluations", wanted, content_type="application/json", headers=said)
            return answer.status_code, answer.json().get("code", ""), answer.get("Retry-After", "")
        finally:
            connection.close()

    with ThreadPoolExecutor(ASKING) as pool:
        answers = list(pool.map(ask, names))
    granted = [one for one in answers if one[0] == HTTPStatus.ACCEPTED]
    refused = [one for one in answers if one[:2] == (HTTPStatus.TOO_MANY_REQUESTS, "quota_exhausted")]
    assert (len(granted), len(refused)) == (few, ASKING - few), answers
    assert all(1 <= int(wait) <= DAY.total_seconds() for *_, wait in refused)
    assert Job.objects.count() == QuotaWindow.objects.get().used == few


def test_the_same_question_again_is_not_counted(few: int, db: None, ada: User) -> None:
    able, on = model(), suite()
    for _ in range(few + 1):
        queue(ada, able, on)
    assert QuotaWindow.objects.get().used == 1


def test_what_the_quota_refused_leaves_nothing_and_says_when_there_is_more(few: int, db: None, ada: User) -> None:
    _use_up(ada, few)
    with pytest.raises(QuotaExhausted) as refusal:
        queue(ada, model("lumen/late"))
    assert str(refusal.value.detail["resets_at"]) in str(refusal.value)
    assert not Job.objects.filter(repo__name="late").exists()


def test_another_organization_has_its_own(few: int, db: None, ada: User) -> None:
    _use_up(ada, few)
    queue(ada, model("quiet/first"))
    assert sorted(QuotaWindow.objects.values_list("used", flat=True)) == [1, few]


def test_the_next_day_starts_anew(few: int, db: None, ada: User, settings: Settings) -> None:
    _use_up(ada, few)
    settings.LANDBRIDGE_CLOCK_SHIFT = DAY
    queue(ada, model("lumen/tomorrow"))
    assert list(QuotaWindow.objects.order_by("day").values_list("used", flat=True)) == [few, 1]


def test_a_job_that_infrastructure_failed_is_not_counted(few: int, db: None, ada: User, settings: Settings) -> None:
    job, one = queue(ada), bench()
    for number in range(TRIES_WITHOUT_PROGRESS):
        settings.LANDBRIDGE_CLOCK_SHIFT = number * timedelta(minutes=5)
        assert one.lease().status_code == HTTPStatus.CREATED
        settings.LANDBRIDGE_CLOCK_SHIFT += timedelta(minutes=2)
        services.take_back_job(job_id=job.pk, actor=clock())
    job.refresh_from_db()
    assert (job.state, QuotaWindow.objects.get().used) == (JobState.FAILED, 0)


def test_a_job_that_failed_by_the_labs_fault_stays_counted(few: int, db: None, ada: User) -> None:
    job, one = queue(ada), bench()
    _fail(one)
    job.refresh_from_db()
    assert (job.state, QuotaWindow.objects.get().used) == (JobState.FAILED, 1)


def test_a_lower_limit_holds_today_and_takes_nothing_back(few: int, db: None, ada: User) -> None:
    _use_up(ada, few - 2)
    share = Share.objects.get()
    with transaction.atomic():
        quotas.set_limit(share, 1)
    with pytest.raises(QuotaExhausted):
        queue(ada, model("lumen/late"))
    with transaction.atomic():
        quotas.set_limit(share, None)
    queue(ada, model("lumen/late"))
    assert QuotaWindow.objects.get().used == few - 1


def test_a_submission_that_met_the_quota_is_queued_when_there_are_jobs_again(
    few: int, lumen: Organization, ada: User, settings: Settings
) -> None:
    _use_up(ada, few)
    held = _sealed(lumen, ada)
    assert sweeps.run_once()["submissions.evaluate"] == 0, "there is nothing left today: nobody is asked in vain"
    held.refresh_from_db()
    assert (held.state, held.job, held.fault["code"]) == ("sealed", None, "quota")
    assert "by itself" in held.fault["text"]
    settings.LANDBRIDGE_CLOCK_SHIFT = DAY
    sweeps.run_once()
    held.refresh_from_db()
    assert (held.state, held.fault) == ("evaluating", {}) and held.job is not None


def test_a_submission_that_met_the_quota_is_queued_when_the_operator_gives_more(
    few: int, lumen: Organization, ada: User
) -> None:
    _use_up(ada, few)
    held = _sealed(lumen, ada)
    with transaction.atomic():
        quotas.set_limit(Share.objects.get(), few + 1)
    sweeps.run_once()
    held.refresh_from_db()
    assert held.state == "evaluating"


def _use_up(ada: User, count: int) -> None:
    suite()
    for number in range(count):
        queue(ada, model(f"lumen/used{number}"))


def _sealed(lumen: Organization, ada: User) -> Submission:
    """Sealed, with a suite, and told once that there are no jobs."""
    version = model("lumen/held")
    on = Job.objects.latest("submitted_at").suite_revision
    made = Submission.objects.create(
        repo=version.repo, commit=version.commit, asked="main", suite_revision=on, revision=version, state="sealed",
        requested_by=ada, organization=lumen, state_since=time.db_now(),
    )  # fmt: skip
    sweeps.run_once()
    return made


def _fail(one: Bench) -> None:
    spec = one.lease().json()
    said = {"code": "plugin_fault", "stage": "running", "retryable": True, "text": "It raised."}
    assert one.call("POST", one.at(spec, "/fault"), said).json()["state"] == "failed"
