"""What pages and API ask about offers and agreements. One answer for both doors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from landbridge.accounts.models import Role, Token, User
from landbridge.accounts.principals import Principal
from landbridge.agreements import access, documents, execution, live, pages
from landbridge.agreements import sentences as say
from landbridge.agreements.machine import allowed_actions, state_at
from landbridge.agreements.models import (
    AccessRow,
    Agreement,
    AgreementRevision,
    AgreementState,
    Offer,
    Seat,
    Side,
    Signature,
    Slot,
    Statement,
)
from landbridge.core import time
from landbridge.core.errors import NotFound
from landbridge.core.machine import Who
from landbridge_registry.models import Repo, RepoType, Visibility

HIDDEN: Final = "There is nothing at this address that you may see."
OFFICE: Final = (Role.OWNER, Role.MAINTAINER, Role.SIGNATORY)
NO_OFFER: Final = _("These weights need an agreement, and the lab has no open offer now. Ask it for one.")
SIGNING: Final = _("An agreement waits for a signature. Its page names who must act.")
STATE_OF: Final = {
    say.PUBLIC: "open",
    say.MEMBER: "open",
    say.GRANT: "active",
    say.SIGN_IN: "sign_in",
    say.NO_AGREEMENT: "request",
    say.NOT_EFFECTIVE: "signing",
    say.PRECEDENT_UNMET: "signing",
    say.EXPIRED: "expired",
    say.TERMINATED: "expired",
    say.SUSPENDED: "suspended",
    say.SEAT_REVOKED: "suspended",
}


@dataclass(frozen=True, slots=True)
class AccessState:
    """Where a caller stands with a repository: one word for the gate's badge, one sentence, one way forward."""

    state: str  # open, sign_in, request, signing, active, suspended, expired
    code: str
    sentence: str
    page: str
    agreement: str = ""

    @property
    def allowed(self) -> bool:
        return self.state in {"open", "active"}

    def to_json(self) -> dict[str, Any]:
        return {
            "state": self.state,
            "allowed": self.allowed,
            "code": self.code,
            "sentence": self.sentence,
            "page": self.page,
            "agreement": self.agreement or None,
        }


def access_state(principal: Principal, repo: Repo) -> AccessState:
    """The gate's box on the model page and in ``GET /models/{ns}/{name}/license``. Raises ``NotFound`` as hidden."""
    decision = access.decide(
        actor=principal.user,
        token=principal.token,
        capability=access.DOWNLOAD,
        repo=repo,
        revision=None,
        path=None,
    )
    if decision.code == say.NOT_FOUND:
        raise NotFound(HIDDEN)
    state = STATE_OF.get(decision.code, "suspended")
    sentence = decision.sentence
    if state == "signing" and decision.agreement:
        sentence = str(SIGNING)
    if state == "request" and not live_offers(repo).exists():
        sentence = str(NO_OFFER)
    return AccessState(state, decision.code, sentence, decision.page, decision.agreement)


def live_offers(repo: Repo | None = None) -> QuerySet[Offer]:
    """Standing offers that can be taken now, of public repositories."""
    now = time.now()
    live = Q(revoked_at=None, opens_at__lte=now, taken__lt=F("cap")) & (Q(closes_at=None) | Q(closes_at__gt=now))
    rows = Offer.objects.filter(live, repo__visibility=Visibility.PUBLIC, repo__disabled_reason="")
    rows = rows.filter(repo__suspended_reason="")
    rows = rows.select_related("licensor", "repo__namespace", "signed_by")
    return rows if repo is None else rows.filter(repo=repo)


def offer_of(offer_id: str, principal: Principal) -> Offer:
    """An offer by id: of a public model, or of one's own organization."""
    rows = Offer.objects.select_related("licensor", "repo__namespace", "signed_by")
    found = rows.filter(pk=offer_id.lower()).first()
    if found is None:
        raise NotFound(HIDDEN)
    if found.repo.visibility != Visibility.PUBLIC and principal.role_in(found.licensor.namespace_id) is None:
        raise NotFound(HIDDEN)
    return found


def offer_texts(offer: Offer) -> dict[str, str]:
    """What the licensor signed, with open places where the licensee will stand."""
    return {language: offer.texts[language] for language in documents.LANGUAGES}


def model_of(namespace: str, name: str) -> Repo:
    rows = Repo.objects.select_related("namespace").filter(type=RepoType.MODEL)
    found = rows.filter(namespace__name__iexact=namespace, name__iexact=name).first()
    if found is None:
        raise NotFound(HIDDEN)
    return found


def visible_to(user: User, token: Token | None = None) -> QuerySet[Agreement]:
    """Agreements of the person: of organizations they act for, or asked for by them, to be signed by them, or used."""
    caller = Principal(user, token)
    offices, mine = caller.organizations(*OFFICE), caller.organizations()
    of_office = Q(licensor__in=offices) | Q(licensee__in=offices)
    of_person = Q(requested_by=user) | Q(pk__in=Seat.objects.filter(user=user, ended_at=None).values("agreement"))
    of_person |= Q(pk__in=Slot.objects.filter(person=user).values("agreement"))
    still_there = Q(licensor__in=mine) | Q(licensee__in=mine)
    rows = Agreement.objects.filter(still_there & (of_office | of_person))
    return rows.select_related("licensor", "licensee", "repo__namespace", "offer", "requested_by")


def agreement_of(number: str, user: User, token: Token | None = None) -> Agreement:
    """By number (or id). Somebody else's is as absent as one that never was."""
    rows = visible_to(user, token).filter(Q(number=number.upper()) | Q(pk=number.lower()))
    found = rows.first()
    if found is None:
        raise NotFound(HIDDEN)
    return found


def sides_of(agreement: Agreement, user: User, token: Token | None = None) -> list[Who]:
    """The sides the person acts for; a robot never more than its maker."""
    acting = Principal(user, token).organizations(*OFFICE)
    pairs = ((Who.LICENSOR, agreement.licensor_id), (Who.LICENSEE, agreement.licensee_id))
    return [side for side, organization in pairs if organization in acting]


def actions_for(agreement: Agreement, user: User, token: Token | None = None) -> list[str]:
    """What the API and the page offer this person now. To sign is for whom a statement waits for."""
    sides = sides_of(agreement, user, token)
    signs = Slot.objects.filter(agreement=agreement, person=user, signatures=None).exists()
    if agreement.requested_by_id == user.pk or signs:
        sides.append(Who.LICENSEE)
    actions = allowed_actions(agreement, time.db_now(), *sides)
    return [action for action in actions if action != "sign" or signs]


def current_state(agreement: Agreement) -> AgreementState:
    return state_at(agreement, time.db_now())


def revision_of(agreement: Agreement) -> AgreementRevision:
    return AgreementRevision.objects.filter(agreement=agreement).latest("number")


def statement_for(agreement: Agreement, user: User) -> Statement | None:
    """What waits for this person's signature; nobody else is shown it."""
    rows = Statement.objects.filter(slot__agreement=agreement, slot__person=user, slot__signatures=None)
    return rows.order_by("-revision__number").first()


def slots_of(agreement: Agreement) -> Sequence[dict[str, Any]]:
    """Who signs, and when they did. The one side's paper is never served; that it signed is told."""
    rows = (
        Slot.objects.filter(agreement=agreement).select_related("person", "organization", "authority").order_by("order")
    )
    signed = {one.slot_id: one for one in Signature.objects.filter(slot__agreement=agreement)}
    return [
        {
            "side": slot.side,
            "organization": slot.organization.slug,
            "person": slot.person.username,
            "title": slot.authority.title,
            "signed_at": time.text(signed[slot.pk].signed_at) if slot.pk in signed else None,
            "level": signed[slot.pk].level if slot.pk in signed else None,
            "in_advance": slot.side == Side.LICENSOR and slot.pk in signed and signed[slot.pk].offer_id is not None,
        }
        for slot in rows
    ]


def signatures_of(agreement: Agreement, revision: AgreementRevision) -> list[dict[str, object]]:
    """The signatures of an executed agreement. Before that nothing half-signed is served."""
    return execution.agreement_signatures(revision) if agreement.executed_at else []


def in_state(rows: QuerySet[Agreement], state: str) -> QuerySet[Agreement]:
    """By facts and time, not by the stamp."""
    now = time.now()
    unsigned = Q(executed_at=None, voided_at=None)
    open_still = Q(declined_at=None, withdrawn_at=None)
    over = Q(terminated_at__lte=now) | Q(superseded_at__lte=now) | Q(voided_at__isnull=False)
    signed = Q(executed_at__isnull=False) & ~over
    conditions = {
        AgreementState.SIGNING: unsigned & open_still & Q(lapsed_at=None, offer_until__gt=now),
        AgreementState.LAPSED: unsigned & open_still & (Q(lapsed_at__isnull=False) | Q(offer_until__lte=now)),
        AgreementState.ACTIVE: live.in_force(now),
        AgreementState.SUSPENDED: signed & Q(suspended_at__isnull=False, ends_at__gt=now),
        AgreementState.EXPIRED: signed & Q(ends_at__lte=now),
    }
    return rows.filter(conditions.get(AgreementState(state), Q(state=state)))


def of_model(rows: QuerySet[Agreement], namespace: str, name: str) -> QuerySet[Agreement]:
    """Those about the model of this name; none if there is none, so that a private one cannot be guessed."""
    return rows.filter(repo__type=RepoType.MODEL, repo__namespace__name__iexact=namespace, repo__name__iexact=name)


def on_side(rows: QuerySet[Agreement], user: User, side: str, token: Token | None = None) -> QuerySet[Agreement]:
    mine = Principal(user, token).organizations()
    return rows.filter(licensor__in=mine) if side == Side.LICENSOR else rows.filter(licensee__in=mine)


def access_rows(agreement: Agreement) -> QuerySet[AccessRow]:
    """The requests that this agreement decided: allowed by its grants, or refused for what it lacks."""
    rows = AccessRow.objects.filter(agreement_revision__agreement=agreement)
    return rows.select_related("end", "user", "repo__namespace")


def page_of(agreement: Agreement) -> str:
    return pages.agreement(agreement.number)
