"""The step that executes an agreement: the one place where a grant is written."""

from datetime import datetime
from typing import Any

from landbridge.accounts.models import Membership
from landbridge.agreements import calendar, documents
from landbridge.agreements.capabilities import capabilities_of
from landbridge.agreements.machine import AGREEMENT
from landbridge.agreements.models import (
    Agreement,
    AgreementRevision,
    AgreementState,
    Grant,
    GrantedRevision,
    Seat,
    Side,
    Signature,
    Slot,
)
from landbridge.core import time
from landbridge.core.db import step
from landbridge.core.machine import Who
from landbridge.core.signing import platform_signer


@step
def execute(*, agreement: Agreement, revision: AgreementRevision, at: datetime) -> None:
    """Every slot is signed: seal the text, start the term, and write the grants and seats. All of it, or nothing."""
    begins = calendar.whole_second(at)
    days = int(revision.terms["days"])
    ends_on, ends_at = calendar.term(begins, days, calendar.zone_of(agreement.zone))
    signatures = agreement_signatures(revision)
    document = documents.sha256_of({"revision": revision.revision_sha256, "signatures": signatures})
    facts: dict[str, Any] = {
        "executed_at": begins,
        "sealed_at": begins,
        "precedents_met_at": begins,
        "effective_at": begins,
        "ends_at": ends_at,
        "ends_on": ends_on,
        "tzdata": calendar.tzdata_version(),
        "document_sha256": document,
        "seal": seal(document),
    }
    AGREEMENT.require(Agreement, agreement.pk, "execute", who=Who.CLOCK, **facts)
    for name, value in facts.items():
        setattr(agreement, name, value)
    agreement.state = AgreementState.EXECUTED
    _write_grants(agreement, revision)
    _give_first_seats(agreement, revision)


def agreement_signatures(revision: AgreementRevision) -> list[dict[str, object]]:
    """The signatures of a revision as the sealed document names them, in the order of the slots."""
    rows = Signature.objects.filter(revision=revision).select_related("slot").order_by("slot__order")
    return [
        {
            "side": row.slot.side,
            "name": row.legal_name,
            "title": row.title,
            "entity": row.entity,
            "at": time.text(row.signed_at),
            "statement_sha256": row.statement_sha256,
            "level": row.level,
        }
        for row in rows
    ]


def seal(document_sha256: str) -> dict[str, Any]:
    """The platform's signature over the document's digest. It is the platform's, not the parties'."""
    signer = platform_signer()
    return {"keyid": signer.keyid, "public": signer.public_hex, "sig": signer.sign(document_sha256.encode()).hex()}


def _write_grants(agreement: Agreement, revision: AgreementRevision) -> None:
    if agreement.effective_at is None or agreement.ends_at is None:
        raise RuntimeError("Grants are written by execute, after the term is known.")
    for capability in capabilities_of(agreement.type, revision.terms):
        grant = Grant.objects.create(
            agreement=agreement,
            revision=revision,
            organization=agreement.licensee,
            capability=capability.name,
            repo=agreement.repo,
            scope=dict(capability.scope),
            quota=capability.quota,
            starts_at=agreement.effective_at,
            ends_at=agreement.ends_at,
        )
        commits = [GrantedRevision(grant=grant, commit=one["commit"]) for one in revision.terms["revisions"]]
        GrantedRevision.objects.bulk_create(commits)


def _give_first_seats(agreement: Agreement, revision: AgreementRevision) -> None:
    """Who asked and who signed sit down first, as far as there are seats."""
    signer = Slot.objects.get(agreement=agreement, side=Side.LICENSEE).person
    first = dict.fromkeys([agreement.requested_by, signer])
    members = Membership.objects.filter(organization=agreement.licensee, user__in=first, user__is_active=True)
    present = set(members.values_list("user", flat=True))
    for person in [one for one in first if one.pk in present][: int(revision.terms["seats"])]:
        Seat.objects.create(agreement=agreement, user=person, given_by=signer)
