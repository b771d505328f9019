"""Step-up: proof, in the request itself, that the person at the keyboard is who signed in.

Each code works once, for any purpose: its 30-second step is a row, and the unique constraint decides who was first.
Wrong guesses are counted, so that six digits cannot be tried out.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth
from allauth.mfa.utils import decrypt
from django.conf import settings
from django.core.cache import cache

from landbridge.accounts.errors import PersonRequired, StepUpRequired
from landbridge.accounts.models import CodeUse, User, UserKind
from landbridge.core import time
from landbridge.core.errors import TooMany

GUESSES, WINDOW = 5, 300  # wrong codes in so many seconds
PERIOD: Final = 30
LEEWAY: Final = 1  # steps before and after: a phone's clock may be half a minute off


@dataclass(frozen=True, slots=True)
class Proof:
    """What a signature keeps of the step-up."""

    method: str
    at: datetime
    authenticator: int

    def to_json(self) -> dict[str, object]:
        return {"method": self.method, "at": time.text(self.at), "authenticator": self.authenticator}


def has_totp(user: User) -> bool:
    return _authenticator(user) is not None


def verify_totp(user: User, code: str) -> Proof:
    """Use up ``code``, the six digits of the user's app. Raises ``StepUpRequired`` with what to do, or ``TooMany``."""
    if user.kind != UserKind.PERSON:
        raise PersonRequired("Only a person can confirm this; a program cannot.")
    found = _authenticator(user)
    if found is None:
        raise StepUpRequired("Set up an authenticator app first, under Settings, Two-factor.", setup="/accounts/2fa/")
    guesses = f"stepup:{user.pk}"
    if cache.get(guesses, 0) >= GUESSES:
        raise TooMany("Too many wrong codes. Wait five minutes.", retry_after=WINDOW)
    moment = time.db_now()
    clock = moment - settings.LANDBRIDGE_CLOCK_SHIFT  # a phone does not follow a test's clock
    step = _step_of(str(decrypt(found.data["secret"])), code, int(clock.timestamp()) // PERIOD)
    if step is None:
        cache.add(guesses, 0, WINDOW)
        cache.incr(guesses)
        raise StepUpRequired("This code is not right. Enter the six digits that your app shows now.")
    _, fresh = CodeUse.objects.get_or_create(user=user, step=step)
    if not fresh or not auth.TOTP(found)._mark_code_used(code):  # noqa: SLF001 a code that signed in is used, too
        raise StepUpRequired("This code was used before. Wait for the next one, up to 30 seconds.")
    return Proof(method="totp", at=moment, authenticator=found.pk)


def _authenticator(user: User) -> Authenticator | None:
    return Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()


def _step_of(secret: str, code: str, now: int) -> int | None:
    for step in range(now - LEEWAY, now + LEEWAY + 1):
        expected = auth.format_hotp_value(auth.hotp_value(secret, step))
        if compare_user_code(actual=code, expected=expected):
            return step
    return None
