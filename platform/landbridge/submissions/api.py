"""``/submissions``: hand a model in, see what screening said, take it back."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from landbridge.accounts.principals import Principal, principal_of
from landbridge.core import pagination
from landbridge.core.access import Access, Right, Rules
from landbridge.core.machine import Who
from landbridge.core.query import Query
from landbridge.core.serializers import Strict, valid
from landbridge.core.views import View
from landbridge.evaluations import queries as evaluations
from landbridge.submissions import queries, services, shapes
from landbridge.submissions.machine import SubmissionState
from landbridge.submissions.models import Submission

WHO = "Of the model's namespace; to others it looks absent."
READ: Rules = {"GET": Access(Right.MEMBER, scope="read", hidden=True, operator=True, why=WHO)}
ACT: Rules = {"POST": Access(Right.MEMBER, scope="submit", hidden=True, operator=True, why=WHO)}


class SubmissionRequest(Strict):
    model = serializers.RegexField(r"^[^/\s]{1,96}/[^/\s]{1,96}$", help_text="namespace/name")
    revision = serializers.CharField(max_length=200, default="main", help_text="a branch, tag or commit")
    suite = serializers.CharField(max_length=80, required=False, help_text="what to measure it on; none: seal only")


class Submissions(View):
    access: ClassVar[Rules] = {
        "GET": Access(Right.SIGNED_IN, scope="read"),
        "POST": Access(Right.MEMBER, scope="submit", hidden=True, why="Of the model's namespace."),
    }
    query: ClassVar = ("state", "model")
    listed: ClassVar = True

    @extend_schema(responses=shapes.SubmissionOut(many=True))
    def get(self, request: Request) -> Response:
        asked = Query(request.GET)
        rows = queries.visible_submissions(principal_of(request))
        if state := asked.choice("state", SubmissionState.values):
            rows = rows.filter(state=state)
        if model := asked.one("model"):
            namespace, _, name = model.partition("/")
            rows = rows.filter(repo__namespace__name__iexact=namespace, repo__name__iexact=name)
        return pagination.page(request, rows, serialize=shapes.submission_line)

    @extend_schema(request=SubmissionRequest, responses={201: shapes.SubmissionDetail, 200: shapes.SubmissionDetail})
    def post(self, request: Request) -> Response:
        """Asked again for the same commit and suite: 200 and the same submission."""
        wanted = valid(SubmissionRequest, request)
        principal = principal_of(request)
        repo = queries.model_for(principal, wanted["model"])
        suite = evaluations.newest_revision(wanted["suite"]) if wanted.get("suite") else None
        commit = queries.commit_for(repo, wanted["revision"])
        made, new = services.create_submission(
            repo_id=repo.pk,
            commit=commit.sha,
            asked=wanted["revision"],
            suite_revision_id=suite.pk if suite else None,
            actor=principal.require_user(),
        )
        headers = {"Location": f"/api/v1/submissions/{made.pk}"}
        return Response(body_of(made.pk, principal), status=201 if new else 200, headers=headers)


class OneSubmission(View):
    access: ClassVar[Rules] = READ
    query: ClassVar = ()

    @extend_schema(responses=shapes.SubmissionDetail)
    def get(self, request: Request, submission: str) -> Response:
        principal = principal_of(request)
        return Response(body_of(queries.submission_for(principal, submission).pk, principal))


class Findings(View):
    access: ClassVar[Rules] = READ
    query: ClassVar = ()
    listed: ClassVar = True

    @extend_schema(responses=shapes.FindingOut(many=True))
    def get(self, request: Request, submission: str) -> Response:
        found = queries.submission_for(principal_of(request), submission)
        return pagination.page(request, found.findings.all(), ("place",), serialize=shapes.finding_json)


class Withdraw(View):
    access: ClassVar[Rules] = ACT

    @extend_schema(request=None, responses=shapes.SubmissionDetail)
    def post(self, request: Request, submission: str) -> Response:
        principal = principal_of(request)
        found = queries.submission_for(principal, submission)
        services.withdraw_submission(submission_id=found.pk, actor=principal.require_user(), who=who(principal, found))
        return Response(body_of(found.pk, principal))


def body_of(submission_id: str, principal: Principal) -> dict[str, Any]:
    found = queries.submissions().prefetch_related("findings").get(pk=submission_id)
    return shapes.submission_json(found, queries.newest_job(found), who=who(principal, found))


def who(principal: Principal, submission: Submission) -> Who:
    return Who.MEMBER if principal.has_role(submission.repo.namespace, "member") else Who.OPERATOR
