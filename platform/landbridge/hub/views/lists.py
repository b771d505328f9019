"""``GET /api/models`` and ``/api/datasets``: what the caller may see, filtered, sorted, in pages."""

from typing import Any

from django.core import signing
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponseBase, JsonResponse

from landbridge.core.access import Access, Right
from landbridge.hub import wire
from landbridge.hub.errors import HubError
from landbridge.hub.gate import hub, who
from landbridge.hub.queries import plain, visible_to
from landbridge_registry.models import Gate, Repo, RepoTag, RepoType

SORTS = {
    "createdAt": "created_at",
    "downloads": "downloads",
    "lastModified": "last_modified",
    "likes": "likes",
    "trendingScore": "downloads",
}
PAGE, DEFAULT = 1000, 50
SALT = "landbridge.hub.list"


@hub(GET=Access(Right.PUBLIC, why="lists what the caller may see"))
def repositories(request: HttpRequest, kind: RepoType) -> HttpResponseBase:
    sort = SORTS.get(request.GET.get("sort") or "trendingScore")
    if sort is None:
        raise HubError(400, f"`sort` is one of {', '.join(SORTS)}.")
    limit = _limit(request.GET.get("limit", ""))
    rows = _after(_filtered(request, kind), sort, request.GET.get("cursor", ""))
    page = list(rows.order_by(f"-{sort}", "pk").prefetch_related("tags")[: limit + 1])
    response = JsonResponse([_shape(request, repo) for repo in page[:limit]], safe=False)
    if len(page) > limit:
        values = request.GET.copy()
        values["cursor"] = _cursor(page[limit - 1], sort)
        response["Link"] = f'<{wire.base_url(request)}{request.path}?{values.urlencode()}>; rel="next"'
    return response


def _limit(text: str) -> int:
    if text and not text.isdecimal():
        raise HubError(400, "`limit` must be a whole number.")
    return max(1, min(int(text[:9] or DEFAULT), PAGE))


def _filtered(request: HttpRequest, kind: RepoType) -> QuerySet[Repo]:
    rows = visible_to(who(request)).filter(type=kind)
    for text in map(plain, request.GET.getlist("search")[:10]):
        namespace, _, name = text.rpartition("/")
        both = (
            Q(namespace__name__iexact=namespace, name__icontains=name)
            if namespace
            else Q(namespace__name__icontains=name)
        )
        rows = rows.filter(both | Q(name__icontains=text))
    if author := plain(request.GET.get("author", "")):
        rows = rows.filter(namespace__name__iexact=author)
    for tag in map(plain, request.GET.getlist("filter")[:20]):
        rows = rows.filter(Exists(RepoTag.objects.filter(repo=OuterRef("pk"), tag=tag)))
    if task := plain(request.GET.get("pipeline_tag", "")):
        rows = rows.filter(pipeline_tag=task)
    if gated := request.GET.get("gated"):
        rows = rows.exclude(gate=Gate.OPEN) if gated.lower() == "true" else rows.filter(gate=Gate.OPEN)
    return rows


def _after(rows: QuerySet[Repo], sort: str, cursor: str) -> QuerySet[Repo]:
    if not cursor:
        return rows
    try:
        column, value, key = signing.loads(cursor, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        column, value, key = "", None, ""
    if column != sort:
        raise HubError(400, "This cursor is not of this list.")
    return rows.filter(Q(**{f"{sort}__lt": value}) | Q(**{sort: value, "pk__gt": key}))


def _cursor(repo: Repo, sort: str) -> str:
    value: Any = getattr(repo, sort)
    return signing.dumps([sort, value if isinstance(value, int) else value.isoformat(), str(repo.pk)], salt=SALT)


def _shape(request: HttpRequest, repo: Repo) -> dict[str, Any]:
    full = request.GET.get("full", "").lower() in {"1", "true"}
    shape = wire.repo_info(repo, repo.head_sha, [row.tag for row in repo.tags.all()])
    for name, column in (("cardData", "card"), ("config", "config")):
        if request.GET.get(name, "").lower() in {"1", "true"} or (full and name == "cardData"):
            shape[name] = getattr(repo, column)
    return shape


@hub(GET=Access(Right.PUBLIC))
def tags_by_type(_request: HttpRequest, **_kind: str) -> HttpResponseBase:
    return JsonResponse({})
