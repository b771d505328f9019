"""A job's attempts over REST: who ran it, how each ended, who must act; seen by whoever sees the job."""

from datetime import timedelta

from django.test import Client
from pytest_django import Settings

from landbridge.accounts.models import Organization, User
from landbridge.evaluations import services
from tests.jobs.ground import bench, queue
from tests.jobs.test_requests import token


def test_a_jobs_attempts_are_listed_the_newest_first(
    lumen: Organization, ada: User, client: Client, settings: Settings
) -> None:
    job, one = queue(ada), bench()
    first = one.lease().json()
    one.put_all(first)
    one.call("POST", one.at(first, "/logs"), {"offset": 0, "text": "hello\n"})
    said = {"code": "child_killed", "stage": "running", "retryable": True, "text": "It was killed."}
    assert one.call("POST", one.at(first, "/fault"), said).json()["state"] == "queued"
    settings.LANDBRIDGE_CLOCK_SHIFT = timedelta(minutes=2)
    one.lease()
    items = client.get(f"/api/v1/jobs/{job.pk}/attempts", headers=token(ada, "read")).json()["items"]
    assert [row["number"] for row in items] == [2, 1]
    second, ended = items
    assert (second["outcome"], second["ended_at"], second["fault"], second["shards"]) == ("", None, None, 0)
    assert (ended["outcome"], ended["counted"], ended["worker"], ended["pool"]) == ("retried", True, "one", "operator")
    assert (ended["fault"]["code"], ended["fault"]["who"], ended["shards"]) == ("child_killed", "operator", 1)
    assert ended["log_bytes"] == len("hello\n")
    assert client.get(ended["logs"], headers=token(ada, "read")).json()["text"] == "hello\n"


def test_attempts_are_seen_by_whoever_sees_the_job(
    lumen: Organization, ada: User, carl: User, olga: User, client: Client
) -> None:
    job = queue(ada)
    services.cancel_job(job_id=job.pk, actor=ada)
    for user, status in ((ada, 200), (carl, 404), (olga, 200)):
        answer = client.get(f"/api/v1/jobs/{job.pk}/attempts", headers=token(user, "read"))
        assert answer.status_code == status, user.username
