"""``/late-findings``: what today's rules refuse in sealed versions, and a person's decision on it."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from landbridge.accounts.principals import principal_of
from landbridge.core import pagination
from landbridge.core.access import Access, Right, Rules
from landbridge.core.query import Query
from landbridge.core.serializers import Strict, valid
from landbridge.core.views import View
from landbridge.submissions.rescreening import queries, services, shapes
from landbridge.submissions.rescreening.machine import LateState

DECIDE: Rules = {
    "POST": Access(Right.OPERATOR, person=True, why="A person of the operator's decides, never a program.")
}


class DecisionRequest(Strict):
    reason = serializers.CharField(min_length=3, max_length=400)


class LateFindings(View):
    """A lab's own; the operator sees all."""

    access: ClassVar[Rules] = {"GET": Access(Right.SIGNED_IN, scope="read")}
    query: ClassVar = ("state",)
    listed: ClassVar = True

    @extend_schema(responses=shapes.LateFindingOut(many=True))
    def get(self, request: Request) -> Response:
        principal = principal_of(request)
        rows = queries.visible(principal)
        if state := Query(request.GET).choice("state", LateState.values):
            rows = rows.filter(state=state)
        operator = principal.is_operator
        return pagination.page(request, rows, serialize=lambda row: shapes.late_finding(row, operator=operator))


class Decide(View):
    """Suspend the listing, dismiss the finding, or lift a suspension; with a reason that the lab reads."""

    access: ClassVar[Rules] = DECIDE
    query: ClassVar = ()
    action: ClassVar[str] = ""

    @extend_schema(request=DecisionRequest, responses=shapes.LateFindingOut)
    def post(self, request: Request, late_finding: str) -> Response:
        wanted = valid(DecisionRequest, request)
        actor = principal_of(request).require_user()
        found = services.decide_finding(
            finding_id=late_finding, action=self.action, reason=wanted["reason"], actor=actor
        )
        return Response(shapes.late_finding(found, operator=True))


class Suspend(Decide):
    action: ClassVar[str] = "suspend"


class Dismiss(Decide):
    action: ClassVar[str] = "dismiss"


class Lift(Decide):
    action: ClassVar[str] = "lift"
