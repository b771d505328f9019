"""How often one may ask, and how one is told: in headers that Hub clients understand."""

import time
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from huggingface_hub.utils._http import parse_ratelimit_headers

from landbridge.accounts.models import User
from landbridge.api import limits

if TYPE_CHECKING:
    from tests.api.conftest import Caller


@pytest.fixture
def few(settings: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three requests in a window that does not end while the test runs."""
    settings.LANDBRIDGE_RATE_SCALE = 1.0  # type: ignore[attr-defined]
    monkeypatch.setattr(limits, "BUCKETS", {"api": 9, "resolvers": 9, "pages": 9})
    monkeypatch.setattr(time, "time", lambda: 1_000_000_250.0)


def test_every_answer_says_what_is_left(client: Client, db: None, few: None) -> None:
    first, second = client.get("/api/v1/version"), client.get("/api/v1/version")
    assert first["RateLimit-Policy"] == '"fixed window";"api";q=3;w=300'
    assert first["RateLimit"] == '"api";r=2;t=250'
    assert second["RateLimit"] == '"api";r=1;t=250'


def test_the_hub_client_reads_our_headers(client: Client, db: None, few: None) -> None:
    told = parse_ratelimit_headers(client.get("/api/v1/version").headers)
    assert told is not None
    assert (told.resource_type, told.remaining, told.reset_in_seconds, told.limit) == ("api", 2, 250, 3)


def test_beyond_the_limit_it_is_429_with_a_time_to_come_back(client: Client, db: None, few: None) -> None:
    answers = [client.get("/api/v1/version") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    last = answers[-1]
    assert (last.json()["code"], last["Retry-After"], last["RateLimit"]) == ("throttled", "250", '"api";r=0;t=250')
    assert last["Content-Type"] == "application/problem+json"


def test_who_shows_a_name_has_a_quota_of_their_own(bearer: "Caller", ada: User, carl: User, few: None) -> None:
    mine, theirs = bearer(ada), bearer(carl)
    statuses = [mine.get("/api/v1/me").status_code for _ in range(10)]
    assert statuses == [200] * 9 + [429]
    assert theirs.get("/api/v1/me").status_code == 200
    assert Client().get("/api/v1/version").status_code == 200


def test_addresses_without_a_name_are_counted_apart(client: Client, db: None, few: None) -> None:
    assert [client.get("/api/v1/version").status_code for _ in range(4)][-1] == 429
    assert client.get("/api/v1/version", REMOTE_ADDR="192.0.2.9").status_code == 200


def test_a_new_window_begins_at_nothing(client: Client, db: None, few: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(4):
        client.get("/api/v1/version")
    monkeypatch.setattr(time, "time", lambda: 1_000_000_500.0)
    assert client.get("/api/v1/version")["RateLimit"] == '"api";r=2;t=300'


def test_pages_and_hub_routes_have_buckets_of_their_own(client: Client, db: None, few: None) -> None:
    assert client.get("/")["RateLimit-Policy"] == '"fixed window";"pages";q=3;w=300'
    assert client.get("/api/models")["RateLimit-Policy"] == '"fixed window";"api";q=3;w=300'
    assert client.get("/lumen/none/resolve/main/x")["RateLimit-Policy"] == '"fixed window";"resolvers";q=3;w=300'
    assert [client.get("/").status_code for _ in range(3)][-1] == 429


def test_probes_are_never_counted(client: Client, db: None, few: None) -> None:
    answers = [client.get("/livez") for _ in range(20)]
    assert {answer.status_code for answer in answers} == {200}
    assert "RateLimit" not in answers[0]


def test_the_limits_of_the_caller_can_be_asked(bearer: "Caller", ada: User, few: None) -> None:
    assert bearer(ada).get("/api/v1/limits").json()["rates"]["api"] == 9
    assert Client().get("/api/v1/limits").json()["rates"]["api"] == 3
