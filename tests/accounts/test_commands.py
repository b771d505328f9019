"""What whoever runs this instance types."""

import io
import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pyotp
import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from landbridge.accounts import queries, stepup
from landbridge.accounts.models import Membership, Organization, SignInLink, Token, TokenKind, User


def run(*arguments: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command(*arguments, "--json", stdout=out)
    said: dict[str, Any] = json.loads(out.getvalue())
    return said


def with_token(text: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {text}"})


def test_create_account_makes_a_person_who_can_use_the_api(db: None) -> None:
    said = run("create_account", "grace")
    assert said.keys() == {"user", "organization", "token"}
    assert (said["user"], said["organization"]) == ("grace", None)
    assert with_token(said["token"]).get("/api/v1/me").json()["username"] == "grace"


def test_create_account_makes_the_organization_with_its_first_owner(db: None) -> None:
    run("create_account", "grace", "--organization", "beacon", "--kind", "company")
    run("create_account", "hugo", "--organization", "beacon")
    run("create_account", "ines", "--organization", "beacon", "--role", "maintainer")
    assert Organization.objects.get().kind == "company"
    roles = dict(Membership.objects.values_list("user__username", "role"))
    assert roles == {"grace": "owner", "hugo": "member", "ines": "maintainer"}


def test_create_account_again_keeps_everything_and_gives_a_fresh_token(db: None) -> None:
    call = ("create_account", "grace", "--organization", "beacon", "--kind", "lab", "--role", "signatory")
    first, second = run(*call), run(*call)
    assert first["totp_secret"] == second["totp_secret"] and first["token"] != second["token"]
    assert User.objects.filter(username="grace").count() == Organization.objects.count() == 1
    assert with_token(first["token"]).get("/api/v1/me").status_code == 200


def test_a_signatory_of_the_command_line_can_sign_by_program(db: None) -> None:
    said = run("create_account", "grace", "--organization", "beacon", "--kind", "lab", "--role", "signatory")
    user, organization = User.objects.get(username="grace"), Organization.objects.get()
    assert queries.live_authority(organization=organization, person=user).count() == 1
    assert stepup.verify_totp(user, pyotp.TOTP(said["totp_secret"]).now()).method == "totp"


def test_read_token_reads_only(db: None) -> None:
    said = run("create_account", "grace", "--read-token")
    client = with_token(said["read_token"])
    assert client.get("/api/v1/me").status_code == 200
    wish = {"slug": "beacon", "kind": "lab"}
    assert client.post("/api/v1/organizations", wish, content_type="application/json").json()["code"] == "scope_missing"


@pytest.mark.parametrize("arguments", [("models",), ("a--b",), ("grace", "--role", "owner"), ("clock",)])
def test_what_cannot_be_made_says_why(db: None, arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match=r"\w+ "):
        run("create_account", *arguments)
    assert not User.objects.filter(kind="person").exists()


def test_the_kind_of_an_organization_is_not_changed_in_passing(db: None) -> None:
    run("create_account", "grace", "--organization", "beacon", "--kind", "lab")
    with pytest.raises(CommandError, match="is a lab"):
        run("create_account", "hugo", "--organization", "beacon", "--kind", "company")
    assert not User.objects.filter(username="hugo").exists(), "nothing half-made stays behind"


def test_the_operators_staff_is_made_on_the_command_line(db: None) -> None:
    said = run("create_account", "olga", "--organization", "operator", "--kind", "operator")
    run("create_account", "grace", "--organization", "beacon", "--kind", "lab")
    answer = with_token(said["token"]).post("/api/v1/organizations/beacon/verification")
    assert answer.status_code == 200


def test_a_sign_in_link_signs_in_once_and_by_post_alone(ada: User) -> None:
    address = urlsplit(run("sign_in_link", "ada")["url"]).path
    assert address.rpartition("/")[2] not in str(SignInLink.objects.values().get())
    browser, scanner, late = Client(), Client(), Client()
    assert scanner.get(address).status_code == 200
    assert scanner.get("/api/v1/me").status_code == 401, "a scanner that follows the link uses nothing up"
    assert browser.post(address).status_code == 302
    assert browser.get("/api/v1/me").json()["username"] == "ada"
    assert late.post(address).status_code == 410
    assert late.get("/api/v1/me").status_code == 401


def test_a_sign_in_link_ends_after_half_an_hour(ada: User, settings: object) -> None:
    address = urlsplit(run("sign_in_link", "ada")["url"]).path
    settings.LANDBRIDGE_CLOCK_SHIFT = timedelta(minutes=31)  # type: ignore[attr-defined]
    assert Client().post(address).status_code == 410


def test_there_is_no_link_for_nobody_and_none_for_a_program(db: None) -> None:
    run("create_worker", "gpu-1")
    for name in ("nobody", "worker:gpu-1", "clock"):
        with pytest.raises(CommandError):
            run("sign_in_link", name)


def test_create_worker_gives_a_token_of_the_workers_kind(db: None) -> None:
    said = run("create_worker", "gpu-1", "--pool", "operator")
    token = Token.objects.select_related("user").get()
    assert (token.kind, token.user.kind, token.user.username) == (TokenKind.WORKER, "worker", said["worker"])
    answer = with_token(said["token"]).get("/api/v1/me")
    assert (answer.status_code, answer.json()["code"]) == (403, "token_kind")
