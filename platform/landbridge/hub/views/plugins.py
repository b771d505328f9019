"""``/api/v1/plugins``: a lab's wheel, its bytes by digest, then its submission; and what was released.

The wheel is read and stored here, never installed, never imported: its code runs in the sandbox of a worker only.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, ClassVar, Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from landbridge.accounts.models import Role
from landbridge.accounts.principals import principal_of
from landbridge.core import pagination
from landbridge.core.access import Access, Right, Rules
from landbridge.core.errors import Conflict, Invalid, NotFound, TooLarge
from landbridge.core.parsers import RawParser
from landbridge.core.serializers import Strict, valid
from landbridge.core.views import View
from landbridge.evaluations import queries as evaluations
from landbridge.hub.views import landing
from landbridge.submissions import api as submissions
from landbridge.submissions import releases, services, shapes
from landbridge_client.formats.errors import FormatError
from landbridge_client.formats.modules import normal
from landbridge_client.formats.wheel_cards import card_of
from landbridge_client.formats.wheels import CAPS, Wheel, inspect
from landbridge_registry import queries as registry
from landbridge_registry.errors import BadName
from landbridge_registry.models import Commit, Namespace, Repo, RepoType, Visibility
from landbridge_registry.names import check_repo_name
from landbridge_registry.plugins import PluginRelease
from landbridge_registry.storage import Stage, open_blob

CARD: Final = "README.md"
QUERY: Final = [
    OpenApiParameter("file", str, required=True, description="The wheel's name, as it was built"),
    OpenApiParameter("model", str, description="The model's name; else the distribution's"),
    OpenApiParameter("visibility", str, enum=Visibility.values),
]


class WheelRefused(Invalid):
    """Inspection found what may not be in a wheel; ``code`` names it."""

    code = "wheel_refused"
    status = 422
    title = "This wheel is refused"


class WheelOut(Strict):
    model = serializers.CharField(help_text="Where it lies: namespace/name")
    revision = serializers.CharField(help_text="the commit")
    name = serializers.CharField()
    version = serializers.CharField()
    wheel = serializers.CharField()
    wheel_sha256 = serializers.CharField()


class PluginWish(Strict):
    organization = serializers.CharField(max_length=96, help_text="The slug of the organization that releases it")
    wheel_sha256 = serializers.RegexField(r"^[0-9a-f]{64}$", help_text="Of a wheel that was sent before")
    suite = serializers.CharField(max_length=80, required=False, help_text="What to measure it on; none: seal only")


class ReleaseOut(Strict):
    name = serializers.CharField()
    version = serializers.CharField()
    organization = serializers.CharField()
    model = serializers.CharField()
    revision = serializers.CharField()
    wheel = serializers.CharField()
    wheel_sha256 = serializers.CharField()
    models = serializers.ListField(child=serializers.DictField(), help_text="ModelSpecs, as the kit found them")
    released_at = serializers.DateTimeField()
    released_by = serializers.CharField()


@dataclass(frozen=True, slots=True)
class Held:
    """A file of the upload, in the store or made here."""

    path: str
    size: int
    location: str = ""
    content: bytes = b""

    def open(self) -> BinaryIO:
        return open_blob(self.location) if self.location else io.BytesIO(self.content)


class Wheels(View):
    """One wheel by its digest: sent again, the same answer."""

    access: ClassVar[Rules] = {"PUT": Access(Right.MEMBER, scope="submit", why="Of the organization.")}
    parser_classes = [RawParser]

    @extend_schema(request={"application/zip": OpenApiTypes.BINARY}, responses={201: WheelOut}, parameters=QUERY)
    def put(self, request: Request, slug: str, sha256: str) -> Response:
        """Inspect the wheel and put it into a model's repository, alone with a card made from its metadata."""
        principal = principal_of(request)
        namespace = namespace_of(slug)
        principal.require_role(namespace, Role.MEMBER)
        asked = query_of(request)
        with Stage() as stage:
            stored = stage.put_stream(bounded(request), sha256=None)
            if stored.sha256 != sha256:
                raise Invalid(f"The bytes have the digest {stored.sha256}, the address says {sha256}.", code="digest")
            with open_blob(stored.location) as stream:
                wheel, card = read(stream, stored.size, asked["file"], namespace)
            files = [Held(wheel.file, stored.size, stored.location), Held(CARD, len(card), content=card)]
            name, seen = asked["model"] or normal(wheel.name), asked["visibility"]
            repo, commit = there(namespace, name, wheel) or landing.bring(
                principal, namespace, name, files, title=f"{wheel.name} {wheel.version}", visibility=seen
            )
        said = {"model": str(repo), "revision": commit.sha, "name": wheel.name, "version": wheel.version}
        return Response({**said, "wheel": wheel.file, "wheel_sha256": wheel.sha256}, status=201)


def there(namespace: Namespace, name: str, wheel: Wheel) -> tuple[Repo, Commit] | None:
    """The model's head, if it holds this wheel already: sent again, nothing changes."""
    repo = Repo.objects.filter(type=RepoType.MODEL, namespace=namespace, name__iexact=name).first()
    if repo is None or not repo.head_sha:
        return None
    head = registry.resolve_revision(repo, "main")
    held = any((path, digest) == (wheel.file, wheel.sha256) for path, digest, _, _ in registry.files_of(head))
    return (repo, head) if held else None


def read(stream: BinaryIO, size: int, file: str, namespace: Namespace) -> tuple[Wheel, bytes]:
    """The inspected wheel and its card. Raises ``WheelRefused``."""
    try:
        wheel = inspect(stream, size, file)
        card = card_of(wheel)
    except FormatError as error:
        raise WheelRefused(error.message, code=error.code) from error
    taken = releases.problem(namespace, wheel.name, wheel.version, wheel.sha256)
    if taken is not None:
        raise WheelRefused(taken.message, code=taken.code)
    return wheel, card


def bounded(request: Request) -> Any:  # noqa: ANN401 a reader
    """Reads of the body, up to the cap of a wheel."""
    stream, left = request._request, CAPS.packed  # noqa: SLF001 the stream itself

    def piece(size: int) -> bytes:
        nonlocal left
        found: bytes = stream.read(size)
        left -= len(found)
        if left < 0:
            raise TooLarge(f"A wheel may have {CAPS.packed:,} bytes. Put weights beside it, as safetensors.")
        return found

    return piece


def query_of(request: Request) -> Mapping[str, str]:
    """The parameters of an upload, checked."""
    said = {name: request.GET.get(name, "") for name in ("file", "model", "visibility")}
    if unknown := set(request.GET) - set(said):
        raise Invalid(f"Unknown parameters: {', '.join(sorted(unknown))}. Known: {', '.join(said)}.")
    if said["model"]:
        try:
            check_repo_name(said["model"])
        except BadName as error:
            raise Invalid(str(error), code=error.code) from error
    if said["visibility"] not in {"", *Visibility.values}:
        raise Invalid(f"visibility is one of {', '.join(Visibility.values)}.")
    return {**said, "visibility": said["visibility"] or Visibility.PUBLIC.value}


def namespace_of(slug: str) -> Namespace:
    found = Namespace.objects.filter(name__iexact=slug).first()
    if found is None:
        raise NotFound(f"There is no organization {slug}.")
    return found


class Plugins(View):
    access: ClassVar[Rules] = {
        "GET": Access(Right.PUBLIC, why="Releases of private models are listed for their own organization only."),
        "POST": Access(Right.MEMBER, scope="submit", why="Of the organization."),
    }
    query: ClassVar = ("name",)
    listed: ClassVar = True

    @extend_schema(responses=ReleaseOut(many=True))
    def get(self, request: Request) -> Response:
        """What was released, newest first."""
        rows = releases.visible(principal_of(request))
        if name := request.GET.get("name"):
            rows = rows.filter(plugin__name=normal(name))
        return pagination.page(request, rows, ("-released_at", "pk"), serialize=release_json)

    @extend_schema(request=PluginWish, responses={201: shapes.SubmissionDetail, 200: shapes.SubmissionDetail})
    def post(self, request: Request) -> Response:
        """Submit a wheel that was sent: it is screened in a sandbox, sealed, released and measured."""
        wanted = valid(PluginWish, request)
        principal = principal_of(request)
        namespace = namespace_of(wanted["organization"])
        user = principal.require_role(namespace, Role.MEMBER)
        repo, commit = place_of(namespace, wanted["wheel_sha256"])
        suite = evaluations.newest_revision(wanted["suite"]) if wanted.get("suite") else None
        made, new = services.create_submission(
            repo_id=repo.pk,
            commit=commit,
            asked="main",
            suite_revision_id=suite.pk if suite else None,
            actor=user,
        )
        headers = {"Location": f"/api/v1/submissions/{made.pk}"}
        return Response(submissions.body_of(made.pk, principal), status=201 if new else 200, headers=headers)


def place_of(namespace: Namespace, sha256: str) -> tuple[Repo, str]:
    """The model whose head holds the wheel. Raises ``Conflict``."""
    rows = Repo.objects.filter(namespace=namespace, type=RepoType.MODEL, objects_held__blob=sha256)
    for repo in rows.order_by("-last_modified"):
        files = registry.files_of(registry.resolve_revision(repo, "main"))
        if any(digest == sha256 and "/" not in path for path, digest, _, _ in files):
            return repo, repo.head_sha
    raise Conflict(
        f"No model of {namespace} holds this wheel. Send it first: "
        f"PUT /api/v1/organizations/{namespace}/wheels/{sha256}?file=NAME.whl",
        code="wheel_missing",
    )


class Release(View):
    access: ClassVar[Rules] = {"GET": Access(Right.PUBLIC, hidden=True, why="As its model is.")}
    query: ClassVar = ()

    @extend_schema(responses=ReleaseOut)
    def get(self, request: Request, name: str, version: str) -> Response:
        rows = releases.visible(principal_of(request)).filter(plugin__name=normal(name), version=version)
        found = rows.first()
        if found is None:
            raise NotFound("There is no such release that you may see.")
        return Response(release_json(found))


def release_json(row: PluginRelease) -> dict[str, Any]:
    return {
        "name": row.plugin.name,
        "version": row.version,
        "organization": str(row.plugin.namespace),
        "model": str(row.repo),
        "revision": row.commit,
        "wheel": row.wheel,
        "wheel_sha256": row.wheel_sha256,
        "models": row.specs,
        "released_at": row.released_at,
        "released_by": row.released_by,
    }
