"""A model with a sealed version, a signatory on each side, and codes of their apps."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pyotp
import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from allauth.mfa.utils import decrypt
from django.core.cache import cache
from django.test import Client
from pytest_django.fixtures import Settings

from landbridge.accounts import tokens
from landbridge.accounts.models import (
    AuthorityRecord,
    CodeUse,
    Membership,
    Organization,
    OrganizationKind,
    Role,
    Token,
    TokenKind,
    User,
)
from landbridge.accounts.services import issue_token
from landbridge.agreements import lineage, services
from landbridge.agreements.models import Agreement, Offer, Statement
from landbridge.agreements.proofs import CONSENT
from landbridge.agreements.services.signing import Signed
from landbridge.agreements.terms import OfferRequest
from landbridge.core import time
from landbridge_registry.models import Repo, RepoType, Revision
from tests.conftest import organization, person

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"  # noqa: S105 of people who do not exist
COMMIT, OTHER = "a" * 40, "b" * 40
Signatory = Callable[..., User]


def code_of(user: User) -> str:
    """A code that works: as if the half minute since the last one had passed."""
    CodeUse.objects.filter(user=user).delete()
    cache.clear()
    found = Authenticator.objects.get(user=user, type=Authenticator.Type.TOTP)
    return pyotp.TOTP(decrypt(found.data["secret"])).now()


def wrong_code_of(user: User) -> str:
    return f"{(int(code_of(user)) + 7) % 1_000_000:06}"


def authorize(user: User, entity: Organization, by: User, **columns: Any) -> AuthorityRecord:  # noqa: ANN401 columns
    record = {
        "organization": entity,
        "person": user,
        "title": "Director",
        "types": ["EVAL"],
        "acts": ["offer", "sign", "terminate"],
        "starts_at": time.db_now() - timedelta(days=1),
        "basis": "resolution of the board",
        "granted_by": by,
        "confirmed_by": by,
    }
    return AuthorityRecord.objects.create(**(record | columns))


@pytest.fixture
def clock(settings: Settings) -> Callable[[timedelta], None]:
    """Move the database's clock."""

    def move(by: timedelta) -> None:
        settings.LANDBRIDGE_CLOCK_SHIFT = by

    return move


@pytest.fixture
def signatory(olga: User) -> Signatory:
    """A member who may sign: authority granted by the operator, and an authenticator app."""

    def make(name: str, entity: Organization, role: Role = Role.SIGNATORY, **columns: Any) -> User:  # noqa: ANN401 columns
        user = User.objects.filter(username=name).first() or person(name)
        Membership.objects.get_or_create(user=user, organization=entity, defaults={"role": role})
        TOTP.activate(user, SECRET)
        authorize(user, entity, olga, **columns)
        return user

    return make


@pytest.fixture
def sofia(signatory: Signatory, lumen: Organization) -> User:
    """Signs for the lab."""
    return signatory("sofia", lumen)


@pytest.fixture
def dora(signatory: Signatory, acme: Organization) -> User:
    """Signs for the company."""
    return signatory("dora", acme)


@pytest.fixture
def ngram(lumen: Organization) -> Repo:
    """A public model of the lab, still open to everyone, with two sealed versions."""
    return model(lumen, "ngram")


def model(lab: Organization, name: str, declared: str = "Apache-2.0", **columns: Any) -> Repo:  # noqa: ANN401 columns
    repo = Repo.objects.create(
        type=RepoType.MODEL, namespace=lab.namespace, name=name, license=declared, head_sha=COMMIT, **columns
    )
    for commit, digest, age in ((OTHER, "1" * 64, 2), (COMMIT, "2" * 64, 1)):
        sealed_at = time.db_now() - timedelta(hours=age)
        Revision.objects.create(repo=repo, commit=commit, tree_digest=digest, license=declared, sealed_at=sealed_at)
    return repo


def publish(repo: Repo, by: User, **wanted: Any) -> Offer:  # noqa: ANN401 the offer's own fields
    entity = Organization.objects.get(namespace=repo.namespace)
    revisions = list(Revision.objects.filter(repo=repo, commit__in=wanted.get("revisions", (COMMIT,))))
    return services.publish_standing_offer(
        repo=repo,
        wanted=OfferRequest(**({"revisions": (COMMIT,)} | wanted)),
        verdict=lineage.check(repo=repo, revisions=revisions, licensor=entity),
        totp=code_of(by),
        consent=CONSENT,
        actor=by,
    )


def take(offer: Offer, by: User, entity: str = "acme", country: str = "DE", **more: Any) -> Agreement:  # noqa: ANN401 as the service takes it
    return services.take_offer(
        offer_id=offer.pk,
        organization=entity,
        purpose="Routing of customer questions",
        country=country,
        verdict=lineage.Verdict(()),
        actor=by,
        **more,
    )


def sign(agreement: Agreement, by: User, **changes: Any) -> Signed:  # noqa: ANN401 the service's arguments
    waiting = Statement.objects.get(slot__agreement=agreement, slot__side="licensee")
    wish = {"statement_sha256": waiting.sha256, "totp": code_of(by), "consent": CONSENT} | changes
    return services.sign_agreement(number=agreement.number, actor=by, **wish)


@pytest.fixture
def offer(ngram: Repo, sofia: User) -> Offer:
    return publish(ngram, sofia)


@pytest.fixture
def taken(offer: Offer, carl: User, dora: User) -> Agreement:
    """Asked for by carl, waiting for dora."""
    return take(offer, carl)


@pytest.fixture
def licensed(taken: Agreement, dora: User) -> Agreement:
    """Executed: carl and dora hold seats."""
    sign(taken, dora)
    taken.refresh_from_db()
    return taken


@pytest.fixture
def rival(db: None) -> User:
    """Owner of another company."""
    user = person("rita")
    organization("rival", OrganizationKind.COMPANY, user)
    return user


@pytest.fixture
def bearer() -> Callable[..., Client]:
    """A client with a token of the user's own."""

    def make(user: User, *scopes: str) -> Client:
        issued = issue_token(actor=user, name="test", scopes=scopes or tokens.SCOPES)
        return Client(headers={"Authorization": f"Bearer {issued.text}"})

    return make


def job_token(user: User, repo: Repo, commit: str) -> Token:
    return Token.objects.create(
        kind=TokenKind.JOB,
        user=user,
        name="job",
        prefix="lb_job",
        digest=tokens.digest_of(f"{repo}{commit}"),
        scopes=["repo.read"],
        reach={"job": "j1", "repos": [{"type": repo.type, "repo": str(repo), "revision": commit}]},
        expires_at=time.db_now() + timedelta(hours=1),
    )
