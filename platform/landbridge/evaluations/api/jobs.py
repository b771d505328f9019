"""``/jobs``: where a job stands, its logs, and the two things people may do to it."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from landbridge.accounts.models import Role
from landbridge.accounts.principals import Principal, principal_of
from landbridge.core import pagination
from landbridge.core.access import Access, Right, Rules
from landbridge.core.errors import NotAllowed
from landbridge.core.machine import Who
from landbridge.core.query import Query
from landbridge.core.views import View
from landbridge.evaluations import described, dispatch, queries, services, shapes
from landbridge.evaluations.machine import JobState
from landbridge.evaluations.models import Job, LogChunk, Pool

WHO = "To others it looks absent."
READ: Rules = {"GET": Access(Right.MEMBER, scope="read", hidden=True, operator=True, why=WHO)}
ACT: Rules = {"POST": Access(Right.MEMBER, scope="evaluate", hidden=True, operator=True, why=WHO)}
LOG_BYTES = 1 << 20


class Jobs(View):
    """Jobs of the caller's organizations, the newest first; all of them for the operator."""

    access: ClassVar[Rules] = {"GET": Access(Right.SIGNED_IN, scope="read")}
    query: ClassVar = ("state", "model", "suite")
    listed: ClassVar = True

    @extend_schema(responses=described.JobOut(many=True))
    def get(self, request: Request) -> Response:
        asked = Query(request.GET)
        rows = queries.visible_jobs(principal_of(request))
        if state := asked.choice("state", JobState.values):
            rows = rows.filter(state=state)
        if model := asked.one("model"):
            namespace, _, name = model.partition("/")
            repo = {"namespace__name__iexact": namespace, "name__iexact": name}
            rows = rows.filter(**{f"repo__{key}": value for key, value in repo.items()})
        if suite := asked.one("suite"):
            rows = rows.filter(evaluation__suite_revision__suite__name=suite)
        return pagination.page(request, rows, ("-submitted_at", "pk"), serialize=shapes.job_line)


class OneJob(View):
    """Where a job stands, why it is not done yet, and what may be done about it."""

    access: ClassVar[Rules] = READ
    query: ClassVar = ()

    @extend_schema(responses=described.JobDetail)
    def get(self, request: Request, job: str) -> Response:
        principal = principal_of(request)
        return Response(body_of(queries.job_for(principal, job), principal))


class Logs(View):
    """An attempt's log from a byte on: ``?attempt=`` (the last one) ``&after=`` (0)."""

    access: ClassVar[Rules] = READ
    query: ClassVar = ("attempt", "after")

    @extend_schema(responses=described.LogOut)
    def get(self, request: Request, job: str) -> Response:
        found = queries.job_for(principal_of(request), job)
        asked = Query(request.GET)
        attempt = asked.number("attempt", least=1, most=10_000, default=max(1, found.attempt))
        after = asked.number("after", least=0, most=1 << 40, default=0)
        chunks = LogChunk.objects.filter(job=found, attempt=attempt, offset__gte=after).order_by("offset")
        text, upto = "", after
        for chunk in chunks.iterator(chunk_size=50):
            text, upto = text + chunk.text, chunk.offset + chunk.size
            if upto - after > LOG_BYTES:
                break
        return Response({"job": found.pk, "attempt": attempt, "after": after, "next": upto, "text": text})


class Attempts(View):
    """The leases of a job, the newest first: who ran it, how each attempt ended, and who must act."""

    access: ClassVar[Rules] = READ
    query: ClassVar = ()
    listed: ClassVar = True

    @extend_schema(responses=described.AttemptOut(many=True))
    def get(self, request: Request, job: str) -> Response:
        found = queries.job_for(principal_of(request), job)
        return pagination.page(request, queries.attempts_of(found), ("-number", "pk"), serialize=shapes.attempt_json)


class Cancel(View):
    """End a queued job at once, an active one at its worker's next call. Asking twice is harmless."""

    access: ClassVar[Rules] = ACT

    @extend_schema(request=None, responses={202: described.JobDetail})
    def post(self, request: Request, job: str) -> Response:
        principal = principal_of(request)
        found = queries.job_for(principal, job)
        require_member(principal, found)
        who = Who.OPERATOR if principal.is_operator else Who.MEMBER
        services.cancel_job(job_id=found.pk, who=who, actor=principal.require_user())
        return Response(body_of(queries.job_for(principal, job), principal), status=202)


class Rerun(View):
    """A new job for the same question, once the last one has ended."""

    access: ClassVar[Rules] = ACT

    @extend_schema(request=None, responses={202: described.JobDetail})
    def post(self, request: Request, job: str) -> Response:
        principal = principal_of(request)
        found = queries.job_for(principal, job)
        require_member(principal, found)
        made = services.rerun_job(job_id=found.pk, actor=principal.require_user(), needs=needs_of(found))
        body = body_of(queries.job_for(principal, made.pk), principal)
        return Response(body, status=202, headers={"Location": f"/api/v1/jobs/{made.pk}", "Retry-After": "2"})


def needs_of(job: Job) -> tuple[str, ...]:
    if job.evaluation is None or job.pool != Pool.OPERATOR:
        return ()
    return dispatch.chosen(job.evaluation.revision, job.evaluation.suite_revision)


def body_of(job: Job, principal: Principal) -> dict[str, Any]:
    return shapes.job_json(job, queries.standing_of(job), may_act=is_member(principal, job))


def is_member(principal: Principal, job: Job) -> bool:
    if principal.is_operator:
        return True
    namespaces = [job.repo.namespace]
    if job.organization is not None:
        namespaces.append(job.organization.namespace)
    return any(principal.has_role(namespace, Role.MEMBER) for namespace in namespaces)


def require_member(principal: Principal, job: Job) -> None:
    if not is_member(principal, job):
        raise NotAllowed("Only members of the job's organization may do this.", code="role_missing")
