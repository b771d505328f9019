"""``/api/v1/models``: the catalog, one model, its sealed versions. Bytes go by the Hub routes only."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from landbridge.accounts.models import Role, User
from landbridge.accounts.principals import principal_of
from landbridge.core import query
from landbridge.core.access import Access, Right, Rules
from landbridge.core.errors import Conflict, Invalid, NotFound
from landbridge.core.pagination import page
from landbridge.core.serializers import valid
from landbridge.core.views import View
from landbridge.hub import attributes, queries, services, shapes
from landbridge_registry import errors as registry
from landbridge_registry.models import Gate, Namespace, Repo
from landbridge_registry.queries import walk
from landbridge_registry.storage import Stage

SEEN = Access(Right.PUBLIC, hidden=True, why="Private models are listed for their own organization only.")
SORTS = ("-last_modified", "last_modified", "-created_at", "created_at", "name", "-name", "-downloads", "downloads")
GATES = {"open": Gate.OPEN.value, "agreement": Gate.MANUAL.value}


class Models(View):
    """The models that the caller may see, filtered as the catalog page is."""

    access: ClassVar[Rules] = {"GET": SEEN, "POST": Access(Right.MEMBER, scope="repo.write")}
    query: ClassVar[tuple[str, ...]] = (*queries.TEXTS, "tag", "sealed", "sort")
    listed: ClassVar[bool] = True

    @extend_schema(responses=shapes.ModelOut(many=True))
    def get(self, request: Request) -> Response:
        asked = query.parse(request, self.query, listed=True)
        asked.choice("access", GATES)
        asked.choice("modality", queries.MODALITIES)
        sort = asked.choice("sort", SORTS, "-last_modified")
        rows = queries.catalog(queries.Filters.of(request.GET), principal_of(request))
        return page(request, queries.with_version(rows), (sort, "pk"), serialize=shapes.model)

    @extend_schema(request=shapes.ModelWish, responses={201: shapes.ModelOut})
    def post(self, request: Request) -> Response:
        """Make an empty model repository; its files go there by the Hub routes."""
        wish = valid(shapes.ModelWish, request)
        namespace = Namespace.objects.filter(name__iexact=wish["namespace"]).first()
        if namespace is None:
            raise NotFound(f"There is no namespace {wish['namespace']}. Make the organization first.")
        user = principal_of(request).require_role(namespace, Role.MEMBER)
        made = _make(user, namespace, wish["name"], wish["visibility"])
        return Response(shapes.model(made), status=201, headers={"Location": f"/api/v1/models/{made}"})


def _make(user: User, namespace: Namespace, name: str, visibility: str) -> Repo:
    try:
        with Stage() as stage:
            return services.create_repo(
                actor=user,
                repo_type="model",
                namespace=namespace,
                name=name,
                visibility=visibility,
                attributes=stage.put_bytes(attributes.DEFAULT),
            )
    except registry.RepoExists as error:
        raise Conflict(f"{namespace}/{name} exists already. Choose another name.", code="model_exists") from error
    except registry.BadName as error:
        fault = {"pointer": "/name", "code": error.code, "detail": str(error)}
        raise Invalid(str(error), errors=[fault]) from error


class Model(View):
    """One model: card, files of ``main``, sealed versions."""

    access: ClassVar[Rules] = {
        "GET": SEEN,
        "PATCH": Access(Right.MAINTAINER, scope="repo.write"),
        "DELETE": Access(Right.OWNER, scope="repo.write"),
    }
    query: ClassVar[tuple[str, ...]] = ()

    @extend_schema(responses=shapes.ModelDetail)
    def get(self, request: Request, namespace: str, name: str) -> Response:
        return Response(shapes.model_detail(queries.model_page(principal_of(request), namespace, name)))

    @extend_schema(request=shapes.ModelChange, responses=shapes.ModelOut)
    def patch(self, request: Request, namespace: str, name: str) -> Response:
        """Who sees it, and whether its contents need an agreement."""
        repo, user = _owned(request, namespace, name, Role.MAINTAINER)
        wish = valid(shapes.ModelChange, request)
        gate = GATES.get(wish.get("access", ""))
        changed = services.change_settings(actor=user, repo=repo, gate=gate, visibility=wish.get("visibility"))
        return Response(shapes.model(changed))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, namespace: str, name: str) -> Response:
        """Refused with 409 while an agreement, evaluation or seal names the model."""
        repo, user = _owned(request, namespace, name, Role.OWNER)
        try:
            services.delete_repo(actor=user, repo=repo)
        except registry.Held as error:
            raise Conflict(str(error), code="held") from error
        return Response(status=204)


def _owned(request: Request, namespace: str, name: str, role: Role) -> tuple[Repo, User]:
    repo = queries.visible_repo(principal_of(request), namespace, name)
    return repo, principal_of(request).require_role(repo.namespace, role)


class Versions(View):
    """What was sealed of a model, newest first."""

    access: ClassVar[Rules] = {"GET": SEEN}
    query: ClassVar[tuple[str, ...]] = ()
    listed: ClassVar[bool] = True

    @extend_schema(responses=shapes.VersionOut(many=True))
    def get(self, request: Request, namespace: str, name: str) -> Response:
        rows = queries.versions_of(queries.visible_repo(principal_of(request), namespace, name))
        return page(request, rows, ("-sealed_at", "id"), serialize=shapes.version)


class Version(View):
    """One sealed version, with path, size and SHA-256 of each file. ``version``: id, label, commit, branch or tag."""

    access: ClassVar[Rules] = {"GET": SEEN}
    query: ClassVar[tuple[str, ...]] = ()

    @extend_schema(responses=shapes.VersionDetail)
    def get(self, request: Request, namespace: str, name: str, version: str) -> Response:
        repo = queries.visible_repo(principal_of(request), namespace, name)
        row, commit = queries.version_of(repo, version)
        files = [shapes.file(repo, row.commit, entry) for entry in walk(commit.tree) if entry.is_file]
        return Response(shapes.version(row) | {"files": files})
