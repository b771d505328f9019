"""``/organizations/{slug}/quota`` and ``/workers``: what an organization may run, and on which machines of its own."""

from typing import ClassVar

from django.core.validators import RegexValidator
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from landbridge.accounts.api.keys import either
from landbridge.accounts.api.organizations import OWNER, require
from landbridge.accounts.models import Role
from landbridge.accounts.principals import principal_of
from landbridge.accounts.queries import organization_of
from landbridge.core import pagination, time
from landbridge.core.access import Access, Right, Rules
from landbridge.core.errors import NotFound
from landbridge.core.serializers import PlainField, Strict, valid
from landbridge.core.views import View
from landbridge.evaluations import described, fleet, services, shapes
from landbridge.evaluations.models import QuotaWindow, Share

MOST = 1_000_000


class QuotaChange(Strict):
    daily_limit = serializers.IntegerField(
        min_value=0, max_value=MOST, allow_null=True, required=False, help_text="null: the instance's own"
    )
    running_limit = serializers.IntegerField(min_value=0, max_value=MOST, required=False)
    weight = serializers.FloatField(min_value=0.01, max_value=100, required=False)


class WorkerWish(Strict):
    name = PlainField(max_length=40, validators=[RegexValidator(r"^[a-z0-9][a-z0-9-]{0,39}\Z")], help_text="a-z 0-9 -")


class Quota(View):
    """How many jobs the organization may queue in a day and run at once. The operator sets it."""

    access: ClassVar[Rules] = {
        "GET": Access(Right.MEMBER, scope="read", operator=True),
        "PATCH": Access(Right.OPERATOR, scope="org.admin"),
    }
    query: ClassVar[tuple[str, ...]] = ()

    @extend_schema(responses=described.QuotaOut)
    def get(self, request: Request, slug: str) -> Response:
        _, found = either(request, slug, Role.MEMBER)
        return self.body(found.namespace_id)

    @extend_schema(request=QuotaChange, responses=described.QuotaOut)
    def patch(self, request: Request, slug: str) -> Response:
        changes = valid(QuotaChange, request)
        found = organization_of(slug)
        services.set_share(organization=found, changes=changes, actor=principal_of(request).require_user())
        return self.body(found.namespace_id)

    @staticmethod
    def body(namespace_id: int) -> Response:
        now = time.db_now()
        share = Share.objects.filter(namespace=namespace_id).first()
        window = QuotaWindow.objects.filter(share=share, day=now.date()).first() if share else None
        return Response(shapes.quota_json(share, window, now))


class Workers(View):
    """Machines of the organization's own. They run its own models on public data; results are shown apart."""

    access: ClassVar[Rules] = {"GET": OWNER, "POST": OWNER}
    query: ClassVar[tuple[str, ...]] = ()
    listed: ClassVar[bool] = True

    @extend_schema(responses=described.WorkerOut(many=True))
    def get(self, request: Request, slug: str) -> Response:
        _, found = require(request, slug, Role.OWNER)
        rows = fleet.workers().filter(organization=found)
        return pagination.page(request, rows, ("name",), serialize=shapes.worker_json)

    @extend_schema(request=WorkerWish, responses={201: described.NewWorker})
    def post(self, request: Request, slug: str) -> Response:
        user, found = require(request, slug, Role.OWNER)
        made = services.enroll_worker(organization=found, name=valid(WorkerWish, request)["name"], actor=user)
        return Response(shapes.worker_json(made.worker) | {"token": made.text}, status=201)


class OneWorker(View):
    access: ClassVar[Rules] = {"DELETE": OWNER}

    @extend_schema(responses={204: None})
    def delete(self, request: Request, slug: str, worker_id: str) -> Response:
        user, found = require(request, slug, Role.OWNER)
        own = fleet.workers().filter(organization=found, pk=worker_id).first()
        if own is None:
            raise NotFound("Your organization has no such machine.")
        services.revoke_worker(worker_id=own.pk, actor=user)
        return Response(status=204)
