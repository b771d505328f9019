"""Keys for programs, and ways in for people."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db import transaction

from landbridge.accounts import steps, tokens
from landbridge.accounts.errors import LinkUsed
from landbridge.accounts.models import Membership, Organization, Role, SignInLink, Token, TokenKind, User, UserKind
from landbridge.core import ledger, time
from landbridge.core.errors import Conflict, Invalid, NotFound

LINK: Final = timedelta(minutes=30)
ROBOT_ROLES: Final = (Role.MEMBER, Role.MAINTAINER)


@dataclass(frozen=True, slots=True)
class Issued:
    token: Token
    text: str  # shown once


@transaction.atomic(durable=True)
def issue_token(
    *,
    actor: User,
    name: str,
    scopes: Sequence[str],
    lifetime: timedelta = tokens.LIFETIME,
    addresses: Sequence[str] = (),
) -> Issued:
    """A person's own token. It never opens more than its person may."""
    token, text = tokens.issue(
        user=actor,
        name=name,
        scopes=steps.check_scopes(scopes),
        lifetime=lifetime,
        addresses=addresses,
        made_by=actor,
    )
    ledger.record("token.issued", subject=token, actor=actor, prefix=token.prefix, scopes=token.scopes)
    return Issued(token, text)


@transaction.atomic(durable=True)
def issue_organization_token(  # noqa: PLR0913 one keyword per column
    *,
    actor: User,
    slug: str,
    name: str,
    scopes: Sequence[str],
    role: Role | None = None,
    lifetime: timedelta = tokens.LIFETIME,
    addresses: Sequence[str] = (),
) -> Issued:
    """A robot of the organization with a token of its own; the token never opens more than its maker may today.

    A new robot is a member if no ``role`` is named. One that is there keeps its role, since its other tokens share it:
    another is refused.
    """
    found = steps.lock_organization(slug)
    if role is not None and role not in ROBOT_ROLES:
        raise Invalid("A robot is a member or a maintainer.", errors=[_fault("/role", "A robot is no owner.")])
    if "agreements.sign" in scopes:
        raise Invalid("Only a person signs: leave agreements.sign out.", errors=[_fault("/scopes", "agreements.sign")])
    robot = _robot(found.slug, name)
    _require_role(robot, found, role)
    token, text = tokens.issue(
        user=robot,
        name=name,
        scopes=steps.check_scopes(scopes),
        kind=TokenKind.ROBOT,
        organization=found,
        lifetime=lifetime,
        addresses=addresses,
        made_by=actor,
    )
    ledger.record("token.issued", subject=token, actor=actor, robot=robot.username, scopes=token.scopes)
    return Issued(token, text)


@transaction.atomic(durable=True)
def create_robot(*, actor: User, slug: str, name: str, role: Role = Role.MEMBER) -> User:
    """A program's account in an organization, without a token yet."""
    found = steps.lock_organization(slug)
    robot = _robot(found.slug, name)
    steps.set_role(user=robot, organization=found, role=role)
    ledger.record("robot.created", subject=robot, actor=actor, organization=found.slug)
    return robot


@transaction.atomic(durable=True)
def create_worker_account(*, actor: User, name: str, pool: str) -> Issued:
    """A worker's service user and a token for the worker API. Again for the same name: a further token."""
    username = f"worker:{name}"
    user = User.objects.filter(username=username).first() or steps.open_service_user(username, UserKind.WORKER)
    token, text = tokens.issue(user=user, name=pool, scopes=(), kind=TokenKind.WORKER, made_by=actor)
    ledger.record("worker.admitted", subject=user, actor=actor, pool=pool)
    return Issued(token, text)


@transaction.atomic(durable=True)
def revoke_token(*, actor: User, token_id: str, user: User | None = None, slug: str = "") -> None:
    """End a token of ``user``, or of the organization ``slug``. Again changes nothing; another's is not found."""
    rows = Token.objects.filter(pk=token_id)
    rows = rows.filter(organization__slug=slug) if slug else rows.filter(user=user, organization=None)
    token = rows.first()
    if token is None:
        raise NotFound("There is no such token here.")
    if rows.filter(revoked_at=None).update(revoked_at=time.now()):
        ledger.record("token.revoked", subject=token, actor=actor, prefix=token.prefix)


@transaction.atomic(durable=True)
def make_sign_in_link(*, actor: User, username: str, lifetime: timedelta = LINK) -> str:
    """The secret part of a link that signs ``username`` in, once. Only its hash is kept."""
    user = User.objects.filter(username__iexact=username, kind=UserKind.PERSON, is_active=True).first()
    if user is None:
        raise NotFound(f"There is no person {username}.")
    text = secrets.token_urlsafe(32)
    link = SignInLink.objects.create(user=user, digest=tokens.digest_of(text), expires_at=time.db_now() + lifetime)
    ledger.record("sign_in_link.made", subject=link, actor=actor, user=user.username)
    return text


@transaction.atomic(durable=True)
def redeem_sign_in_link(*, actor: User, text: str) -> User:
    """Use a link up; ``actor`` is the clock, since nobody is signed in yet. One conditional UPDATE decides."""
    rows = SignInLink.objects.filter(digest=tokens.digest_of(text), used_at=None, expires_at__gt=time.now())
    link = rows.select_related("user").first()
    if link is None or not link.user.is_active or rows.update(used_at=time.now()) == 0:
        raise LinkUsed("This link was used or has expired. Ask for a new one: manage.py sign_in_link NAME.")
    ledger.record("sign_in_link.used", subject=link, actor=actor, user=link.user.username)
    return link.user


def _robot(slug: str, name: str) -> User:
    username = f"robot:{slug}:{name}"[:150]
    return User.objects.filter(username__iexact=username).first() or steps.open_service_user(username, UserKind.ROBOT)


def _require_role(robot: User, organization: Organization, role: Role | None) -> None:
    """The robot belongs to the organization in ``role``; in any, if none is named."""
    row, _ = Membership.objects.get_or_create(
        user=robot, organization=organization, defaults={"role": role or Role.MEMBER}
    )
    if role is not None and row.role != role:
        raise Conflict(
            f"The robot {robot.username} is a {row.role}, and its other tokens share that role. Ask for {row.role}, "
            "change the robot's role among the members, or name another robot."
        )


def _fault(pointer: str, said: str) -> dict[str, str]:
    return {"pointer": pointer, "code": "not_allowed", "detail": said}
