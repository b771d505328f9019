"""``/results``, ``/tasks``, ``/suites``: what was measured, and with what."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from landbridge.accounts.principals import principal_of
from landbridge.core import pagination
from landbridge.core.access import Access, Right, Rules
from landbridge.core.errors import NotFound
from landbridge.core.views import View
from landbridge.evaluations import queries, shapes

PUBLIC: Rules = {"GET": Access(Right.PUBLIC)}
SHOWN: Rules = {
    "GET": Access(Right.PUBLIC, operator=True, why="Public where model and suite are; else its organization's members.")
}
FOREVER = "public, max-age=31536000, immutable"


class OneResult(View):
    access: ClassVar[Rules] = SHOWN
    query: ClassVar = ()

    def get(self, request: Request, result: str) -> Response:
        found = queries.result_for(principal_of(request), result)
        return Response(shapes.result_json(found, queries.scores_of(found)))


class Attestation(View):
    """The signed envelope (DSSE), as it was made: verify it offline with the keys at ``/api/v1/keys``."""

    access: ClassVar[Rules] = SHOWN
    query: ClassVar = ()

    def get(self, request: Request, result: str) -> Response:
        principal = principal_of(request)
        found = queries.result_for(principal, result)
        public = found.job.evaluation.revision.repo.visibility == "public"
        cache = FOREVER if public else "private, no-cache"
        return Response(found.envelope, headers={"ETag": f'"{found.digest}"', "Cache-Control": cache})


class Tasks(View):
    access: ClassVar[Rules] = PUBLIC
    query: ClassVar = ()
    listed: ClassVar = True

    def get(self, request: Request) -> Response:
        return pagination.page(request, queries.current_tasks(), ("name",), serialize=shapes.task_json)


class OneTask(View):
    access: ClassVar[Rules] = PUBLIC
    query: ClassVar = ()

    def get(self, _request: Request, task: str) -> Response:
        found = queries.current_tasks().filter(name=task).first()
        if found is None:
            raise NotFound(f"There is no task {task!r}.")
        return Response(shapes.task_json(found))


class Suites(View):
    access: ClassVar[Rules] = PUBLIC
    query: ClassVar = ()
    listed: ClassVar = True

    def get(self, request: Request) -> Response:
        return pagination.page(request, queries.suites(), ("name",), serialize=shapes.suite_json)


class OneSuite(View):
    access: ClassVar[Rules] = PUBLIC
    query: ClassVar = ()

    def get(self, _request: Request, suite: str) -> Response:
        found = queries.suites().filter(name=suite).first()
        if found is None:
            raise NotFound(f"There is no suite {suite!r}.")
        return Response(shapes.suite_json(found, found.revisions.order_by("-number").first()))
