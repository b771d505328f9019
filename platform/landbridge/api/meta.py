"""``/version``, ``/limits``, ``/keys``, ``/openapi.json``: what this instance is, and whom to trust."""

from typing import Any, ClassVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from landbridge.accounts.principals import principal_of
from landbridge.accounts.tokens import SCOPES
from landbridge.api import limits, schema
from landbridge.core import keys as signing_keys
from landbridge.core import pagination, parsers
from landbridge.core.access import Access, Right, Rules, declares
from landbridge.core.views import View
from landbridge.evaluations.models import Worker

PUBLIC: Rules = {"GET": Access(Right.PUBLIC)}
OPEN: dict[str, str] = {"Access-Control-Allow-Origin": "*", "Cache-Control": "public, max-age=300"}


class SigningKey(serializers.Serializer[Any]):
    keyid = serializers.CharField()
    public = serializers.CharField(help_text="Ed25519, 64 hex digits.")
    use = serializers.ChoiceField(["platform", "worker"])
    name = serializers.CharField()
    valid_from = serializers.DateTimeField()
    valid_until = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)


class SignedList(serializers.Serializer[Any]):
    payloadType = serializers.CharField()  # noqa: N815 DSSE's name
    payload = serializers.CharField(help_text="Base64 of the list of keys, as it was signed.")
    signatures = serializers.ListField(child=serializers.DictField())


class RootKey(serializers.Serializer[Any]):
    keyid = serializers.CharField(help_text="The fingerprint for `landbridge verify --root`.")
    public = serializers.CharField()


def keys() -> dict[str, Any]:
    """Public keys that sign results, the platform's and its workers', under the root's signature."""
    workers = Worker.objects.exclude(public_key="").order_by("created_at")
    signing_keys.ensure(workers.values_list("public_key", "name", "created_at"))
    return signing_keys.published()


class Keys(View):
    """Whose signatures under results are ours: for ``landbridge verify --keys``."""

    access: ClassVar[Rules] = PUBLIC
    query: ClassVar[tuple[str, ...]] = ()

    @extend_schema(
        responses=inline_serializer(
            "SigningKeys",
            {
                "keys": SigningKey(many=True),
                "envelope": SignedList(allow_null=True, help_text="The list as the root signed it last."),
                "workers": SignedList(help_text="Workers' keys, signed by the platform."),
                "root": RootKey(allow_null=True),
            },
        )
    )
    def get(self, _request: Request) -> Response:
        return Response(keys(), headers=OPEN)


@declares(GET=Access(Right.PUBLIC))
def well_known_keys(_request: HttpRequest) -> HttpResponse:
    return JsonResponse(keys(), headers=OPEN)


class Version(View):
    access: ClassVar[Rules] = PUBLIC
    query: ClassVar[tuple[str, ...]] = ()

    @extend_schema(
        responses=inline_serializer(
            "Version",
            {"name": serializers.CharField(), "version": serializers.CharField(), "api": serializers.CharField()},
        )
    )
    def get(self, _request: Request) -> Response:
        return Response(version(), headers=OPEN)


def version() -> dict[str, str]:
    return {"name": "landbridge", "version": settings.LANDBRIDGE_VERSION, "api": "v1"}


@declares(GET=Access(Right.PUBLIC))
def version_page(_request: HttpRequest) -> HttpResponse:
    return JsonResponse(version(), headers=OPEN)


class Limits(View):
    """How often and how much: the numbers that hold for the caller."""

    access: ClassVar[Rules] = PUBLIC
    query: ClassVar[tuple[str, ...]] = ()

    @extend_schema(
        responses=inline_serializer(
            "Limits",
            {
                "rates": serializers.DictField(child=serializers.IntegerField()),
                "window_seconds": serializers.IntegerField(),
                "json_bytes": serializers.IntegerField(),
                "json_depth": serializers.IntegerField(),
                "page": serializers.IntegerField(),
                "file_bytes": serializers.IntegerField(),
                "storage_bytes": serializers.IntegerField(),
                "scopes": serializers.ListField(child=serializers.CharField()),
            },
        )
    )
    def get(self, request: Request) -> Response:
        share = limits.ANONYMOUS if principal_of(request).user is None else 1
        scale = settings.LANDBRIDGE_RATE_SCALE
        return Response(
            {
                "rates": {bucket: int(quota * scale) // share for bucket, quota in limits.BUCKETS.items()},
                "window_seconds": limits.WINDOW,
                "json_bytes": parsers.MAX_BYTES,
                "json_depth": parsers.MAX_DEPTH,
                "page": pagination.LIMIT,
                "file_bytes": settings.LANDBRIDGE_MAX_FILE,
                "storage_bytes": settings.LANDBRIDGE_MAX_STORAGE,
                "scopes": list(SCOPES),
            }
        )


class OpenApi(View):
    """The API, described: OpenAPI 3.1."""

    access: ClassVar[Rules] = PUBLIC
    query: ClassVar[tuple[str, ...]] = ()

    @extend_schema(exclude=True)
    def get(self, _request: Request) -> HttpResponse:
        return HttpResponse(schema.text(), content_type="application/vnd.oai.openapi+json;version=3.1", headers=OPEN)
