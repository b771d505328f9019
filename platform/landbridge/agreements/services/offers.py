"""A standing offer: signed once by the licensor's signatory, taken by many, withdrawn by any of its side."""

from collections.abc import Mapping, Sequence

from django.db import transaction

from landbridge.accounts.models import AuthorityRecord, Organization, Token, User
from landbridge.agreements import authority, calendar, documents, proofs, steps
from landbridge.agreements import terms as terms_of
from landbridge.agreements.errors import Unprocessable
from landbridge.agreements.lineage import Verdict
from landbridge.agreements.models import Agreement, AgreementState, AgreementType, Offer
from landbridge.agreements.terms import OfferRequest
from landbridge.core import time
from landbridge.core.errors import NotFound
from landbridge.core.ids import new_id
from landbridge_registry.models import Repo, Revision, Visibility

EVAL = AgreementType.EVAL
HIDDEN = "There is nothing at this address that you may see."


@transaction.atomic(durable=True)
def publish_standing_offer(  # noqa: PLR0913 what a signature in advance rests on
    *,
    repo: Repo,
    wanted: OfferRequest,
    verdict: Verdict,
    totp: str,
    consent: str,
    actor: User,
    token: Token | None = None,
) -> Offer:
    """Sign an offer of ``repo`` in advance. ``verdict``: what ``lineage.check`` said, asked outside the transaction.

    Gates the repository in the same transaction: from here on its bytes need an agreement.
    """
    proofs.require_person(actor, token)
    licensor = Organization.objects.select_for_update(of=("self",)).filter(namespace=repo.namespace_id).first()
    if licensor is None:
        raise Unprocessable("Only an organization can offer licenses. Move the model to one.", code="no_organization")
    repo = Repo.objects.select_for_update(of=("self",)).select_related("namespace").get(pk=repo.pk)
    if repo.visibility != Visibility.PUBLIC:
        raise Unprocessable(
            "A private model cannot be offered to everyone. Make it public first: the offer keeps its weights closed.",
            code="repository_private",
        )
    steps.require_listed(repo)
    pinned = _pinned(repo, wanted.revisions)
    terms = terms_of.of_offer(wanted, sorted({one.license for one in verdict.findings if one.level == "conditions"}))
    record = authority.find(person=actor, organization=licensor, deed=authority.Deed.under(terms, "offer"))
    verdict.require()  # told to nobody without authority: it speaks of what the model is made of
    calendar.zone_of(wanted.zone)
    proofs.require_consent(consent)
    offer = _signed(
        Offer(
            id=new_id(),
            type=EVAL,
            licensor=licensor,
            repo=repo,
            revisions=[_pin(one) for one in pinned],
            template=EVAL,
            template_version=documents.CURRENT[EVAL],
            terms=terms,
            verdict=verdict.to_json(),
            cap=wanted.cap,
            countries=sorted(wanted.countries),
            licensee_kinds=sorted(wanted.licensee_kinds),
            opens_at=calendar.whole_second(wanted.opens_at or time.db_now()),
            closes_at=calendar.whole_second(wanted.closes_at) if wanted.closes_at else None,
        ),
        record=record,
        proof=proofs.step_up(person=actor, code=totp, token=token),
        actor=actor,
    )
    gated = steps.gate(repo)
    steps.hold(repo, [one.commit for one in pinned], reason="offer", subject=f"agreements.offer:{offer.pk}")
    steps.note(
        "offer.published", subject=offer, actor=actor, repo=str(repo), sha256=offer.statement_sha256, gated=gated
    )
    return offer


def _pinned(repo: Repo, commits: Sequence[str]) -> list[Revision]:
    """The sealed revisions that are offered; the newest one if none is named."""
    sealed = Revision.objects.filter(repo=repo).order_by("-sealed_at", "-id")
    found = list(sealed.filter(commit__in=commits)) if commits else list(sealed[:1])
    missing = sorted(set(commits) - {one.commit for one in found})
    if missing or not found:
        said = f"These are no sealed versions: {', '.join(missing)}." if missing else "No version of it is sealed yet."
        raise Unprocessable(f"{said} Submit a version; it is sealed once screening passed.", code="not_sealed")
    return found


def _pin(revision: Revision) -> dict[str, str]:
    license_name = revision.license or revision.repo.license
    return {
        "id": revision.pk,
        "commit": revision.commit,
        "tree_digest": revision.tree_digest,
        "license": license_name,
    }


def _signed(offer: Offer, *, record: AuthorityRecord, proof: dict[str, object], actor: User) -> Offer:
    """Freeze what the licensor binds itself to, and save it with the signature."""
    template = documents.template(offer.type, offer.template_version)
    texts = terms_of.texts(offer.terms, terms_of.parties_of(offer), version=offer.template_version)
    offer.template_sha256, offer.texts = template.sha256, texts
    offer.statement = {
        "schema": "landbridge.offer/1",
        "offer": offer.pk,
        "type": offer.type,
        "repo": str(offer.repo),
        "revisions": offer.revisions,
        "template": f"{offer.template}/{offer.template_version}",
        "template_sha256": template.sha256,
        "terms_sha256": documents.terms_digest(offer.terms, texts),
        "cap": offer.cap,
        "countries": offer.countries,
        "licensee_kinds": offer.licensee_kinds,
        "opens_at": time.text(offer.opens_at),
        "closes_at": time.text(offer.closes_at) if offer.closes_at else None,
        **proofs.says(actor, offer.licensor, record),
    }
    offer.statement_sha256 = documents.sha256_of(offer.statement)
    offer.proof = proof
    offer.platform_signature = proofs.countersign(offer.statement, proof)
    offer.signed_by, offer.signed_at = actor, time.db_now()
    offer.authority, offer.authority_snapshot = record, authority.snapshot(record)
    offer.save(force_insert=True)
    return offer


@transaction.atomic(durable=True)
def revoke_offer(*, offer_id: str, reason: str, actor: User, token: Token | None = None) -> Offer:
    """Nobody takes it any more; what waits for a signature falls; what was executed stays. Again changes nothing."""
    offer = Offer.objects.select_related("licensor").filter(pk=offer_id).first()
    if offer is None:
        raise NotFound(HIDDEN)
    steps.require_side(actor, offer.licensor, "withdraws an offer", token=token)
    moment = {"revoked_at": time.now(), "revoked_by": actor, "revoked_reason": reason}
    unsigned = _closed(offer, moment)
    if unsigned is not None:
        for waiting in unsigned:
            if steps.stamp(waiting).state == AgreementState.SIGNING:
                steps.withdraw(waiting, reason="The licensor has withdrawn its offer.")
        steps.note("offer.revoked", subject=offer, actor=actor, reason=reason)
    offer.refresh_from_db()
    return offer


def _closed(offer: Offer, moment: Mapping[str, object]) -> list[Agreement] | None:
    """Close the offer; its unsigned agreements, their rows locked. ``None``: it was closed before.

    Every deed locks agreements before their offer. What was taken while we came to the offer's row is not locked yet:
    then the offer is let go, and we begin again.
    """
    while True:
        unsigned = _unsigned(offer)
        with transaction.atomic():
            closed = Offer.objects.filter(pk=offer.pk, revoked_at=None).update(**moment)
            newer = Agreement.objects.filter(offer=offer, executed_at=None).exclude(pk__in=[one.pk for one in unsigned])
            if not closed or not newer.exists():
                return unsigned if closed else None
            transaction.set_rollback(True)  # to the savepoint, which frees the offer's row


def _unsigned(offer: Offer) -> list[Agreement]:
    """Locked in the order in which a taker locks those of its organization."""
    rows = Agreement.objects.select_for_update(of=("self",)).filter(offer=offer, executed_at=None)
    return list(rows.order_by("-pk"))
