"""What the services of agreements share. Each works inside its caller's transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q

from landbridge.accounts.models import AuthorityRecord, Organization, Role, Token, User
from landbridge.accounts.principals import Principal
from landbridge.agreements import authority, calendar, documents, proofs
from landbridge.agreements.errors import ListingSuspended, OfferExhausted, OfferLapsed, OfferWithdrawn
from landbridge.agreements.machine import AGREEMENT, state_at
from landbridge.agreements.models import (
    Agreement,
    AgreementRevision,
    Offer,
    Side,
    Signature,
    Slot,
    Statement,
)
from landbridge.core import ledger, time
from landbridge.core.db import step
from landbridge.core.errors import NotAllowed, NotFound
from landbridge.core.machine import Who
from landbridge_registry.models import Gate, Hold, Repo, Visibility


def chain_of(organization: Organization | str) -> str:
    """The ledger chain of a licensor."""
    key = organization if isinstance(organization, str) else organization.pk
    return f"licensor:{key}"


def note(verb: str, *, subject: Agreement | Offer, actor: User, **data: Any) -> None:  # noqa: ANN401 JSON
    """The line on the licensor's chain. Last of a service: it takes the lock on the chain's head."""
    ledger.record(verb, subject=subject, actor=actor, chain=chain_of(subject.licensor_id), **data)


@step
def lock(number: str) -> Agreement:
    """The agreement, its row locked, its stamp set to what facts and time say."""
    rows = Agreement.objects.select_for_update(of=("self",))
    found = rows.select_related("licensor", "licensee", "repo__namespace", "offer").filter(number=number).first()
    if found is None:
        raise NotFound("There is nothing at this address that you may see.")
    return stamp(found)


@step
def stamp(agreement: Agreement) -> Agreement:
    """Set the ``state`` column to what facts and time say now."""
    state = state_at(agreement, time.db_now())
    if agreement.state != state:
        Agreement.objects.filter(pk=agreement.pk).update(state=state)
        agreement.state = state
    return agreement


def belongs(person: User, organization: Organization, token: Token | None = None) -> bool:
    """Now, and with this token: one of an organization reaches no further than it, nor than who made it."""
    return person.is_active and organization.pk in Principal(person, token).organizations()


def require_side(
    person: User, organization: Organization, deed: str, *, token: Token | None, or_also: User | None = None
) -> None:
    """Owners, maintainers and signatories act for their side in what binds nobody anew; a robot as its maker may."""
    acts = Principal(person, token).organizations(Role.OWNER, Role.MAINTAINER, Role.SIGNATORY)
    if person != or_also and organization.pk not in acts:
        raise NotAllowed(f"An owner, maintainer or signatory of {organization.name} {deed}.", code="role_missing")


@step
def withdraw(agreement: Agreement, *, reason: str) -> None:
    """The licensor's side ends what nobody has signed yet; its place in the offer is free again."""
    now = time.db_now()
    AGREEMENT.require(Agreement, agreement.pk, "withdraw", who=Who.LICENSOR, withdrawn_at=now, reason=reason)
    give_place_back(agreement)


@step
def gate(repo: Repo) -> bool:
    """Close the bytes of an offered repository to who has no agreement. True if they were open before."""
    return Repo.objects.filter(pk=repo.pk).exclude(gate=Gate.MANUAL).update(gate=Gate.MANUAL) == 1


@step
def hold(repo: Repo, commits: Sequence[str], *, reason: str, subject: str) -> None:
    """Named versions can no longer be rewritten or removed."""
    for commit in commits:
        Hold.objects.get_or_create(repo=repo, commit=commit, subject=subject, defaults={"reason": reason})


@step
def take_place(offer: Offer) -> None:
    """Count one more taker: one conditional UPDATE, so a cap holds however many come at once."""
    now = time.now()
    live = Q(revoked_at=None, opens_at__lte=now, taken__lt=F("cap")) & (Q(closes_at=None) | Q(closes_at__gt=now))
    # EXISTS, not a join: a join makes the WHERE a subselect, which PostgreSQL does not judge again after waiting
    shown = Repo.objects.filter(pk=OuterRef("repo"), visibility=Visibility.PUBLIC, disabled_reason="")
    public = Exists(shown.filter(suspended_reason=""))
    if Offer.objects.filter(live, public, pk=offer.pk).update(taken=F("taken") + 1):
        return
    offer.refresh_from_db()
    require_listed(offer.repo)
    if offer.revoked_at is not None:
        raise OfferWithdrawn("The licensor has withdrawn this offer. Look at the model's page for another.")
    if offer.taken >= offer.cap:
        raise OfferExhausted(
            f"All {offer.cap} licenses of this offer are taken. Ask {offer.licensor.name} for a new offer.",
            cap=offer.cap,
        )
    raise OfferLapsed("This offer is not open now. Look at the model's page for another.")


def require_listed(repo: Repo) -> None:
    """Raises ``ListingSuspended`` while the operator suspends the model's listing."""
    why = Repo.objects.values_list("suspended_reason", flat=True).get(pk=repo.pk)
    if why:
        raise ListingSuspended(
            f"The operator has suspended the listing of {repo} ({why}). Licenses that run go on; new ones wait until "
            "it is lifted. The model's page says more."
        )


@step
def give_place_back(agreement: Agreement) -> None:
    """What was taken and never signed frees its place."""
    Offer.objects.filter(pk=agreement.offer_id, taken__gt=0).update(taken=F("taken") - 1)


@step
def freeze(
    *, agreement: Agreement, terms: Mapping[str, Any], texts: Mapping[str, str], version: str, author: User
) -> AgreementRevision:
    """The first revision of an express license: text and terms, and the digests that are signed."""
    template = documents.template(agreement.type, version)
    digest = documents.terms_digest(terms, texts)
    said = {
        "agreement": agreement.number,
        "number": 1,
        "base": None,
        "terms_sha256": digest,
        "template": template.type,
        "template_version": template.version,
        "template_sha256": template.sha256,
        "clauses": template.clauses,
        "author": author.username,
        "side": str(Side.LICENSEE),
    }
    return AgreementRevision.objects.create(
        agreement=agreement,
        number=1,
        terms=dict(terms),
        texts=dict(texts),
        template=template.type,
        template_version=template.version,
        clause_versions=template.clauses,
        terms_sha256=digest,
        revision_sha256=documents.sha256_of(said),
        author=author,
        side=Side.LICENSEE,
    )


@step
def fill_slots(*, revision: AgreementRevision, record: AuthorityRecord, offer: Offer) -> Statement:
    """The licensor's slot holds the offer's signature; the licensee's waits for the one account it names."""
    agreement = revision.agreement
    theirs = Slot.objects.create(
        agreement=agreement,
        side=Side.LICENSOR,
        order=1,
        organization=agreement.licensor,
        person=offer.signed_by,
        authority=offer.authority,
    )
    Signature.objects.create(
        slot=theirs,
        revision=revision,
        offer=offer,
        signer=offer.signed_by,
        statement=offer.statement,
        statement_sha256=offer.statement_sha256,
        proof=offer.proof,
        platform_signature=offer.platform_signature,
        legal_name=proofs.legal_name(offer.signed_by),
        title=offer.authority.title,
        entity=offer.licensor.name,
        authority=offer.authority,
        authority_snapshot=offer.authority_snapshot,
        signed_at=offer.signed_at,
        zone=agreement.zone,
    )
    entity = agreement.licensee
    ours = Slot.objects.create(
        agreement=agreement, side=Side.LICENSEE, order=2, organization=entity, person=record.person, authority=record
    )
    body = proofs.statement_for(
        agreement=agreement, revision=revision, person=record.person, entity=entity, record=record
    )
    return Statement.objects.create(slot=ours, revision=revision, body=body, sha256=documents.sha256_of(body))


@step
def write_signature(  # noqa: PLR0913 what a row holds
    *,
    statement: Statement,
    person: User,
    record: AuthorityRecord,
    proof: Mapping[str, object],
    at: datetime,
    trace: str,
) -> Signature:
    slot = statement.slot
    return Signature.objects.create(
        slot=slot,
        revision=statement.revision,
        signer=person,
        statement=statement.body,
        statement_sha256=statement.sha256,
        nonce=statement.body["nonce"],
        proof=dict(proof),
        platform_signature=proofs.countersign(statement.body, proof),
        level=proofs.LEVEL,
        legal_name=proofs.legal_name(person),
        title=record.title,
        entity=slot.organization.name,
        authority=record,
        authority_snapshot=authority.snapshot(record),
        signed_at=at,
        zone=slot.agreement.zone,
        trace=trace,
    )


def signing_deadline(offer: Offer, now: datetime) -> datetime:
    """When a taken offer lapses: after its days to sign, or with the offer if that is sooner."""
    deadline = calendar.whole_second(now) + timedelta(days=int(offer.terms["signing_days"]))
    return min(deadline, offer.closes_at) if offer.closes_at else deadline
