"""Accounts of people: made by themselves, or on the command line by whoever runs this instance."""

from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.mfa.utils import decrypt
from django.db import transaction

from landbridge.accounts import steps, tokens
from landbridge.accounts.errors import NameTaken
from landbridge.accounts.models import AuthorityRecord, Organization, OrganizationKind, Role, User, UserKind
from landbridge.core import ledger
from landbridge.core.db import step
from landbridge.core.errors import Conflict

READ_SCOPES = ("read", "repo.read", "agreements.read")
SIGNATORY = "Authorized signatory"


@dataclass(frozen=True, slots=True)
class Opened:
    """What ``open_account`` gives back; the texts exist nowhere else."""

    user: User
    organization: Organization | None
    token: str
    read_token: str = ""
    totp_secret: str = ""


@transaction.atomic(durable=True)
def sign_up(*, actor: User) -> User:
    """Save a person who signs up: the unsaved ``actor`` and the namespace of the same name.

    Raises ``Invalid`` for a name that is none, ``NameTaken`` for one that somebody has.
    """
    steps.open_user(actor)
    ledger.record("account.opened", subject=actor, actor=actor, name=actor.username)
    return actor


@transaction.atomic(durable=True)
def update_me(*, actor: User, **changes: str) -> User:
    """Change what a person says of themselves: ``first_name``, ``last_name``, ``locale``."""
    for name in changes.keys() & {"first_name", "last_name", "locale"}:
        setattr(actor, name, changes[name])
    actor.save(update_fields=["first_name", "last_name", "locale"])
    return actor


@transaction.atomic(durable=True)
def open_account(  # noqa: PLR0913 one keyword per option of the command
    *,
    actor: User,
    name: str,
    email: str = "",
    organization: str = "",
    kind: OrganizationKind | None = None,
    role: Role | None = None,
    read_token: bool = False,
) -> Opened:
    """The account ``name``, its place in ``organization`` and a fresh token; what exists already is kept.

    ``actor`` is the clock: whoever runs the command line is the operator. A signatory gets TOTP and authority.
    """
    user = User.objects.filter(username__iexact=name).first()
    if user is None:
        user = User(username=name, email=email)
        user.set_unusable_password()
        steps.open_user(user)
        steps.trust_email(user, email)
    elif user.kind != UserKind.PERSON:
        raise NameTaken(f"{user.username} is no person. Choose another name.")
    place = _place(user, organization, kind, role) if organization else None
    secret = _authorize(user, place, actor) if place is not None and role == Role.SIGNATORY else ""
    _, text = tokens.issue(user=user, name="create_account", scopes=tokens.SCOPES)
    _, reading = tokens.issue(user=user, name="read only", scopes=READ_SCOPES) if read_token else (None, "")
    ledger.record(
        "account.opened", subject=user, actor=actor, name=user.username, organization=place.slug if place else None
    )
    return Opened(user, place, text, reading, secret)


@step
def _place(user: User, slug: str, kind: OrganizationKind | None, role: Role | None) -> Organization:
    """The organization, made if there is none, with ``user`` in it. Its maker becomes an owner if no role is named."""
    found = Organization.objects.filter(slug__iexact=slug).first()
    if found is not None:
        found = steps.lock_organization(slug)
        if kind is not None and found.kind != kind:
            raise Conflict(f"{found.slug} is a {found.kind}, not a {kind}. Leave --kind out.", code="kind_differs")
        if role is not None or not found.memberships.filter(user=user).exists():
            steps.set_role(user=user, organization=found, role=role or Role.MEMBER)
        return found
    made = steps.open_organization(slug=slug, name=slug, kind=kind or OrganizationKind.LAB, verified=True)
    steps.set_role(user=user, organization=made, role=role or Role.OWNER)
    return made


@step
def _authorize(user: User, organization: Organization, actor: User) -> str:
    """TOTP and a granted authority for a signatory; the secret, also of one who had it before."""
    found = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()
    secret = str(decrypt(found.data["secret"])) if found else generate_totp_secret()
    if found is None:
        TOTP.activate(user, secret)
    if not AuthorityRecord.objects.filter(organization=organization, person=user, revoked_at=None).exists():
        steps.write_authority(
            organization=organization,
            person=user,
            title=SIGNATORY,
            granted_by=actor,
            confirmed_by=actor,
            basis="Granted by the operator on the command line",
        )
    return secret
