"""Keys for programs: shown once, hashed, scoped, expiring, revocable, never above their makers."""

import io
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command
from django.test import Client

from landbridge.accounts import services, tokens
from landbridge.accounts.models import Membership, Organization, Role, Token, User
from landbridge.core.errors import Conflict, DomainError

if TYPE_CHECKING:
    from tests.accounts.conftest import Caller

WISH = {"name": "ci", "scopes": ["read", "submit"]}
DENIED = "This token is unknown, expired or revoked."


def with_token(text: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {text}"})


def made(client: Client, **changes: object) -> dict[str, str]:
    answer = client.post("/api/v1/me/tokens", WISH | changes, content_type="application/json")
    assert answer.status_code == 201, answer.content
    body: dict[str, str] = answer.json()
    return body


@pytest.fixture
def browser(client: Client, ada: User) -> Client:
    client.force_login(ada)
    return client


def test_a_token_is_shown_once_and_works(browser: Client) -> None:
    key = made(browser)
    assert tokens.well_formed(key["token"]) and key["token"].startswith(key["prefix"])
    assert with_token(key["token"]).get("/api/v1/me").json()["scopes"] == ["read", "submit"]
    assert "token" not in browser.get("/api/v1/me/tokens").json()["items"][0]


def test_the_database_and_the_log_never_hold_a_token(browser: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    key = browser.post(
        "/api/v1/me/tokens", WISH, content_type="application/json", headers={"Idempotency-Key": "k-1"}
    ).json()["token"]
    with_token(key).get("/api/v1/me")
    with_token(key).get("/api/v1/nowhere")
    everything = io.StringIO()
    call_command("dumpdata", stdout=everything)
    assert "token.issued" in everything.getvalue() and key not in everything.getvalue()
    assert key not in caplog.text


def test_a_token_whose_answer_was_kept_for_a_repeat_comes_back_the_same(browser: Client) -> None:
    send = {"content_type": "application/json", "headers": {"Idempotency-Key": "k-2"}}
    first, again = (browser.post("/api/v1/me/tokens", WISH, **send) for _ in range(2))  # type: ignore[arg-type]
    assert first.json() == again.json()
    assert again["Idempotent-Replayed"] == "true" and "Idempotent-Replayed" not in first
    assert Token.objects.count() == 1


def test_a_revoked_token_is_refused_at_once(browser: Client) -> None:
    key = made(browser)
    assert browser.delete(f"/api/v1/me/tokens/{key['id']}").status_code == 204
    answer = with_token(key["token"]).get("/api/v1/me")
    assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_token_ends_by_the_clock_of_the_database(browser: Client, settings: object) -> None:
    key = made(browser, days=1)
    settings.LANDBRIDGE_CLOCK_SHIFT = timedelta(hours=23)  # type: ignore[attr-defined]
    assert with_token(key["token"]).get("/api/v1/me").status_code == 200
    settings.LANDBRIDGE_CLOCK_SHIFT = timedelta(hours=25)  # type: ignore[attr-defined]
    assert with_token(key["token"]).get("/api/v1/me").status_code == 401


def test_a_bad_token_is_never_silently_anonymous(db: None) -> None:
    mistyped = tokens.new_text()
    for text in ("", "lb_", "lb_" + "x" * 46, mistyped, mistyped[:-1], "Ω"):
        answer = with_token(text).get("/api/v1/version")
        assert answer.status_code == 401, text
        assert DENIED in answer.json()["detail"]


def test_a_token_of_somebody_who_was_switched_off_is_refused(browser: Client, ada: User) -> None:
    key = made(browser)
    ada.is_active = False
    ada.save()
    assert with_token(key["token"]).get("/api/v1/me").status_code == 401


def test_a_token_bound_to_a_network_works_from_there_alone(browser: Client) -> None:
    key = made(browser, addresses=["192.0.2.0/24"])
    client = with_token(key["token"])
    assert client.get("/api/v1/me").status_code == 401
    assert client.get("/api/v1/me", REMOTE_ADDR="192.0.2.7").status_code == 200
    assert client.get("/api/models", REMOTE_ADDR="198.51.100.7").status_code == 401, "Hub routes ask, too"


def test_another_persons_token_is_not_found(browser: Client, carl: User) -> None:
    foreign = services.issue_token(actor=carl, name="mine", scopes=["read"])
    answer = browser.delete(f"/api/v1/me/tokens/{foreign.token.pk}")
    absent = browser.delete("/api/v1/me/tokens/01absent")
    assert (answer.status_code, absent.status_code) == (404, 404)
    assert answer.json()["detail"] == absent.json()["detail"]
    foreign.token.refresh_from_db()
    assert foreign.token.revoked_at is None


def test_a_token_makes_no_token_that_may_more(bearer: "Caller", ada: User) -> None:
    client = bearer(ada, "read", "org.admin")
    answer = client.post("/api/v1/me/tokens", WISH, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
    assert (
        client.post("/api/v1/me/tokens", WISH | {"scopes": ["read"]}, content_type="application/json").status_code
        == 201
    )


def test_without_the_scope_a_token_administers_nothing(bearer: "Caller", ada: User) -> None:
    answer = bearer(ada, "read", "submit").post("/api/v1/me/tokens", WISH, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")


def test_an_unknown_scope_is_named(browser: Client) -> None:
    answer = browser.post("/api/v1/me/tokens", WISH | {"scopes": ["read", "root"]}, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"].startswith("/scopes")


def test_using_a_token_is_noted_but_not_at_every_request(browser: Client, django_assert_num_queries: object) -> None:
    key = made(browser)
    client = with_token(key["token"])
    client.get("/api/v1/version")
    assert Token.objects.get(pk=key["id"]).last_used_at is not None
    with django_assert_num_queries(1):  # type: ignore[operator]
        client.get("/api/v1/version")


@pytest.mark.usefixtures("lumen", "key")
class TestOfARobot:
    URL = "/api/v1/organizations/lumen/tokens"
    BODY = {"name": "ci", "scopes": ["read", "submit", "org.admin"]}

    @pytest.fixture
    def key(self, client: Client, ada: User) -> dict[str, str]:
        client.force_login(ada)
        answer = client.post(self.URL, self.BODY, content_type="application/json")
        assert answer.status_code == 201, answer.content
        body: dict[str, str] = answer.json()
        return body

    def test_it_acts_as_the_robot_in_its_organization(self, key: dict[str, str]) -> None:
        me = with_token(key["token"]).get("/api/v1/me").json()
        assert (me["username"], me["kind"]) == ("robot:lumen:ci", "robot")
        assert me["organizations"] == [{"organization": "lumen", "kind": "lab", "role": "member"}]

    def test_a_robot_that_is_there_keeps_its_role_and_another_is_refused(self, ada: User) -> None:
        def again(**role: Any) -> None:  # noqa: ANN401 as the service takes it
            services.issue_organization_token(actor=ada, slug="lumen", name="ci", scopes=["read"], **role)

        again()
        again(role=Role.MEMBER)
        with pytest.raises(Conflict, match="robot:lumen:ci is a member"):
            again(role=Role.MAINTAINER)
        assert Token.objects.filter(user__username="robot:lumen:ci").count() == 3
        Membership.objects.filter(user__username="robot:lumen:ci").update(role=Role.MAINTAINER)
        again()
        with pytest.raises(Conflict, match="is a maintainer"):
            again(role=Role.MEMBER)
        assert Membership.objects.get(user__username="robot:lumen:ci").role == Role.MAINTAINER

    def test_it_never_has_more_than_its_maker_has_today(
        self, key: dict[str, str], lumen: Organization, carl: User
    ) -> None:
        Membership.objects.create(user=carl, organization=lumen, role=Role.OWNER)
        client = with_token(key["token"])
        Membership.objects.filter(user__username="robot:lumen:ci").update(role=Role.MAINTAINER)
        assert client.get("/api/v1/me").json()["organizations"][0]["role"] == "maintainer"
        services.change_role(actor=carl, slug="lumen", username="ada", role=Role.MEMBER)
        assert client.get("/api/v1/me").json()["organizations"][0]["role"] == "member"
        services.remove_member(actor=carl, slug="lumen", username="ada")
        assert client.get("/api/v1/me").status_code == 401

    def test_it_makes_no_tokens_and_no_organization(self, key: dict[str, str]) -> None:
        client = with_token(key["token"])
        mine = client.post("/api/v1/me/tokens", WISH, content_type="application/json")
        wish = {"slug": "botland", "kind": "lab"}
        more = client.post("/api/v1/organizations", wish, content_type="application/json")
        assert (mine.json()["code"], more.json()["code"]) == ("person_required", "person_required")
        assert client.post(self.URL, self.BODY, content_type="application/json").json()["code"] == "role_missing"

    def test_it_cannot_have_the_scope_to_sign(self, client: Client) -> None:
        wish = {"name": "signer", "scopes": ["agreements.sign"]}
        assert client.post(self.URL, wish, content_type="application/json").status_code == 400

    def test_removing_the_robot_ends_its_tokens(self, key: dict[str, str], ada: User) -> None:
        services.remove_member(actor=ada, slug="lumen", username="robot:lumen:ci")
        assert with_token(key["token"]).get("/api/v1/me").status_code == 401


def test_a_wish_for_a_scope_that_is_none_never_reaches_the_table(ada: User) -> None:
    with pytest.raises(DomainError) as refusal:
        services.issue_token(actor=ada, name="x", scopes=["everything"])
    assert refusal.value.reason == "unknown_scope"
    assert not Token.objects.exists()
