"""Proof that it is the person: six digits, used once, by no program."""

import threading
import time as clock

import pyotp
import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.core.cache import cache
from django.db import connection

from landbridge.accounts import services, stepup
from landbridge.accounts.errors import PersonRequired, StepUpRequired
from landbridge.accounts.models import CodeUse, Organization, User
from landbridge.core.errors import TooMany
from tests.conftest import person

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # noqa: S105 of nobody


def code(steps: int = 0) -> str:
    return pyotp.TOTP(SECRET).at(int(clock.time()) + 30 * steps)


@pytest.fixture
def signer(ada: User) -> User:
    TOTP.activate(ada, SECRET)
    return ada


def test_a_right_code_is_a_proof(signer: User) -> None:
    proof = stepup.verify_totp(signer, code())
    assert proof.method == "totp"
    assert proof.to_json()["at"]


def test_a_code_proves_once(signer: User) -> None:
    now = code()
    stepup.verify_totp(signer, now)
    with pytest.raises(StepUpRequired, match="used before"):
        stepup.verify_totp(signer, now)
    assert stepup.verify_totp(signer, code(1)).method == "totp", "the next one is another"


def test_a_wrong_an_old_and_an_empty_code_prove_nothing(signer: User) -> None:
    for wrong in (code(-5), "", "abcdef", "12345", code(9)):
        with pytest.raises(StepUpRequired):
            stepup.verify_totp(signer, wrong)
        cache.clear()


def test_guessing_is_stopped(signer: User) -> None:
    for _ in range(stepup.GUESSES):
        with pytest.raises(StepUpRequired):
            stepup.verify_totp(signer, code(-9))
    with pytest.raises(TooMany) as refusal:
        stepup.verify_totp(signer, code())
    assert refusal.value.detail["retry_after"] == stepup.WINDOW


def test_without_an_authenticator_the_way_to_one_is_named(ada: User) -> None:
    with pytest.raises(StepUpRequired) as refusal:
        stepup.verify_totp(ada, "123456")
    assert refusal.value.detail["setup"] == "/accounts/2fa/"
    assert not stepup.has_totp(ada)


def test_a_robot_proves_nothing(ada: User, lumen: Organization) -> None:
    robot = services.create_robot(actor=ada, slug="lumen", name="ci")
    with pytest.raises(PersonRequired):
        stepup.verify_totp(robot, "123456")


def test_of_two_at_once_with_one_code_one_is_refused(transactional_db: None) -> None:
    ada = person("ada")
    TOTP.activate(ada, SECRET)
    now, together = code(), threading.Barrier(4)
    outcomes: list[str] = []

    def prove() -> None:
        together.wait()
        try:
            stepup.verify_totp(ada, now)
            outcomes.append("proof")
        except StepUpRequired:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=prove) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["proof", "refused", "refused", "refused"]
    assert CodeUse.objects.count() == 1
