"""A person's way in: a name of their own, an address, a password that can be reset, a second factor."""

import re
from pathlib import Path

import pyotp
import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client

from landbridge.accounts.models import User
from landbridge_registry.models import Namespace

PASSWORD = "correct horse battery staple"  # noqa: S105 of nobody
SIGN_UP = {"username": "grace", "email": "grace@example.org", "password1": PASSWORD}


def sign_up(client: Client, **changes: str) -> int:
    return client.post("/accounts/signup/", SIGN_UP | changes).status_code


def test_signing_up_makes_the_account_and_its_namespace(client: Client, db: None) -> None:
    assert sign_up(client) == 302
    user = User.objects.get(username="grace")
    assert user.check_password(PASSWORD)
    assert Namespace.objects.get(name="grace").kind == "user"
    assert client.get("/api/v1/me").json()["username"] == "grace"


@pytest.mark.parametrize("name", ["models", "API", "a--b", "-a", "a.git", "a b", "über", "clock", "Clock", "a" * 97])
def test_a_name_that_is_no_namespace_is_refused_with_the_reason(client: Client, db: None, name: str) -> None:
    answer = client.post("/accounts/signup/", SIGN_UP | {"username": name})
    assert answer.status_code == 200
    assert answer.context["form"].errors["username"]
    assert not User.objects.filter(email="grace@example.org").exists()


def test_people_and_organizations_share_one_set_of_names(client: Client, lumen: object) -> None:
    answer = client.post("/accounts/signup/", SIGN_UP | {"username": "LUMEN"})
    assert "taken" in str(answer.context["form"].errors["username"])


def test_who_signed_up_signs_in_with_the_address(client: Client, db: None) -> None:
    sign_up(client)
    fresh = Client()
    assert fresh.post("/accounts/login/", {"login": "Grace@Example.org", "password": PASSWORD}).status_code == 302
    assert fresh.get("/api/v1/me").status_code == 200
    stranger = Client()
    assert stranger.post("/accounts/login/", {"login": "grace@example.org", "password": "wrong"}).status_code == 200
    assert stranger.get("/api/v1/me").status_code == 401


def test_the_mail_of_a_password_reset_holds_a_link_that_works(client: Client, db: None) -> None:
    sign_up(client)
    mail.outbox.clear()
    browser = Client()
    assert browser.post("/accounts/password/reset/", {"email": "grace@example.org"}).status_code == 302
    (message,) = mail.outbox
    (link,) = re.findall(r"https?://[^/\s]+(/accounts/password/reset/key/\S+)", str(message.body))
    form = browser.get(link, follow=True)
    where = form.redirect_chain[-1][0]
    new = "another horse battery staple"
    assert browser.post(where, {"password1": new, "password2": new}).status_code == 302
    assert User.objects.get(username="grace").check_password(new)
    assert browser.get(link, follow=True).context.get("token_fail") is True, "a link resets once"


def test_mails_are_files_in_the_folder_of_the_instance(client: Client, db: None, settings: object, home: Path) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"  # type: ignore[attr-defined]
    sign_up(client)
    Client().post("/accounts/password/reset/", {"email": "grace@example.org"})
    texts = [path.read_text() for path in (home / "mail").iterdir()]
    assert any("/accounts/password/reset/key/" in text for text in texts)


def test_asking_to_reset_an_unknown_address_tells_nothing(client: Client, db: None) -> None:
    sign_up(client)
    known = Client().post("/accounts/password/reset/", {"email": "grace@example.org"})
    unknown = Client().post("/accounts/password/reset/", {"email": "nobody@example.org"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])


def test_a_second_factor_is_set_up_in_pages_sealed_at_rest_and_asked_for(client: Client, db: None) -> None:
    sign_up(client)
    confirm_address(client)
    asked = client.get("/accounts/2fa/totp/activate/")
    assert asked["Location"].startswith("/accounts/reauthenticate/"), "what guards the account asks for the password"
    page = client.post(asked["Location"], {"password": PASSWORD}, follow=True)
    secret = page.context["form"].secret
    assert client.post("/accounts/2fa/totp/activate/", {"code": code_of(secret)}).status_code == 302
    stored = Authenticator.objects.get(user__username="grace", type=Authenticator.Type.TOTP)
    assert secret not in str(stored.data)
    browser = with_password()
    assert browser.get("/api/v1/me").status_code == 401, "the password alone does not sign in"
    code = code_of(secret)
    assert browser.post("/accounts/2fa/authenticate/", {"code": code}).status_code == 302
    assert browser.get("/api/v1/me").json()["two_factor"] is True
    thief = with_password()
    thief.post("/accounts/2fa/authenticate/", {"code": code})
    assert thief.get("/api/v1/me").status_code == 401, "a code signs in once"


def confirm_address(client: Client) -> None:
    texts = [str(message.body) for message in mail.outbox]
    (link,) = re.findall(r"https?://[^/\s]+(/accounts/confirm-email/\S+)", "\n".join(texts))
    assert client.post(link).status_code == 302


def code_of(secret: str) -> str:
    return pyotp.TOTP(secret).now()


def with_password() -> Client:
    """A browser that gave the right password and is asked for a code."""
    browser = Client()
    answer = browser.post("/accounts/login/", {"login": "grace@example.org", "password": PASSWORD})
    assert answer["Location"].startswith("/accounts/2fa/authenticate/")
    return browser
