"""Promises of the REST client: lists end, waits end, streams lose nothing, refusals keep their code."""

import json
from collections.abc import Iterator

import pytest

from landbridge_client.errors import ApiError, Conflict, Denied, LandbridgeError, TimedOut
from landbridge_client.rest import Client
from tests.client.server import TOKEN, Answer, Call, Server, problem


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def client(server: Server, waits: list[float]) -> Iterator[Client]:
    with Client(server.url, TOKEN, wait=waits.append) as made:
        yield made


def job(state: str, **more: object) -> dict[str, object]:
    return {"id": "j1", "state": state, "model": "lumen/x", "suite": "demo", **more}


def stream(*messages: str) -> Answer:
    return Answer(200, "".join(messages).encode(), {"Content-Type": "text/event-stream"})


def message(seq: int, kind: str, **data: object) -> str:
    return f"id: {seq}\nevent: {kind}\ndata: {json.dumps(data)}\n\n"


def test_a_list_is_followed_by_address_and_by_cursor(server: Server, client: Client) -> None:
    def models(call: Call) -> Answer:
        cursor = call.query.get("cursor", [""])[0]
        following = {"": "abc", "abc": f"{server.url}/api/v1/models?cursor=def", "def": None}[cursor]
        return Answer(200, {"items": [{"id": f"lumen/{cursor or 'first'}"}], "next": following})

    server.routes["GET", "/api/v1/models"] = models
    assert [model.id for model in client.models.list(search="bert")] == ["lumen/first", "lumen/abc", "lumen/def"]
    assert server.calls[0].query == {"search": ["bert"]}


def test_an_answer_keeps_what_this_client_does_not_know(server: Server, client: Client) -> None:
    server.routes["GET", "/api/v1/me"] = lambda _: Answer(200, {"username": "ada", "mood": "good", "scopes": None})
    me = client.me.get()
    assert (me.username, me.scopes, me.data["mood"]) == ("ada", [], "good")


def test_every_post_has_a_key_of_its_own_and_repeats_with_the_same(server: Server, client: Client) -> None:
    server.routes["POST", "/api/v1/submissions"] = lambda _: Answer(201, {"id": "s1", "state": "screening"})
    server.faults.append(("POST", "/submissions", Answer(503, {}, {"Retry-After": "1"})))
    client.submissions.create("lumen/x", suite="demo")
    client.submissions.create("lumen/x", suite="demo")
    first, again, second = (call.headers["idempotency-key"] for call in server.calls)
    assert first == again != second
    assert server.calls[0].json == {"model": "lumen/x", "revision": "main", "suite": "demo"}


def test_a_problem_document_becomes_an_error_with_its_code_and_places(server: Server, client: Client) -> None:
    errors = [{"pointer": "/suite", "code": "unknown", "detail": "Did you mean offline_demo?"}]
    server.routes["POST", "/api/v1/submissions"] = lambda _: problem(400, "invalid", "Not valid.", errors=errors)
    with pytest.raises(ApiError) as refusal:
        client.submissions.create("lumen/x", suite="ofline")
    assert refusal.value.code == "invalid" and refusal.value.status == 400
    assert "/suite: Did you mean offline_demo?" in str(refusal.value)


@pytest.mark.parametrize(("status", "kind"), [(401, Denied), (403, Denied), (409, Conflict), (418, ApiError)])
def test_statuses_have_their_errors(server: Server, client: Client, status: int, kind: type[ApiError]) -> None:
    server.routes["GET", "/api/v1/me"] = lambda _: problem(status, "no", "No.")
    with pytest.raises(kind) as refusal:
        client.me.get()
    assert type(refusal.value) is kind


def test_an_answer_that_is_no_json_still_says_what_happened(server: Server, client: Client) -> None:
    server.routes["GET", "/api/v1/me"] = lambda _: Answer(404, b"<h1>nginx</h1>")
    with pytest.raises(ApiError, match=r"answered 404 Not Found to /api/v1/me"):
        client.me.get()


def test_waiting_tells_each_state_and_ends_with_the_job(server: Server, client: Client, waits: list[float]) -> None:
    states = iter([job("queued"), job("running", progress={"done": 1, "total": 2}), job("done", result={"id": "r1"})])
    server.routes["GET", "/api/v1/jobs/j1"] = lambda _: Answer(200, next(states))
    seen: list[str] = []
    assert client.jobs.wait("j1", lambda found: seen.append(found.state)).result_id == "r1"
    assert seen == ["queued", "running", "done"] and waits == [1, 1]


def test_waiting_ends_at_its_limit(server: Server, client: Client) -> None:
    server.routes["GET", "/api/v1/jobs/j1"] = lambda _: Answer(200, job("queued"))
    with pytest.raises(TimedOut, match="still queued"):
        client.jobs.wait("j1", timeout=0)


def test_a_broken_stream_is_resumed_and_no_event_is_lost_or_doubled(server: Server, client: Client) -> None:
    parts = iter(
        [
            stream(
                ": hello\n\n", message(1, "state", state="queued"), message(2, "log", text="a"), "id: 3\nevent: log\n"
            ),
            stream(message(2, "log", text="a"), message(3, "log", text="b")),
            stream(message(4, "state", state="done"), "id: 4\nevent: end\ndata: {}\n\n"),
        ]
    )
    server.routes["GET", "/api/v1/jobs/j1/events"] = lambda _: next(parts)
    events = list(client.jobs.events("j1"))
    assert [(event.seq, event.kind) for event in events] == [(1, "state"), (2, "log"), (3, "log"), (4, "state")]
    assert [call.headers.get("last-event-id") for call in server.calls] == [None, "2", "3"]


def test_where_no_stream_is_to_be_had_the_job_is_polled(server: Server, client: Client) -> None:
    states = iter(["running", "running", "done"])
    server.routes["GET", "/api/v1/jobs/j1/events"] = lambda _: problem(429, "too_many_requests", "Poll.")
    server.routes["GET", "/api/v1/jobs/j1"] = lambda _: Answer(200, job(next(states), event_seq=7))
    seen = [(event.seq, event.kind, event.data["state"]) for event in client.jobs.events("j1")]
    assert seen == [(7, "state", "running"), (7, "state", "done")]


def test_a_log_is_read_to_its_end(server: Server, client: Client) -> None:
    def logs(call: Call) -> Answer:
        after = int(call.query["after"][0])
        text = "one two three"[after : after + 5]
        return Answer(200, {"text": text, "next": after + len(text)})

    server.routes["GET", "/api/v1/jobs/j1/logs"] = logs
    assert client.jobs.logs("j1") == "one two three"


def test_a_refused_stream_is_an_error_at_once(server: Server, client: Client) -> None:
    server.routes["GET", "/api/v1/jobs/j1/events"] = lambda _: problem(404, "not_found", "No such job.")
    with pytest.raises(ApiError, match="No such job"):
        list(client.jobs.events("j1"))
    assert len(server.calls) == 1


def test_screening_is_waited_for_until_the_job_is_there(server: Server, client: Client, waits: list[float]) -> None:
    bodies = iter(
        [
            {"id": "s1", "state": "screening", "suite": "demo"},
            {"id": "s1", "state": "sealed", "suite": "demo", "job": None},
            {"id": "s1", "state": "evaluating", "suite": "demo", "job": {"id": "j1"}},
        ]
    )
    server.routes["GET", "/api/v1/submissions/s1"] = lambda _: Answer(200, next(bodies))
    assert client.submissions.wait_screened("s1").job_id == "j1" and len(waits) == 2


@pytest.mark.parametrize("body", [{"state": "needs_changes", "suite": "demo"}, {"state": "sealed"}])
def test_what_gets_no_job_is_not_waited_for(server: Server, client: Client, body: dict[str, str]) -> None:
    server.routes["GET", "/api/v1/submissions/s1"] = lambda _: Answer(200, {"id": "s1", **body})
    assert client.submissions.wait_screened("s1").state == body["state"]


def test_screening_that_never_ends_is_given_up(server: Server, client: Client) -> None:
    server.routes["GET", "/api/v1/submissions/s1"] = lambda _: Answer(200, {"id": "s1", "state": "screening"})
    with pytest.raises(TimedOut, match="still screening after 3 s"):
        client.submissions.wait_screened("s1", timeout=3)


def test_a_signature_names_what_it_signs(server: Server, client: Client) -> None:
    waiting = {"number": "LB-1", "state": "signing", "statement_sha256": "f" * 64, "consent": "2026-1"}
    server.routes["GET", "/api/v1/agreements/LB-1"] = lambda _: Answer(200, waiting)
    server.routes["POST", "/api/v1/agreements/LB-1/sign"] = lambda _: Answer(200, {"number": "LB-1", "state": "active"})
    assert client.agreements.sign("LB-1", code="123456").state == "active"
    (signed,) = server.called("POST", "/sign")
    assert signed.json == {"statement_sha256": "f" * 64, "totp": "123456", "consent": "2026-1"}


def test_what_does_not_wait_for_me_is_not_signed(server: Server, client: Client) -> None:
    answer = {"number": "LB-1", "state": "signing", "statement_sha256": None, "waits_for": ["carl"]}
    server.routes["GET", "/api/v1/agreements/LB-1"] = lambda _: Answer(200, answer)
    with pytest.raises(LandbridgeError, match="waits for carl, not for you"):
        client.agreements.sign("LB-1", code="123456")
    assert not server.called("POST", "/sign")
