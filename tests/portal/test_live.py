"""Live parts of pages: pieces of HTML whenever something changed, an end, and a limit."""

from collections.abc import Iterator

import pytest
from django.http import StreamingHttpResponse
from django.test import Client, RequestFactory

from landbridge.accounts.models import Membership, Organization, User
from landbridge.core import places, time
from landbridge.evaluations import services
from landbridge.evaluations.models import Job
from landbridge.portal import streams
from landbridge.portal.shown import jobs as shown
from landbridge.submissions.machine import SubmissionState
from landbridge.submissions.models import Submission
from tests.jobs.ground import bench, queue
from tests.portal.conftest import Browser

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nobody_watches() -> None:
    places.opened.clear()


@pytest.fixture
def job(lumen: Organization, ada: User) -> Job:
    return queue(ada)


@pytest.fixture
def client(browser: Browser, job: Job, ada: User) -> Client:
    return browser(ada)


def everything(client: Client, path: str) -> list[str]:
    answer = client.get(path)
    assert answer["Content-Type"] == "text/event-stream" and answer["Cache-Control"] == "no-cache"
    return [chunk.decode() for chunk in answer.streaming_content]  # type: ignore[attr-defined] # a stream


def stream(*states: str, principal: str = "user:1") -> StreamingHttpResponse:
    """A stream over a thing that goes through ``states`` and ends in the last one."""
    left = list(states)

    def piece() -> streams.Piece:
        return streams.Piece(left[0], over=len(left) == 1)

    def mark() -> object:
        if len(left) > 1:
            left.pop(0)
        return left[0]

    answer = streams.answer(RequestFactory().get("/live"), streams.Live(mark, piece, check=mark), principal=principal)
    assert isinstance(answer, StreamingHttpResponse)
    return answer


def test_a_finished_job_is_told_once_and_the_stream_ends(client: Client, job: Job) -> None:
    services.cancel_job(job_id=job.pk, actor=job.requested_by)
    told = everything(client, f"/jobs/{job.pk}/live")
    assert told[0].startswith("retry:")
    assert "Cancelled" in told[1] and all(line.startswith("data: ") for line in told[1].strip().splitlines())
    assert told[-1] == "event: end\ndata: end\n\n"


def test_each_change_is_told_once_and_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "LOOK", 0.001)
    told = [chunk.decode() for chunk in stream("queued", "running", "running", "done")]
    assert told == ["retry: 2000\n\n", "data: running\n\n", "data: done\n\n", "event: end\ndata: end\n\n"]


def test_the_mark_changes_with_progress_and_place(job: Job, ada: User) -> None:
    one = bench()
    before = shown.mark_of(job.pk)
    one.lease()
    leased = shown.mark_of(job.pk)
    Job.objects.filter(pk=job.pk).update(progress={"stage": "task:x", "items_done": 3})
    assert len({before, leased, shown.mark_of(job.pk)}) == 3


def test_the_place_is_given_back_however_a_stream_ends() -> None:
    for _ in range(places.EACH + 1):
        never_begun = stream("queued", "running")
        never_begun.close()
    for _ in range(places.EACH + 1):
        left_early = stream("queued", "running")
        next(iter(left_early))
        left_early.close()
    assert not places.opened


def test_a_fifth_stream_is_refused_and_another_person_is_not() -> None:
    held = [stream("queued", "running") for _ in range(places.EACH)]
    with pytest.raises(places.StreamsBusy):
        stream("queued", "running")
    held.append(stream("queued", "running", principal="user:2"))
    for one in held:
        one.close()


def test_a_refused_page_asks_piece_by_piece(client: Client, job: Job, ada: User) -> None:
    places.opened[f"user:{ada.pk}"] = places.EACH
    assert client.get(f"/jobs/{job.pk}/live").status_code == 503
    once = client.get(f"/jobs/{job.pk}/live?once=1")
    assert (once.status_code, once["X-Live"]) == (200, "on") and "Queued" in once.content.decode()


def test_without_scripts_the_page_loads_itself_anew(client: Client, job: Job) -> None:
    html = client.get(f"/jobs/{job.pk}").content.decode()
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in html
    services.cancel_job(job_id=job.pk, actor=job.requested_by)
    assert "http-equiv" not in client.get(f"/jobs/{job.pk}").content.decode()


def test_a_waiting_job_says_why_and_its_place(client: Client, job: Job) -> None:
    html = client.get(f"/jobs/{job.pk}").content.decode()
    assert "No worker that could run it is there." in html


def test_screening_is_followed_until_there_is_a_job(browser: Browser, submitted: Submission, ada: User) -> None:
    """By the time the stream is opened the submission has a job: one piece, and the page is loaded anew."""
    Submission.objects.filter(pk=submitted.pk).update(state_since=time.db_now())
    told = everything(browser(ada), f"/submissions/{submitted.pk}/live")
    assert "Being evaluated" in told[1] and told[-1].startswith("event: end")


def test_members_cancel_and_run_again_from_the_page(client: Client, job: Job) -> None:
    assert client.post(f"/jobs/{job.pk}/cancel").status_code == 302
    again = client.post(f"/jobs/{job.pk}/rerun")
    made = Job.objects.exclude(pk=job.pk).get()
    assert again["Location"] == f"/jobs/{made.pk}" and made.rerun_of_id == job.pk


END = "event: end\ndata: end\n\n"


def watched(client: Client, path: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[bytes]:
    """An open stream that asks at each look whether it may go on, read up to its first piece."""
    for name, value in (("LOOK", 0.001), ("AGAIN", 0.0), ("BREATH", 0.0), ("LONGEST", 1.0)):
        monkeypatch.setattr(streams, name, value)
    stream: Iterator[bytes] = iter(client.get(path).streaming_content)  # type: ignore[attr-defined] # a stream
    assert next(stream).startswith(b"retry:") and next(stream).startswith(b"data:")
    assert next(stream) == b": still here\n\n"
    return stream


@pytest.mark.parametrize("ended", ["left", "closed"])
def test_a_jobs_page_stops_for_who_may_not_see_it_any_more(
    client: Client, job: Job, ada: User, monkeypatch: pytest.MonkeyPatch, ended: str
) -> None:
    stream = watched(client, f"/jobs/{job.pk}/live", monkeypatch)
    if ended == "left":
        Membership.objects.filter(user=ada).delete()
    else:
        User.objects.filter(pk=ada.pk).update(is_active=False)
    assert [chunk.decode() for chunk in stream] == [END]


def test_a_change_is_not_shown_to_who_has_left_meanwhile(
    client: Client, job: Job, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = watched(client, f"/jobs/{job.pk}/live", monkeypatch)
    monkeypatch.setattr(streams, "AGAIN", 60.0)
    Membership.objects.filter(user=ada).delete()
    services.cancel_job(job_id=job.pk, actor=ada)
    assert [chunk.decode() for chunk in stream] == [END]


def test_a_submissions_page_stops_for_who_may_not_see_it_any_more(
    browser: Browser, submitted: Submission, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    Submission.objects.update(state=SubmissionState.SCREENING)
    stream = watched(browser(ada), f"/submissions/{submitted.pk}/live", monkeypatch)
    Membership.objects.filter(user=ada).delete()
    assert [chunk.decode() for chunk in stream] == [END]


def test_another_organization_finds_no_job(browser: Browser, job: Job, carl: User) -> None:
    for path in (f"/jobs/{job.pk}", f"/jobs/{job.pk}/live"):
        assert browser(carl).get(path).status_code == 404
    assert browser(carl).post(f"/jobs/{job.pk}/cancel").status_code == 404
