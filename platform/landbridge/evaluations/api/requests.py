"""``POST /evaluations``: a model's version on a suite. Asked again, the same job."""

from collections import Counter
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from landbridge.accounts.models import Organization, Role
from landbridge.accounts.principals import Principal, principal_of
from landbridge.core.access import Access, Right, Rules
from landbridge.core.errors import NotFound
from landbridge.core.serializers import Strict
from landbridge.core.views import View
from landbridge.evaluations import described, dispatch, forecasts, planning, queries, services, shapes
from landbridge.evaluations.errors import NotSealed
from landbridge.evaluations.models import SuiteRevision
from landbridge_registry import queries as registry
from landbridge_registry.errors import RegistryError
from landbridge_registry.models import Repo, RepoType, Revision, Visibility


class EvaluationRequest(Strict):
    model = serializers.RegexField(r"^[^/\s]{1,96}/[^/\s]{1,96}$", help_text="namespace/name")
    revision = serializers.CharField(max_length=200, default="main", help_text="a branch, tag or commit")
    suite = serializers.CharField(max_length=80)
    dry_run = serializers.BooleanField(default=False)
    compute = serializers.ChoiceField(
        ["operator", "own"], default="operator", help_text="own: the organization's machines; not ranked, no quota"
    )


class Evaluations(View):
    """Queue a suite for a sealed version. The same question again is the same job; `dry_run` writes nothing."""

    access: ClassVar[Rules] = {
        "POST": Access(Right.MEMBER, scope="evaluate", operator=True, why="Of the model's organization.")
    }

    @extend_schema(request=EvaluationRequest, responses={202: described.JobDetail, 200: described.ForecastOut})
    def post(self, request: Request) -> Response:
        wanted = EvaluationRequest(data=request.data)
        wanted.is_valid(raise_exception=True)
        principal = principal_of(request)
        repo = model_for(principal, wanted.validated_data["model"])
        suite = queries.newest_revision(wanted.validated_data["suite"])
        revision = sealed(repo, wanted.validated_data["revision"])
        if wanted.validated_data["dry_run"]:
            return Response(forecast(revision, suite))
        job = services.request_evaluation(
            revision_id=revision.pk,
            suite_revision_id=suite.pk,
            organization=Organization.objects.filter(namespace=repo.namespace_id).first(),
            actor=principal.require_user(),
            own=wanted.validated_data["compute"] == "own",
            needs=dispatch.chosen(revision, suite) if wanted.validated_data["compute"] == "operator" else (),
        )
        job = queries.jobs().get(pk=job.pk)
        body = shapes.job_json(job, queries.standing_of(job), may_act=True)
        headers = {"Location": f"/api/v1/jobs/{job.pk}", "Retry-After": "2"}
        return Response(body, status=202, headers=headers)


def model_for(principal: Principal, name: str) -> Repo:
    """A model that the caller may have evaluated. A private one of others looks absent."""
    namespace, _, own = name.partition("/")
    try:
        repo = registry.find_repo(RepoType.MODEL, namespace, own)
    except RegistryError as error:
        raise NotFound(f"There is no model {name} that you may see.") from error
    if principal.is_operator:
        return repo
    if repo.visibility == Visibility.PRIVATE and not principal.has_role(repo.namespace, Role.MEMBER):
        raise NotFound(f"There is no model {name} that you may see.")
    principal.require_role(repo.namespace, Role.MEMBER)
    return repo


def sealed(repo: Repo, revision: str) -> Revision:
    """The sealed version at a branch, tag or commit."""
    try:
        commit = registry.resolve_revision(repo, revision)
    except RegistryError as error:
        raise NotFound(f"{repo} has no revision {revision}.") from error
    found = Revision.objects.select_related("repo__namespace").filter(repo=repo, commit=commit.sha).first()
    if found is None:
        said = f"{repo} at {commit.sha[:8]} is not sealed. Submit it first: POST /api/v1/submissions."
        raise NotSealed(said, commit=commit.sha)
    return found


def forecast(revision: Revision, suite: SuiteRevision) -> dict[str, Any]:
    """What an evaluation would do; nothing is written."""
    plan = planning.plan_job(revision, [row.task for row in suite.rows.select_related("task")])
    items = Counter[str]()
    for task, shard in plan.shards:
        items[task.name] += shard.stop - shard.start
    paces, size = forecasts.measured(), forecasts.bucket_of(planning.parameters_of(revision))
    seconds = round(paces.seconds(forecasts.Work(items, bucket=size))[0], 1) if paces.jobs >= forecasts.FEWEST else None
    return {
        "model": str(revision.repo),
        "revision": revision.commit,
        "suite": suite.suite.name,
        "tasks": [task.name for task in plan.tasks],
        "skipped": plan.skipped,
        "shards": len(plan.shards),
        "items": plan.items,
        "seconds": seconds,
        "needs": planning.needs_of(revision),
    }
