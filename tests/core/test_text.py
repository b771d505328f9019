"""What is no text is refused at the door, before a database sees it."""

import pytest
from django.test import Client

from landbridge.accounts.models import Organization, User
from landbridge.core.text import is_storable

pytestmark = pytest.mark.django_db
HUB = ["/api/models/lumen/%00", "/lumen/a/resolve/main/%00", "/lumen/%00", "/datasets/%00/a/resolve/main/a"]
PAGES = ["/jobs/%00", "/results/%00", "/organizations/%00", "/submissions/%00", "/leaderboards/%00", "/errors/%00"]
API = [f"/api/v1/{name}/%00" for name in ("jobs", "results", "organizations", "submissions", "agreements", "suites")]


@pytest.mark.parametrize("path", [*HUB, *PAGES, *API])
def test_a_path_that_is_no_text_leads_nowhere(client: Client, ada: User, path: str) -> None:
    client.force_login(ada)
    answer = client.get(path)
    assert answer.status_code == 404
    _in_the_shape_of_its_door(answer, path, "not_found")


@pytest.mark.parametrize("path", ["/%FF", "/lumen/%FF", "/api/v1/jobs/%ED%A0%80", "/jobs/%C0%80"])
def test_broken_utf_8_in_a_path_leads_nowhere_either(client: Client, ada: User, path: str) -> None:
    client.force_login(ada)
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/api/v1/submissions", "/api/models", "/models", "/submissions/new"])
@pytest.mark.parametrize("query", ["model=%00/x", "search=a%00", "%00=1", "model=%FF", "q=%ED%A0%80"])
def test_a_query_that_is_no_text_is_refused(
    client: Client, lumen: Organization, ada: User, path: str, query: str
) -> None:
    client.force_login(ada)
    answer = client.get(f"{path}?{query}")
    assert answer.status_code == 400
    _in_the_shape_of_its_door(answer, path, "invalid")


def _in_the_shape_of_its_door(answer: object, path: str, code: str) -> None:
    assert answer["X-Request-Id"] and answer["X-Content-Type-Options"] == "nosniff"  # type: ignore[index]
    if path.startswith("/api/"):
        assert answer["Content-Type"] == "application/problem+json"  # type: ignore[index]
        assert answer.json()["code"] == code  # type: ignore[attr-defined]
    else:
        assert answer["Content-Type"] == "text/plain; charset=utf-8"  # type: ignore[index]


def test_a_charset_of_the_callers_choice_smuggles_nothing_in(client: Client) -> None:
    answer = client.get("/models?q=%2BAAA-", CONTENT_TYPE="text/plain; charset=utf-7")
    assert answer.status_code == 400


def test_a_cookie_that_is_no_text_is_as_if_it_were_not_sent(client: Client) -> None:
    client.cookies.load('sessionid="\\000aaaaaaaaaaaaaaa"')
    assert client.get("/submissions").status_code == 302


def test_text_of_any_script_passes(client: Client) -> None:
    assert client.get("/models?q=%E6%A8%A1%E5%9E%8B").status_code == 200


@pytest.mark.parametrize(("text", "storable"), [("模型 \U0001f600", True), ("a\0", False), ("\ud800", False)])
def test_storable_is_what_both_databases_keep(text: str, *, storable: bool) -> None:
    assert is_storable(text) is storable
