"""Taking a standing offer makes an agreement that waits for one signature."""

from django.db import transaction

from landbridge.accounts.models import AuthorityRecord, Organization, Token, User
from landbridge.agreements import authority, calendar, documents, numbers, steps
from landbridge.agreements import terms as terms_of
from landbridge.agreements.errors import AlreadyLicensed, NoAuthority, OfferLapsed, OutsideTheOffer, TextChanged
from landbridge.agreements.lineage import Verdict
from landbridge.agreements.machine import AGREEMENT, state_at
from landbridge.agreements.models import Agreement, AgreementState, Offer
from landbridge.agreements.terms import Parties
from landbridge.core import outbox, time
from landbridge.core.errors import NotAllowed, NotFound

HIDDEN = "There is nothing at this address that you may see."


@transaction.atomic(durable=True)
def take_offer(  # noqa: PLR0913 what a taker declares
    *,
    offer_id: str,
    organization: str,
    purpose: str,
    country: str,
    verdict: Verdict,
    actor: User,
    signatory: str = "",
    token: Token | None = None,
) -> Agreement:
    """Take a standing offer for ``organization``: text frozen, slots filled, waiting for the licensee's signature.

    Taking it again while that waits gives the same agreement. Raises ``OfferExhausted``, ``OfferWithdrawn``,
    ``OfferLapsed``, ``OutsideTheOffer``, ``NoAuthority``, ``AlreadyLicensed``.
    """
    licensee = Organization.objects.select_for_update(of=("self",)).filter(slug__iexact=organization).first()
    if licensee is None or not steps.belongs(actor, licensee, token):
        raise NotAllowed(f"You do not belong to {organization}. Take the offer for an organization of yours.",
                         code="role_missing")  # fmt: skip
    offer = (
        Offer.objects.select_related("licensor", "repo__namespace", "authority", "signed_by")
        .filter(pk=offer_id)
        .first()
    )
    if offer is None:
        raise NotFound(HIDDEN)
    standing = _standing(offer, licensee)
    if standing is not None:
        return standing
    _require_inside(offer, licensee, country)
    verdict.require()
    _require_living_authority(offer)
    _require_same_template(offer)
    record = _signatory(licensee, offer, actor, signatory)
    steps.take_place(offer)
    agreement = _written(offer, licensee, actor=actor, purpose=purpose, country=country, record=record)
    outbox.publish("agreement.state", agreement.pk)
    steps.note(
        "agreement.taken",
        subject=agreement,
        actor=actor,
        number=agreement.number,
        offer=offer.pk,
        licensee=licensee.slug,
        verdict=str(verdict.level),
    )
    return agreement


def _standing(offer: Offer, licensee: Organization) -> Agreement | None:
    """The agreement that waits for its signature, if there is one; an executed one is refused as a second."""
    rows = Agreement.objects.filter(offer=offer, licensee=licensee).select_for_update(of=("self",)).order_by("-pk")
    for row in rows.select_related("licensor", "licensee", "repo__namespace", "offer"):
        state = state_at(row, time.db_now())
        if state == AgreementState.SIGNING:
            return row
        if state in {AgreementState.EXECUTED, AgreementState.ACTIVE, AgreementState.SUSPENDED}:
            raise AlreadyLicensed(
                f"{licensee.name} has this license already: {row.number}. Its owner can give you a seat.",
                agreement=row.number,
            )
    return None


def _require_inside(offer: Offer, licensee: Organization, country: str) -> None:
    """The caps of the offer: whom it is for and where."""
    if licensee.pk == offer.licensor_id:
        raise OutsideTheOffer("This is your own model: your members need no license.", code="own_model")
    if offer.licensee_kinds and licensee.kind not in offer.licensee_kinds:
        raise OutsideTheOffer(f"This offer is for organizations of kind {', '.join(offer.licensee_kinds)}.")
    if licensee.country and licensee.country != country:
        raise OutsideTheOffer(
            f"{licensee.name} is recorded in {licensee.country}. State that country, or have the record corrected.",
            code="country_mismatch",
        )
    if offer.countries and (country not in offer.countries or not licensee.country):
        raise OutsideTheOffer(
            f"This offer is for organizations in {', '.join(offer.countries)}, as their record says.", code="territory"
        )


def _require_living_authority(offer: Offer) -> None:
    """The power behind the licensor's signature in advance must still hold when its slot is filled."""
    deed = authority.Deed.under(offer.terms, "offer")
    try:
        authority.find(person=offer.signed_by, organization=offer.licensor, deed=deed)
    except NoAuthority as error:
        raise OfferLapsed(
            f"Who signed this offer for {offer.licensor.name} has the authority no more. Ask the lab to sign it again."
        ) from error


def _require_same_template(offer: Offer) -> None:
    """An offer promises one text: a program whose template has other words under that version makes none."""
    if documents.template(offer.template, offer.template_version).sha256 != offer.template_sha256:
        raise TextChanged("The template of this offer is no longer the one that was signed. Ask the lab to offer anew.")


def _signatory(licensee: Organization, offer: Offer, actor: User, named: str) -> AuthorityRecord:
    """Who signs for the licensee: the named person, else the taker, else the only one who may."""
    able = {one.person.username: one.person for one in authority.signatories(organization=licensee, kind=offer.type)}
    if named and named not in able:
        raise NoAuthority(
            f"{named} holds no authority to sign a {offer.type} for {licensee.name} now.", signatories=sorted(able)
        )
    if not named and actor.username not in able and len(able) > 1:
        people = ", ".join(sorted(able))
        raise NoAuthority(f"Name who signs for {licensee.name}: {people}.", signatories=sorted(able))
    fallback = actor if actor.username in able else next(iter(able.values()), actor)
    deed = authority.Deed.under(offer.terms, "sign")
    return authority.find(person=able.get(named, fallback), organization=licensee, deed=deed)


def _written(  # noqa: PLR0913 the parts of an agreement
    offer: Offer, licensee: Organization, *, actor: User, purpose: str, country: str, record: AuthorityRecord
) -> Agreement:
    """Number, row, frozen text, slots, statement. The counter is the last lock before the chain."""
    now = time.db_now()
    zone = str(offer.terms["zone"])
    year = now.astimezone(calendar.zone_of(zone)).year
    agreement = Agreement(
        type=offer.type,
        licensor=offer.licensor,
        licensee=licensee,
        repo=offer.repo,
        offer=offer,
        requested_by=actor,
        attestations={"purpose": purpose, "domicile": country, "by": actor.username, "at": time.text(now)},
        state=AGREEMENT.initial,
        offer_until=steps.signing_deadline(offer, now),
        zone=zone,
    )
    agreement.number = numbers.allocate(licensor=offer.licensor, kind=offer.type, year=year)
    agreement.save(force_insert=True)
    parties = Parties(
        offer.licensor, str(offer.repo), offer.revisions, offer.pk, licensee, country, purpose, agreement.number
    )
    terms = terms_of.of_agreement(offer.terms, parties)
    texts = terms_of.texts(terms, parties, version=offer.template_version)
    revision = steps.freeze(agreement=agreement, terms=terms, texts=texts, version=offer.template_version, author=actor)
    steps.fill_slots(revision=revision, record=record, offer=offer)
    commits = [one["commit"] for one in offer.revisions]
    steps.hold(offer.repo, commits, reason="agreement", subject=f"agreements.agreement:{agreement.pk}")
    return agreement
