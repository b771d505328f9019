"""The stream of a job: numbered without gaps, resumed without loss, ended when the job ends."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from landbridge.accounts.models import Membership, Organization, Token, User
from landbridge.core import places, time
from landbridge.evaluations.api import events
from landbridge.evaluations.models import Job
from tests.jobs.ground import bench, queue
from tests.jobs.test_requests import token


@pytest.fixture
def finished(lumen: Organization, ada: User) -> Job:
    one, job = bench(), queue(ada)
    spec = one.lease().json()
    one.beat(spec)
    one.call("POST", one.at(spec, "/logs"), {"offset": 0, "text": "a line\n"})
    one.done(spec)
    return job


def read(client: Client, job: Job, user: User, **headers: str) -> list[dict[str, Any]]:
    answer = client.get(f"/api/v1/jobs/{job.pk}/events", headers={**token(user, "read"), **headers})
    assert answer["Content-Type"] == "text/event-stream"
    return parsed(b"".join(answer.streaming_content).decode())  # type: ignore[attr-defined] # a stream


def parsed(text: str) -> list[dict[str, Any]]:
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line and not line.startswith(":"))
        if "event" in fields:
            number = int(fields["id"]) if "id" in fields else None
            found.append({"id": number, "event": fields["event"], "data": json.loads(fields["data"])})
    return found


def test_a_finished_jobs_stream_tells_it_all_and_ends(finished: Job, client: Client, ada: User) -> None:
    told = read(client, finished, ada)
    numbered = [one["id"] for one in told if one["id"] is not None]
    assert numbered == list(range(1, len(numbered) + 1))
    states = [one["data"]["state"] for one in told if one["event"] == "state"]
    assert states == ["queued", "leased", "running", "finalizing", "done"]
    assert [one["data"]["text"] for one in told if one["event"] == "log"] == ["a line\n"]
    assert told[-1] == {"id": None, "event": "end", "data": {"state": "done"}}


def test_every_state_comes_with_its_reason(finished: Job, client: Client, ada: User) -> None:
    for one in read(client, finished, ada):
        if one["event"] == "state":
            assert one["data"]["reason"]["code"] and one["data"]["reason"]["text"]


@pytest.mark.parametrize("place", range(7))
def test_a_reader_that_comes_back_misses_nothing(finished: Job, client: Client, ada: User, place: int) -> None:
    whole = [one for one in read(client, finished, ada) if one["id"] is not None]
    rest = [one for one in read(client, finished, ada, **{"Last-Event-ID": str(place)}) if one["id"] is not None]
    assert rest == whole[place:]


def test_a_stream_shows_the_latest_progress_only_while_it_runs(
    lumen: Organization, client: Client, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, job = bench(), queue(ada)
    spec = one.lease().json()
    Job.objects.update(seen_at=None)
    one.beat(spec, "running", items_done=12, items_total=40, stage="task:small_task")
    monkeypatch.setattr(events, "EVERY", 0.001)
    monkeypatch.setattr(events, "LONGEST", 0.003)
    told = read(client, job, ada)
    (progress,) = [one["data"] for one in told if one["event"] == "progress"]
    assert progress == {"done": 12, "total": 40, "unit": "items", "stage": "task:small_task"}
    assert told[-1]["event"] != "end"


def test_a_quiet_stream_sends_comments(
    lumen: Organization, client: Client, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = queue(ada)
    for name, value in (("EVERY", 0.001), ("COMMENT", 0.002), ("LONGEST", 0.01)):
        monkeypatch.setattr(events, name, value)
    answer = client.get(f"/api/v1/jobs/{job.pk}/events", headers=token(ada, "read"))
    assert b"\n: still here\n" in b"".join(answer.streaming_content)  # type: ignore[attr-defined] # a stream


def test_streams_are_capped_and_free_again_when_closed(finished: Job, client: Client, ada: User) -> None:
    address = f"/api/v1/jobs/{finished.pk}/events"
    held = [client.get(address, headers=token(ada, "read")) for _ in range(places.EACH)]
    over = client.get(f"/api/v1/jobs/{finished.pk}/events", headers=token(ada, "read"))
    assert (over.status_code, over["Retry-After"]) == (503, "3")
    for answer in held:
        list(answer.streaming_content)  # type: ignore[attr-defined] # a stream
    assert read(client, finished, ada)


def watched(client: Client, job: Job, user: User, monkeypatch: pytest.MonkeyPatch) -> Iterator[bytes]:
    """An open stream that asks at each look whether it may go on, read up to its first progress."""
    for name, value in (("EVERY", 0.001), ("AGAIN", 0.0), ("COMMENT", 0.001), ("LONGEST", 1.0)):
        monkeypatch.setattr(events, name, value)
    answer = client.get(f"/api/v1/jobs/{job.pk}/events", headers=token(user, "read"))
    stream: Iterator[bytes] = iter(answer.streaming_content)  # type: ignore[attr-defined] # a stream
    while b"event: progress" not in next(stream):
        pass
    return stream


def left(stream: Iterator[bytes]) -> list[bytes]:
    return [chunk for _, chunk in zip(range(100), stream, strict=False)]


def test_a_stream_goes_on_for_who_may_see_the_job(
    lumen: Organization, client: Client, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(left(watched(client, queue(ada), ada, monkeypatch))) == 100


def test_a_stream_stops_when_the_reader_leaves_the_organization(
    lumen: Organization, client: Client, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = watched(client, queue(ada), ada, monkeypatch)
    Membership.objects.filter(user=ada).delete()
    assert left(stream) == []


@pytest.mark.parametrize("ended", ["revoked", "expired", "closed"])
def test_a_stream_stops_with_its_token(
    lumen: Organization, client: Client, ada: User, monkeypatch: pytest.MonkeyPatch, ended: str
) -> None:
    stream = watched(client, queue(ada), ada, monkeypatch)
    if ended == "revoked":
        Token.objects.filter(user=ada).update(revoked_at=time.now())
    elif ended == "expired":
        Token.objects.filter(user=ada).update(expires_at=time.now())
    else:
        User.objects.filter(pk=ada.pk).update(is_active=False)
    assert left(stream) == []


def test_a_place_that_is_no_number_is_refused(finished: Job, client: Client, ada: User) -> None:
    answer = client.get(f"/api/v1/jobs/{finished.pk}/events", {"after": "x"}, headers=token(ada, "read"))
    assert answer.status_code == 400
