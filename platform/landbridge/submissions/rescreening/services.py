"""Deeds on versions that are looked at again. Lock order: repository, revision, the ledger's chain."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q

from landbridge.accounts.models import User
from landbridge.core import ledger, outbox, time
from landbridge.core.db import step
from landbridge.core.machine import Who
from landbridge.submissions.rescreening import examining, queries
from landbridge.submissions.rescreening.machine import LATE_FINDING, LateState
from landbridge.submissions.rescreening.models import LateFinding, Notice, Rescreening
from landbridge_plugins import Finding
from landbridge_registry import steps as registry
from landbridge_registry.models import Repo, Revision

HELD: Final = timedelta(minutes=30)  # one look; longer ones are taken for dead
LATER: Final = timedelta(hours=1)  # until what could not be read is tried again
TOLD: Final = "late_finding.told"


@transaction.atomic(durable=True)
def note_versions(*, revisions: Sequence[Revision], actor: User) -> int:  # noqa: ARG001 no deed for the ledger
    """Take note of versions that were just sealed, and so were screened by today's rules."""
    rules = examining.rules()
    rows = [Rescreening(revision=one, rules=rules, checked_at=one.sealed_at) for one in revisions]
    return len(Rescreening.objects.bulk_create(rows, ignore_conflicts=True))


@transaction.atomic(durable=True)
def take_version(*, rescreening_id: str, actor: User) -> tuple[Revision, datetime] | None:  # noqa: ARG001 no deed for the ledger
    """The version, and until when it is this caller's. ``None``: another has it."""
    now = time.db_now()
    rows = Rescreening.objects.filter(Q(held_until=None) | Q(held_until__lt=now), pk=rescreening_id)
    if rows.update(held_until=now + HELD) != 1:
        return None
    row = Rescreening.objects.select_related("revision__repo__namespace").get(pk=rescreening_id)
    return row.revision, now + HELD


@transaction.atomic(durable=True)
def put_off_version(*, revision: Revision, actor: User) -> None:  # noqa: ARG001 no deed for the ledger
    """Its files cannot be read now: in an hour again."""
    Rescreening.objects.filter(revision=revision).update(held_until=time.now(LATER))


@transaction.atomic(durable=True)
def record_findings(*, revision: Revision, held: datetime, found: Sequence[Finding], rules: str, actor: User) -> int:
    """Keep what was found and tell the lab and the operator, suspend nothing; answers how many findings are new."""
    now = time.db_now()
    mine = Rescreening.objects.filter(revision=revision, held_until=held)
    if mine.update(held_until=None, checked_at=now, rules=rules) != 1:
        return 0  # it took too long, and another looked meanwhile
    new = 0
    for one in found:
        facts = {"message": one.message, "rules": rules, "found_at": now, "state_since": now}
        row, created = LateFinding.objects.get_or_create(revision=revision, code=one.code[:60], defaults=facts)
        if created:
            new += 1
            _tell(row, LateState.OPEN, queries.inside(revision.repo))
            ledger.record("late_finding.found", subject=row, actor=actor, code=row.code, model=str(revision.repo))
    return new


@transaction.atomic(durable=True)
def decide_finding(*, finding_id: str, action: str, reason: str, actor: User) -> LateFinding:
    """``suspend`` the model's listing, ``dismiss`` the finding, or ``lift`` a suspension: a person's, with a reason.

    Suspended: no offer is taken and nothing is signed any more; agreements that run go on, and their holders are told.
    Raises ``NotFound``, ``TransitionRefused``.
    """
    found = queries.finding_of(finding_id)
    repo = registry.lock(found.revision.repo_id)
    LATE_FINDING.require(
        LateFinding, found.pk, action, who=Who.OPERATOR,
        decided_by=actor, reason=reason[:400], state_since=time.db_now(),
    )  # fmt: skip
    found = queries.finding_of(finding_id)
    _list_or_not(repo)
    _tell(found, LateState(found.state), queries.inside(repo))
    if action != "dismiss":
        _tell(found, LateState(found.state), queries.holders(repo), holder=True)
    ledger.record(f"late_finding.{found.state}", subject=found, actor=actor, model=str(repo), reason=reason[:400])
    return found


@step
def _list_or_not(repo: Repo) -> None:
    """The listing stands while no finding suspends it."""
    why = queries.suspending(repo)
    said = f"{why.code}: {why.reason}"[:200] if why is not None else ""
    Repo.objects.filter(pk=repo.pk).update(suspended_reason=said)


@step
def _tell(finding: LateFinding, about: LateState, people: Iterable[User], *, holder: bool = False) -> None:
    for user in sorted(people, key=lambda one: one.pk):
        facts = {"holder": holder}
        notice, created = Notice.objects.get_or_create(finding=finding, user=user, about=about, defaults=facts)
        if created:
            outbox.publish(TOLD, notice.pk)
