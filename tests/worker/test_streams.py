"""Lines that reach a reader who comes and goes: each byte once, in order; and readers who hold up nobody else."""

import random
from collections.abc import Iterator
from contextlib import closing

import pytest
from django.test import Client

from landbridge.accounts.models import Organization, User
from landbridge.accounts.principals import Principal
from landbridge.core import places
from landbridge.evaluations.api import events
from landbridge.evaluations.models import LogChunk
from tests.jobs.ground import bench, model, queue
from tests.jobs.test_events import parsed
from tests.jobs.test_requests import token

pytestmark = pytest.mark.django_db
RECONNECTS = 20


@pytest.fixture(autouse=True)
def _nobody_reads() -> Iterator[None]:
    places.opened.clear()
    yield
    assert not places.opened, "each stream gives its place back"


def test_twenty_reconnects_at_random_points_lose_and_double_no_byte(
    client: Client, lumen: Organization, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("EVERY", 0.001), ("LONGEST", 0.02)):
        monkeypatch.setattr(events, name, value)
    seed = random.randrange(1 << 30)  # noqa: S311 told when it fails
    rng = random.Random(seed)  # noqa: S311 where the reader breaks off
    one, job = bench(), queue(ada, model(f"{lumen.slug}/chatty"))
    spec = one.lease().json()
    sent, seen, last, offset = "", "", 0, 0
    for round_ in range(RECONNECTS):
        for _ in range(rng.randrange(4)):
            text = f"line {round_} {'ü世🌍' * rng.randrange(9)}\n" * rng.randrange(1, 5)
            assert one.call("POST", one.at(spec, "/logs"), {"offset": offset, "text": text}).status_code == 200
            sent, offset = sent + text, offset + len(text.encode())
        read, breaks_off = b"", rng.randrange(1, 400)
        with closing(events.Stream(job.pk, last, Principal(ada))) as stream:  # it breaks in the middle of a frame
            for piece in stream:
                read += piece
                if len(read) > breaks_off:
                    read = read[:breaks_off]
                    break
        whole = read.decode(errors="ignore").rpartition("\n\n")[0]  # half a frame is none
        for told in parsed(whole):
            if told["id"] is not None:
                assert told["id"] == last + 1, f"seed {seed}"
                last = told["id"]
                seen += told["data"]["text"] if told["event"] == "log" else ""
    one.call("POST", one.at(spec, "/fault"), {"code": "wall", "text": "x"})
    rest = client.get(f"/api/v1/jobs/{job.pk}/events?after={last}", headers=token(ada, "read"))
    end = parsed(b"".join(rest.streaming_content).decode())  # type: ignore[attr-defined] # a stream
    seen += "".join(event["data"]["text"] for event in end if event["event"] == "log")
    assert seen == sent == "".join(LogChunk.objects.filter(job=job).values_list("text", flat=True)), f"seed {seed}"
    assert end[-1]["event"] == "end"


def test_one_readers_open_streams_hold_up_no_other(
    client: Client, lumen: Organization, ada: User, carl: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "LONGEST", 0.001)
    job = queue(ada, model(f"{lumen.slug}/one"))
    mine = [client.get(f"/api/v1/jobs/{job.pk}/events", headers=token(ada, "read")) for _ in range(places.EACH)]
    over = client.get(f"/api/v1/jobs/{job.pk}/events", headers=token(ada, "read"))
    assert (over.status_code, over.json()["code"], over["Retry-After"]) == (503, "streams_busy", "3")
    places.enter(f"user:{carl.pk}")
    places.leave(f"user:{carl.pk}")
    for answer in mine:
        list(answer.streaming_content)  # type: ignore[attr-defined] # a stream


def test_pages_and_programs_share_the_places(client: Client, lumen: Organization, ada: User) -> None:
    job = queue(ada, model(f"{lumen.slug}/one"))
    others = [f"user:{number}" for number in range(places.ALL)]
    for other in others:
        places.enter(other)
    assert client.get(f"/api/v1/jobs/{job.pk}/events", headers=token(ada, "read")).status_code == 503
    client.force_login(ada)
    assert client.get(f"/jobs/{job.pk}/live").status_code == 503
    assert client.get(f"/jobs/{job.pk}/live?once=1").status_code == 200, "the page polls"
    for other in others:
        places.leave(other)


def test_the_page_of_a_job_needs_no_script(client: Client, lumen: Organization, ada: User) -> None:
    one, job = bench(), queue(ada, model(f"{lumen.slug}/one"))
    spec = one.lease().json()
    one.call("POST", one.at(spec, "/logs"), {"offset": 0, "text": "a line of the model\n"})
    client.force_login(ada)
    html = client.get(f"/jobs/{job.pk}").content.decode()
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in html
    assert "a line of the model" in html and f'action="/jobs/{job.pk}/cancel"' in html
