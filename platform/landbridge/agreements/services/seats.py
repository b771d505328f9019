"""Who of the licensee may use an agreement."""

from django.db import transaction

from landbridge.accounts.models import Membership, Token, User
from landbridge.agreements import steps
from landbridge.agreements.errors import NoSeatLeft, NotAMember
from landbridge.agreements.models import Agreement, AgreementRevision, AgreementState, Seat
from landbridge.core import time
from landbridge.core.errors import NotFound, TransitionRefused

SEATED = (AgreementState.EXECUTED, AgreementState.ACTIVE, AgreementState.SUSPENDED)


@transaction.atomic(durable=True)
def give_seat(*, number: str, username: str, actor: User, token: Token | None = None) -> tuple[Seat, bool]:
    """A seat for an active member of the licensee, and whether it is new. Who has one keeps it."""
    agreement = _of_licensee(number, actor, token)
    if agreement.state not in SEATED:
        raise TransitionRefused(
            f"This agreement is {agreement.state}; seats belong to one that is executed and runs.",
            state=agreement.state,
        )
    members = Membership.objects.filter(organization=agreement.licensee, user__is_active=True)
    membership = members.select_related("user").filter(user__username__iexact=username).first()
    if membership is None:
        raise NotAMember(f"{username} is no active member of {agreement.licensee.name}. Invite them first.")
    live = Seat.objects.filter(agreement=agreement, ended_at=None)
    found = live.filter(user=membership.user).first()
    if found is not None:
        return found, False
    seats = int(AgreementRevision.objects.filter(agreement=agreement).latest("number").terms["seats"])
    if live.count() >= seats:
        raise NoSeatLeft(f"All {seats} seats are taken. End one first.", seats=seats)
    seat = Seat.objects.create(agreement=agreement, user=membership.user, given_by=actor)
    steps.note("seat.given", subject=agreement, actor=actor, number=agreement.number, user=membership.user.username)
    return seat, True


@transaction.atomic(durable=True)
def end_seat(*, number: str, username: str, actor: User, token: Token | None = None) -> None:
    """Access of this person ends at once. Copies they have made are not reached."""
    agreement = _of_licensee(number, actor, token, or_self=username)
    seat = Seat.objects.filter(agreement=agreement, ended_at=None, user__username__iexact=username).first()
    if seat is None:
        raise NotFound(f"{username} holds no seat of this agreement.")
    Seat.objects.filter(pk=seat.pk).update(ended_at=time.now())
    steps.note("seat.ended", subject=agreement, actor=actor, number=agreement.number, user=username)


def _of_licensee(number: str, actor: User, token: Token | None, or_self: str = "") -> Agreement:
    agreement = steps.lock(number)
    if not steps.belongs(actor, agreement.licensee, token):
        raise NotFound("There is nothing at this address that you may see.")
    if or_self.lower() != actor.username.lower():
        steps.require_side(actor, agreement.licensee, "gives and ends seats", token=token)
    return agreement
