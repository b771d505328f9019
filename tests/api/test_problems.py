"""Whatever goes wrong below /api/ is a problem document with a code and a request id."""

import json
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from landbridge.accounts.models import Organization, User
from landbridge.api import meta

if TYPE_CHECKING:
    from tests.api.conftest import Caller

JSON = "application/json"


def checked(answer: Any, status: int, code: str) -> dict[str, Any]:  # noqa: ANN401 a test client's answer
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert (body["code"], body["type"], body["status"]) == (code, f"/errors/{code}", status)
    assert body["title"] and body["detail"]
    assert body["request_id"] == answer["X-Request-Id"]
    return body


def test_404(client: Client, db: None) -> None:
    checked(client.get("/api/v1/nothing"), 404, "not_found")
    checked(client.get("/api/v1/organizations/nobody"), 404, "not_found")


def test_405(client: Client, db: None) -> None:
    checked(client.delete("/api/v1/version"), 405, "method_not_allowed")


def test_401_names_the_scheme(client: Client, db: None) -> None:
    answer = client.get("/api/v1/me")
    checked(answer, 401, "unauthenticated")
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_415_for_what_is_no_json(bearer: "Caller", ada: User) -> None:
    answer = bearer(ada).post("/api/v1/organizations", "slug=beacon", content_type="text/csv")
    checked(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"slug": "' + b"x" * 1_000_000 + b'"}', 413, "too_large"),
        (b"[" * 11 + b"]" * 11, 400, "parse_error"),
        (b'{"slug": ', 400, "parse_error"),
        (b'{"slug": "\xff"}', 400, "parse_error"),
        (b'{"slug": NaN}', 400, "parse_error"),
        (b'{"slug": "a\\u0000b", "kind": "lab"}', 400, "invalid"),
        (b"[]", 400, "invalid"),
        (b'"text"', 400, "invalid"),
        (b"", 400, "invalid"),
    ],
)
def test_bodies_that_cannot_be_used(bearer: "Caller", ada: User, body: bytes, status: int, code: str) -> None:
    answer = bearer(ada).post("/api/v1/organizations", body, content_type=JSON)
    checked(answer, status, code)
    assert not Organization.objects.exists()


def test_a_crash_is_a_500_with_an_id_and_without_a_trace(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> dict[str, str]:
        raise ZeroDivisionError("the secret is hunter2")

    monkeypatch.setattr(meta, "version", broken)
    client.raise_request_exception = False
    answer = client.get("/api/v1/version")
    checked(answer, 500, "server_error")
    assert "hunter2" not in answer.content.decode()


def test_each_fault_of_a_body_has_its_pointer(bearer: "Caller", ada: User) -> None:
    wish = {"name": "ci", "scopes": ["root", "read"], "days": 0, "colour": "red"}
    body = checked(bearer(ada).post("/api/v1/me/tokens", json.dumps(wish), content_type=JSON), 400, "invalid")
    assert [fault["pointer"] for fault in body["errors"]] == ["/colour"], (
        "unknown names come first, with the known ones"
    )
    del wish["colour"]
    body = checked(bearer(ada).post("/api/v1/me/tokens", json.dumps(wish), content_type=JSON), 400, "invalid")
    assert sorted(fault["pointer"] for fault in body["errors"]) == ["/days", "/scopes/0"]


def test_a_callers_own_request_id_comes_back(client: Client, db: None) -> None:
    answer = client.get("/api/v1/nothing", headers={"X-Request-Id": "trace-0001"})
    assert answer.json()["request_id"] == answer["X-Request-Id"] == "trace-0001"


def test_what_one_may_not_know_of_looks_like_what_is_not_there(bearer: "Caller", ada: User) -> None:
    client = bearer(ada)
    absent = client.get("/api/v1/models/lumen/none").json()
    other = client.get("/api/v1/models/nobody/none").json()
    for body in (absent, other):
        del body["request_id"], body["instance"]
    assert absent["status"] == 404
    assert absent["code"] == other["code"]
