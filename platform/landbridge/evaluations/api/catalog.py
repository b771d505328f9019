"""``/results``, ``/tasks``, ``/suites``: what was measured, and with what."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from landbridge.accounts.principals import principal_of
from landbridge.core import pagination
from landbridge.core.access import Access, Right, Rules
from landbridge.core.errors import NotFound
from landbridge.core.views import View
from landbridge.evaluations import described, queries, shapes

PUBLIC: Rules = {"GET": Access(Right.PUBLIC)}
SHOWN: Rules = {
    "GET": Access(Right.PUBLIC, operator=True, why="Public where model and suite are; else its organization's members.")
}
FOREVER = "public, max-age=31536000, immutable"


class OneResult(View):
    """Every number with n and its 95 % interval, and what repeats it."""

    access: ClassVar[Rules] = SHOWN
    query: ClassVar = ()

    @extend_schema(responses=described.ResultOut)
    def get(self, request: Request, result: str) -> Response:
        found = queries.result_for(principal_of(request), result)
        return Response(shapes.result_json(found, queries.scores_of(found)))


class Attestation(View):
    """The signed envelope (DSSE), as it was made: verify it offline with the keys at ``/api/v1/keys``."""

    access: ClassVar[Rules] = SHOWN
    query: ClassVar = ()

    @extend_schema(responses=described.EnvelopeOut)
    def get(self, request: Request, result: str) -> Response:
        principal = principal_of(request)
        found = queries.result_for(principal, result)
        public = found.job.repo.visibility == "public"
        cache = FOREVER if public else "private, no-cache"
        return Response(found.envelope, headers={"ETag": f'"{found.digest}"', "Cache-Control": cache})


class Tasks(View):
    """The tasks that new evaluations run."""

    access: ClassVar[Rules] = PUBLIC
    query: ClassVar = ()
    listed: ClassVar = True

    @extend_schema(responses=described.TaskOut(many=True))
    def get(self, request: Request) -> Response:
        return pagination.page(request, queries.current_tasks(), ("name",), serialize=shapes.task_json)


class OneTask(View):
    """A task's whole declaration, and the data that pins it."""

    access: ClassVar[Rules] = PUBLIC
    query: ClassVar = ()

    @extend_schema(responses=described.TaskOut)
    def get(self, _request: Request, task: str) -> Response:
        found = queries.current_tasks().filter(name=task).first()
        if found is None:
            raise NotFound(f"There is no task {task!r}.")
        return Response(shapes.task_json(found))


class Suites(View):
    """Suites of tasks; each has a board."""

    access: ClassVar[Rules] = PUBLIC
    query: ClassVar = ()
    listed: ClassVar = True

    @extend_schema(responses=described.SuiteOut(many=True))
    def get(self, request: Request) -> Response:
        return pagination.page(request, queries.suites(), ("name",), serialize=shapes.suite_json)


class OneSuite(View):
    """A suite's newest revision with its tasks and weights."""

    access: ClassVar[Rules] = PUBLIC
    query: ClassVar = ()

    @extend_schema(responses=described.SuiteDetail)
    def get(self, _request: Request, suite: str) -> Response:
        found = queries.suites().filter(name=suite).first()
        if found is None:
            raise NotFound(f"There is no suite {suite!r}.")
        return Response(shapes.suite_json(found, found.revisions.order_by("-number").first()))
