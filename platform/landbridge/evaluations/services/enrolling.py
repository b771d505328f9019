"""Machines of an organization's own: an owner attaches one, and gets its token once."""

from dataclasses import dataclass
from typing import Final

from django.db import transaction

from landbridge.accounts import steps as accounts
from landbridge.accounts import tokens
from landbridge.accounts.models import Organization, OrganizationKind, TokenKind, User, UserKind
from landbridge.core import ledger
from landbridge.core.errors import Conflict, TooMany
from landbridge.evaluations.models import Pool, Worker
from landbridge.evaluations.services.workers import PREFIX

POOLS: Final = {
    OrganizationKind.LAB: Pool.LAB,
    OrganizationKind.COMPANY: Pool.ADOPTER,
    OrganizationKind.OPERATOR: Pool.OPERATOR,
}
MOST: Final = 50


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A worker that may register, and the text of its token, which exists nowhere else."""

    worker: Worker
    text: str


@transaction.atomic(durable=True)
def enroll_worker(*, organization: Organization, name: str, actor: User) -> Enrolled:
    """Admit a machine of ``organization`` to the pool of its kind: a lab's, an adopter's or the operator's.

    Its name is ``SLUG.NAME`` to everyone else. Raises ``Conflict`` for a name that is taken, ``TooMany``.
    """
    found = accounts.lock_organization(organization.slug)
    full = f"{found.slug}.{name}"[:80]
    if Worker.objects.filter(name=full).exists():
        said = f"There is a machine {name} already. Choose another name."
        raise Conflict(said, code="name_taken", errors=[{"pointer": "/name", "code": "name_taken", "detail": said}])
    if Worker.objects.filter(organization=found, enabled=True).count() >= MOST:
        raise TooMany(f"An organization has at most {MOST} machines. Revoke one first.", code="too_many_workers")
    user = accounts.open_service_user(f"{PREFIX}{full}", UserKind.WORKER)
    pool = POOLS[OrganizationKind(found.kind)]
    worker = Worker.objects.create(name=full, user=user, organization=found, pool=pool)
    _, text = tokens.issue(user=user, name=pool, scopes=(), kind=TokenKind.WORKER, made_by=actor)
    ledger.record("worker.enrolled", subject=worker, actor=actor, pool=str(pool), organization=found.slug)
    return Enrolled(worker, text)
