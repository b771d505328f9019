"""``/offers`` and ``/models/{ns}/{name}/license``: what may be taken, and where the caller stands."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from landbridge.accounts.principals import principal_of
from landbridge.agreements import documents, lineage, proofs, queries, services
from landbridge.agreements.api import shapes
from landbridge.agreements.errors import Unprocessable
from landbridge.agreements.models import Offer
from landbridge.agreements.terms import OfferRequest
from landbridge.core import query
from landbridge.core.access import Access, Right, Rules
from landbridge.core.errors import NotFound
from landbridge.core.pagination import page
from landbridge.core.serializers import valid
from landbridge.core.views import View
from landbridge_registry.models import Repo, Revision, Visibility

SIGN = "agreements.sign"
TUPLES = ("revisions", "countries", "licensee_kinds")


def verdict_of(repo: Repo, commits: list[str]) -> lineage.Verdict:
    """The license check, outside any transaction: it asks plugins."""
    organization = getattr(repo.namespace, "organization", None)
    if organization is None:
        raise Unprocessable("Only an organization can offer licenses. Move the model to one.", code="no_organization")
    sealed = Revision.objects.filter(repo=repo).select_related("repo").order_by("-sealed_at", "-id")
    revisions = list(sealed.filter(commit__in=commits)) if commits else list(sealed[:1])
    return lineage.check(repo=repo, revisions=revisions, licensor=organization)


def visible_model(request: Request, name: str) -> Repo:
    """The model, unless it is private and none of the caller's."""
    namespace, _, short = name.partition("/")
    repo = queries.model_of(namespace, short)
    principal = principal_of(request)
    if repo.visibility != Visibility.PUBLIC and not principal.has_role(repo.namespace, "member"):
        raise NotFound(queries.HIDDEN)
    return repo


class Offers(View):
    """Standing offers that can be taken now; ``mine`` lists those of one's own organizations, ended ones too."""

    access: ClassVar[Rules] = {
        "GET": Access(Right.PUBLIC),
        "POST": Access(Right.SIGNED_IN, scope=SIGN, person=True, why="With authority to offer; a code in the body."),
    }
    query: ClassVar[tuple[str, ...]] = ("model", "mine")
    listed: ClassVar[bool] = True
    key_required: ClassVar[bool] = True

    @extend_schema(responses=shapes.OfferOut(many=True))
    def get(self, request: Request) -> Response:
        asked = query.parse(request, self.query, listed=True)
        rows = queries.live_offers()
        if asked.flag("mine"):
            principal = principal_of(request)
            principal.require_user()
            rows = Offer.objects.filter(licensor__namespace__in=principal.memberships)
            rows = rows.select_related("licensor", "repo__namespace", "signed_by")
        if asked.one("model"):
            rows = rows.filter(repo=visible_model(request, asked.one("model")))
        return page(request, rows, ("-created_at", "id"), serialize=shapes.offer_out)

    @extend_schema(request=shapes.OfferWish, responses={201: shapes.OfferDetail})
    def post(self, request: Request) -> Response:
        principal = principal_of(request)
        proofs.require_person(principal.require_user(), principal.token)
        wish = valid(shapes.OfferWish, request)
        repo = visible_model(request, wish.pop("model"))
        totp, consent = wish.pop("totp"), wish.pop("consent")
        del wish["type"]  # the only one so far
        chosen: dict[str, Any] = {name: tuple(value) if name in TUPLES else value for name, value in wish.items()}
        wanted = OfferRequest(**chosen)
        offer = services.publish_standing_offer(
            repo=repo,
            wanted=wanted,
            verdict=verdict_of(repo, list(wanted.revisions)),
            totp=totp,
            consent=consent,
            actor=principal.require_user(),
            token=principal.token,
        )
        return Response(shapes.offer_detail(offer), status=201, headers={"Location": f"/api/v1/offers/{offer.pk}"})


class OfferView(View):
    """The terms as data and the whole text, in both languages, before anything is signed."""

    access: ClassVar[Rules] = {"GET": Access(Right.PUBLIC)}
    query: ClassVar[tuple[str, ...]] = ()

    @extend_schema(responses=shapes.OfferDetail)
    def get(self, request: Request, offer_id: str) -> Response:
        return Response(shapes.offer_detail(queries.offer_of(offer_id, principal_of(request))))


class Revocation(View):
    """Nobody takes it any more. What was executed stays in force."""

    access: ClassVar[Rules] = {"POST": Access(Right.OFFICE, scope="agreements.write", why="Of the licensor.")}

    @extend_schema(request=shapes.Reason, responses=shapes.OfferDetail)
    def post(self, request: Request, offer_id: str) -> Response:
        principal = principal_of(request)
        user, offer = principal.require_user(), queries.offer_of(offer_id, principal)
        reason = valid(shapes.Reason, request)["reason"]
        changed = services.revoke_offer(offer_id=offer.pk, reason=reason, actor=user, token=principal.token)
        return Response(shapes.offer_detail(changed))


class Take(View):
    """Take it for an organization of yours: an agreement that waits for a signature. Again gives the same one."""

    access: ClassVar[Rules] = {
        "POST": Access(Right.SIGNED_IN, scope="agreements.write", why="For members of the organization in the body.")
    }

    @extend_schema(request=shapes.Taking, responses={201: shapes.AgreementDetail})
    def post(self, request: Request, offer_id: str) -> Response:
        principal = principal_of(request)
        user, offer = principal.require_user(), queries.offer_of(offer_id, principal)
        wish = valid(shapes.Taking, request)
        verdict = verdict_of(offer.repo, [one["commit"] for one in offer.revisions])
        agreement = services.take_offer(offer_id=offer.pk, verdict=verdict, actor=user, token=principal.token, **wish)
        where = {"Location": f"/api/v1/agreements/{agreement.number}"}
        return Response(shapes.agreement_detail(agreement, user, principal.token), status=201, headers=where)


class License(View):
    """The declared license, what can be taken, and where the caller stands."""

    access: ClassVar[Rules] = {"GET": Access(Right.PUBLIC)}
    query: ClassVar[tuple[str, ...]] = ()

    @extend_schema(responses=shapes.LicenseOut)
    def get(self, request: Request, namespace: str, name: str) -> Response:
        repo = queries.model_of(namespace, name)
        state = queries.access_state(principal_of(request), repo)
        return Response(
            {
                "model": str(repo),
                "declared": repo.license,
                "gate": repo.gate,
                "offers": [shapes.offer_out(offer) for offer in queries.live_offers(repo).order_by("-created_at")],
                "access": state.to_json(),
                "mark": documents.MARK,
            }
        )
