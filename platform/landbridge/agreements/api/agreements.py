"""``/agreements``: read them, sign them, and end what must end. Somebody else's number answers 404."""

from typing import ClassVar

from django.utils.translation import get_language
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from landbridge.accounts.errors import StepUpRequired
from landbridge.accounts.models import Token, User
from landbridge.accounts.principals import principal_of
from landbridge.agreements import access_log, documents, proofs, queries, services
from landbridge.agreements.api import shapes
from landbridge.agreements.models import Agreement, AgreementState, Grant, Seat
from landbridge.core import query
from landbridge.core.access import Access, Right, Rules
from landbridge.core.errors import Conflict, DomainError, Gone, Invalid, NotAllowed
from landbridge.core.pagination import page
from landbridge.core.serializers import valid
from landbridge.core.views import View

READ = Access(Right.SIGNED_IN, scope="agreements.read", hidden=True, why="For the two sides of the agreement.")
WRITE = Access(Right.OFFICE, scope="agreements.write", hidden=True, why="Of the side that the deed belongs to.")
SIGN = Access(
    Right.SIGNED_IN, scope="agreements.sign", hidden=True, person=True, why="With authority; a code in the body."
)
NOTED = (NotAllowed, Conflict, Gone, Invalid, StepUpRequired)  # refusals of a signature that leave a line


def found(request: Request, number: str) -> tuple[User, Agreement]:
    user = principal_of(request).require_user()
    return user, queries.agreement_of(number, user, key_of(request))


def key_of(request: Request) -> Token | None:
    """What the caller came with: a robot never reaches further than who made its token."""
    return principal_of(request).token


def answer(request: Request, number: str) -> Response:
    user, agreement = found(request, number)
    return Response(shapes.agreement_detail(agreement, user, key_of(request)))


class Agreements(View):
    """Yours: of organizations you act for, asked for by you, waiting for your signature, or used by you."""

    access: ClassVar[Rules] = {"GET": Access(Right.SIGNED_IN, scope="agreements.read")}
    query: ClassVar[tuple[str, ...]] = ("model", "state", "side")
    listed: ClassVar[bool] = True

    @extend_schema(responses=shapes.AgreementOut(many=True))
    def get(self, request: Request) -> Response:
        user, asked = principal_of(request).require_user(), query.parse(request, self.query, listed=True)
        token = key_of(request)
        rows = queries.visible_to(user, token)
        if asked.one("model"):
            namespace, _, name = asked.one("model").partition("/")
            rows = queries.of_model(rows, namespace, name)
        if asked.one("state"):
            rows = queries.in_state(rows, asked.choice("state", AgreementState.values))
        if asked.one("side"):
            rows = queries.on_side(rows, user, asked.choice("side", ("licensor", "licensee")), token)
        return page(request, rows, ("-created_at", "id"), serialize=lambda row: shapes.agreement_out(row, user, token))


class AgreementView(View):
    access: ClassVar[Rules] = {"GET": READ}
    query: ClassVar[tuple[str, ...]] = ()

    @extend_schema(responses=shapes.AgreementDetail)
    def get(self, request: Request, number: str) -> Response:
        return answer(request, number)


class Text(View):
    """The frozen text in one language, as Markdown and as HTML; with the signatures once it is executed."""

    access: ClassVar[Rules] = {"GET": READ}
    query: ClassVar[tuple[str, ...]] = ("language",)

    @extend_schema(responses=shapes.TextOut)
    def get(self, request: Request, number: str) -> Response:
        asked = query.parse(request, self.query)
        spoken = get_language() or ""
        usual = spoken if spoken in documents.LANGUAGES else documents.LANGUAGES[0]
        language = asked.choice("language", documents.LANGUAGES, usual)
        _, agreement = found(request, number)
        return Response(shapes.text_out(agreement, queries.revision_of(agreement), language))


class Sign(View):
    """Sign what waits for you. ``statement_sha256`` says which words you read; the code says that it is you."""

    access: ClassVar[Rules] = {"POST": SIGN}
    key_required: ClassVar[bool] = True

    @extend_schema(request=shapes.Signing, responses=shapes.AgreementDetail)
    def post(self, request: Request, number: str) -> Response:
        principal = principal_of(request)
        proofs.require_person(principal.require_user(), principal.token)
        user, agreement = found(request, number)
        wish = valid(shapes.Signing, request)
        address, agent = request.META.get("REMOTE_ADDR", ""), request.headers.get("User-Agent", "")
        try:
            signed = services.sign_agreement(
                number=agreement.number,
                actor=user,
                token=principal.token,
                trace=access_log.leave_trace(address=address, agent=agent),
                **wish,
            )
        except NOTED as error:
            self._note(agreement.number, error, user)
            raise
        return Response(shapes.agreement_detail(signed.agreement, user, principal.token))

    def _note(self, number: str, error: DomainError, user: User) -> None:
        services.note_refusal(number=number, code=error.reason, actor=user)


class Deed(View):
    """What is alike in suspending, resuming, withdrawing and declining: a reason, and the right side."""

    access: ClassVar[Rules] = {"POST": WRITE}
    deeds: ClassVar = {
        "suspend": services.suspend,
        "resume": services.resume,
        "withdraw": services.withdraw,
        "decline": services.decline,
    }

    @extend_schema(request=shapes.Reason, responses=shapes.AgreementDetail)
    def post(self, request: Request, number: str, action: str) -> Response:
        user, agreement = found(request, number)
        reason = valid(shapes.Reason, request)["reason"]
        self.deeds[action](number=agreement.number, reason=reason, actor=user, token=key_of(request))
        return answer(request, number)


class Terminate(View):
    """End it for good. A person with authority to terminate, and a code."""

    access: ClassVar[Rules] = {"POST": SIGN}
    key_required: ClassVar[bool] = True

    @extend_schema(request=shapes.Ending, responses=shapes.AgreementDetail)
    def post(self, request: Request, number: str) -> Response:
        principal = principal_of(request)
        proofs.require_person(principal.require_user(), principal.token)
        user, agreement = found(request, number)
        wish = valid(shapes.Ending, request)
        services.terminate(number=agreement.number, actor=user, token=principal.token, **wish)
        return answer(request, number)


class Grants(View):
    access: ClassVar[Rules] = {"GET": READ}
    query: ClassVar[tuple[str, ...]] = ()
    listed: ClassVar[bool] = True

    @extend_schema(responses=shapes.GrantOut(many=True))
    def get(self, request: Request, number: str) -> Response:
        _, agreement = found(request, number)
        rows = Grant.objects.filter(agreement=agreement).select_related("organization", "repo__namespace")
        return page(request, rows.prefetch_related("commits"), ("created_at", "id"), serialize=shapes.grant_out)


class Seats(View):
    """Who of the licensee may use it. ``DELETE`` ends one's seat by name in the body or in the address."""

    access: ClassVar[Rules] = {"GET": READ, "POST": WRITE, "DELETE": WRITE}
    query: ClassVar[tuple[str, ...]] = ()
    listed: ClassVar[bool] = True

    @extend_schema(responses=shapes.SeatOut(many=True))
    def get(self, request: Request, number: str) -> Response:
        _, agreement = found(request, number)
        rows = Seat.objects.filter(agreement=agreement).select_related("user", "given_by")
        return page(request, rows, ("created_at", "id"), serialize=shapes.seat_out)

    @extend_schema(request=shapes.SeatWish, responses={200: shapes.SeatOut, 201: shapes.SeatOut})
    def post(self, request: Request, number: str) -> Response:
        user, agreement = found(request, number)
        username = valid(shapes.SeatWish, request)["user"]
        seat, fresh = services.give_seat(number=agreement.number, username=username, actor=user, token=key_of(request))
        return Response(shapes.seat_out(seat), status=201 if fresh else 200)

    @extend_schema(request=shapes.SeatWish, responses={204: None})
    def delete(self, request: Request, number: str) -> Response:
        return end_seat(request, number, valid(shapes.SeatWish, request)["user"])


class SeatView(View):
    access: ClassVar[Rules] = {"DELETE": WRITE}

    @extend_schema(operation_id="agreements_seats_destroy_by_name", responses={204: None})
    def delete(self, request: Request, number: str, username: str) -> Response:
        return end_seat(request, number, username)


def end_seat(request: Request, number: str, username: str) -> Response:
    user, agreement = found(request, number)
    services.end_seat(number=agreement.number, username=username, actor=user, token=key_of(request))
    return Response(status=204)


class AccessLog(View):
    """Every request that this agreement decided, allowed or refused. For who acts for a side."""

    access: ClassVar[Rules] = {"GET": Access(Right.OFFICE, scope="agreements.read", hidden=True)}
    query: ClassVar[tuple[str, ...]] = ("decision",)
    listed: ClassVar[bool] = True

    @extend_schema(responses=shapes.AccessOut(many=True))
    def get(self, request: Request, number: str) -> Response:
        asked = query.parse(request, self.query, listed=True)
        user, agreement = found(request, number)
        if not queries.sides_of(agreement, user, key_of(request)):
            raise NotAllowed("Owners, maintainers and signatories of the two sides read the log.", code="role_missing")
        rows = queries.access_rows(agreement)
        decision = asked.choice("decision", ("allowed", "denied"))
        if decision:
            rows = rows.filter(allowed=decision == "allowed")
        return page(request, rows, ("-at", "id"), serialize=shapes.access_out)
