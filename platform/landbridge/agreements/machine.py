"""The states of an agreement as a table, and how facts and time give the state (licensing, section 5).

An express license enters at ``signing``: its standing offer carries what comes before. States that only time brings
(active, expired, lapsed) need no worker: ``state_at`` derives them, ``BY_TIME`` says when, the column is a stamp.
"""

from datetime import datetime
from typing import Final

from django.db.models import OuterRef, Q
from django.db.models.expressions import Exists

from landbridge.agreements.models import Agreement, AgreementState, Slot
from landbridge.core.machine import Guard, Machine, Move, Who

S = AgreementState
LICENSOR, LICENSEE, EITHER, SYSTEM = (Who.LICENSOR,), (Who.LICENSEE,), (Who.LICENSOR, Who.LICENSEE), (Who.CLOCK,)
RUNNING = (S.EXECUTED, S.ACTIVE)
SIGNED = Guard("every slot is signed", ~Q(Exists(Slot.objects.filter(agreement=OuterRef("pk"), signatures=None))))
TOLD = "agreement.state"

AGREEMENT = Machine("agreement", initial=S.SIGNING, moves=(
    Move("sign",      (S.SIGNING,),            S.SIGNING,    EITHER),
    Move("execute",   (S.SIGNING,),            S.EXECUTED,   SYSTEM,   SIGNED, effect="agreement.executed"),
    Move("withdraw",  (S.SIGNING,),            S.WITHDRAWN,  LICENSOR, effect=TOLD),
    Move("decline",   (S.SIGNING,),            S.DECLINED,   LICENSEE, effect=TOLD),
    Move("lapse",     (S.SIGNING,),            S.LAPSED,     SYSTEM,   effect=TOLD),
    Move("suspend",   RUNNING,                 S.SUSPENDED,  LICENSOR, effect=TOLD),
    Move("resume",    (S.SUSPENDED,),          S.ACTIVE,     LICENSOR, sets={"suspended_at": None}, effect=TOLD),
    Move("terminate", (*RUNNING, S.SUSPENDED), S.TERMINATED, EITHER,   effect=TOLD),
))  # fmt: skip

BY_TIME: Final = (
    (S.SIGNING, S.LAPSED, "the time to sign is over"),
    (S.EXECUTED, S.ACTIVE, "it is sealed, its conditions are met and it is effective"),
    (S.ACTIVE, S.EXPIRED, "its end is reached; a suspension does not stop its term"),
    (S.ACTIVE, S.SUPERSEDED, "its renewal or amendment is effective"),
)
STEP_UP: Final = frozenset({"sign", "terminate"})  # what a person confirms with a code


def state_at(agreement: Agreement, now: datetime) -> AgreementState:
    """The state at ``now`` (the database's time) from the facts alone."""
    if agreement.voided_at is not None:
        return S.VOIDED
    return _before_signature(agreement, now) if agreement.executed_at is None else _after_signature(agreement, now)


def _after_signature(agreement: Agreement, now: datetime) -> AgreementState:
    ends = (
        (agreement.superseded_at, S.SUPERSEDED),
        (agreement.terminated_at, S.TERMINATED),
        (agreement.ends_at, S.EXPIRED),
    )
    ended = next((state for instant, state in ends if _reached(instant, now)), None)
    if ended is not None:
        return ended
    if agreement.suspended_at is not None:
        return S.SUSPENDED
    ready = (agreement.sealed_at, agreement.precedents_met_at, agreement.effective_at)
    return S.ACTIVE if all(_reached(fact, now) for fact in ready) else S.EXECUTED


def _before_signature(agreement: Agreement, now: datetime) -> AgreementState:
    if agreement.declined_at is not None:
        return S.DECLINED
    if agreement.withdrawn_at is not None:
        return S.WITHDRAWN
    lapsed = agreement.lapsed_at is not None or agreement.offer_until <= now
    return S.LAPSED if lapsed else S.SIGNING


def _reached(instant: datetime | None, now: datetime) -> bool:
    return instant is not None and instant <= now


def allowed_actions(agreement: Agreement, now: datetime, *who: Who) -> list[str]:
    """What the callers' sides may try now; the API and the pages show exactly this."""
    return AGREEMENT.allowed(state_at(agreement, now), *who)
