"""After the signature, and before it: suspend, resume, terminate; withdraw, decline, lapse."""

from django.db import transaction
from django.db.models import QuerySet

from landbridge.accounts.models import Organization, Token, User
from landbridge.agreements import authority, proofs, steps
from landbridge.agreements.machine import AGREEMENT
from landbridge.agreements.models import Agreement, AgreementState
from landbridge.core import time
from landbridge.core.errors import NotFound
from landbridge.core.machine import Who


@transaction.atomic(durable=True)
def suspend(*, number: str, reason: str, actor: User, token: Token | None = None) -> Agreement:
    """Close access at once; the term runs on. The licensor gives a reason, which both sides see."""
    agreement = _of_licensor(number, actor, token, "suspends an agreement")
    now = time.db_now()
    AGREEMENT.require(Agreement, agreement.pk, "suspend", who=Who.LICENSOR, suspended_at=now, reason=reason)
    return _done(agreement, "agreement.suspended", actor, reason)


@transaction.atomic(durable=True)
def resume(*, number: str, reason: str, actor: User, token: Token | None = None) -> Agreement:
    """The cause is cleared: access opens again for what is left of the term."""
    agreement = _of_licensor(number, actor, token, "resumes an agreement")
    AGREEMENT.require(Agreement, agreement.pk, "resume", who=Who.LICENSOR, reason=reason)
    return _done(agreement, "agreement.resumed", actor, reason)


@transaction.atomic(durable=True)
def terminate(*, number: str, reason: str, totp: str, actor: User, token: Token | None = None) -> Agreement:
    """End it for good. Either side's person with authority to terminate, who confirms with a code."""
    proofs.require_person(actor, token)
    agreement = _visible(number, actor, token)
    ours = steps.belongs(actor, agreement.licensor, token)
    side, entity = (Who.LICENSOR, agreement.licensor) if ours else (Who.LICENSEE, agreement.licensee)
    deed = authority.Deed(agreement.type, "terminate")
    authority.find(person=actor, organization=entity, deed=deed)
    proof = proofs.step_up(person=actor, code=totp, token=token)
    now = time.db_now()
    AGREEMENT.require(Agreement, agreement.pk, "terminate", who=side, terminated_at=now, reason=reason)
    return _done(agreement, "agreement.terminated", actor, reason, side=str(side), proof=proof)


@transaction.atomic(durable=True)
def withdraw(*, number: str, reason: str, actor: User, token: Token | None = None) -> Agreement:
    """The licensor takes one unsigned agreement back; its place in the offer is free again."""
    agreement = _of_licensor(number, actor, token, "withdraws an agreement")
    steps.withdraw(agreement, reason=reason)
    return _done(agreement, "agreement.withdrawn", actor, reason)


@transaction.atomic(durable=True)
def decline(*, number: str, reason: str, actor: User, token: Token | None = None) -> Agreement:
    """The licensee does not want it after all; its place in the offer is free again."""
    agreement = _visible(number, actor, token)
    steps.require_side(actor, agreement.licensee, "declines an agreement", token=token, or_also=agreement.requested_by)
    now = time.db_now()
    AGREEMENT.require(Agreement, agreement.pk, "decline", who=Who.LICENSEE, declined_at=now, reason=reason)
    steps.give_place_back(agreement)
    return _done(agreement, "agreement.declined", actor, reason)


@transaction.atomic(durable=True)
def lapse(*, agreement_id: str, actor: User) -> bool:
    """Give the place of an unsigned agreement back whose time to sign is over. False: nothing was to do."""
    agreement = _overdue(agreement_id).first()
    if agreement is None:
        return False
    Agreement.objects.filter(pk=agreement.pk).update(lapsed_at=time.db_now(), state=AgreementState.LAPSED)
    steps.give_place_back(agreement)
    _done(agreement, "agreement.lapsed", actor, "")
    return True


@transaction.atomic(durable=True)
def stamp_state(*, agreement_id: str, actor: User) -> bool:  # noqa: ARG001 every service has one; a stamp is no deed
    """Bring the stamp of lists up to date; rights never wait for this. False: it was."""
    agreement = Agreement.objects.select_for_update(of=("self",)).get(pk=agreement_id)
    before = agreement.state
    return steps.stamp(agreement).state != before


def _overdue(agreement_id: str) -> QuerySet[Agreement]:
    unsigned = {"executed_at": None, "declined_at": None, "withdrawn_at": None, "voided_at": None, "lapsed_at": None}
    rows = Agreement.objects.select_for_update(of=("self",)).select_related("licensor")
    return rows.filter(pk=agreement_id, offer_until__lte=time.now(), **unsigned)


def _visible(number: str, actor: User, token: Token | None) -> Agreement:
    """The locked agreement, for its two sides only."""
    agreement = steps.lock(number)
    if not any(steps.belongs(actor, side, token) for side in (agreement.licensor, agreement.licensee)):
        raise NotFound("There is nothing at this address that you may see.")
    return agreement


def _of_licensor(number: str, actor: User, token: Token | None, deed: str) -> Agreement:
    agreement = _visible(number, actor, token)
    steps.require_side(actor, agreement.licensor, deed, token=token)
    return agreement


def _done(agreement: Agreement, verb: str, actor: User, reason: str, **more: object) -> Agreement:
    """Write the line and read the row again. A move told the event; so did the step that moved."""
    licensor: Organization = agreement.licensor
    agreement.refresh_from_db()
    agreement.licensor = licensor
    steps.note(verb, subject=agreement, actor=actor, number=agreement.number, reason=reason, **more)
    return agreement
