"""What a repository says of itself: info, tree, paths, refs, history. Cards and trees of gated ones are public."""

from typing import Any
from urllib.parse import parse_qs

from django.core import signing
from django.http import HttpRequest, HttpResponseBase, JsonResponse

from landbridge.core.access import Access, Right
from landbridge.core.text import is_storable
from landbridge.hub import wire
from landbridge.hub.address import rest_of
from landbridge.hub.body import json_body, text_body
from landbridge.hub.errors import HubError
from landbridge.hub.gate import hub, readable, who
from landbridge_registry import queries
from landbridge_registry.models import Commit, EntryKind, Ref, RefKind, Repo, RepoType
from landbridge_registry.queries import Entry

VISIBLE = Access(Right.PUBLIC, why="private repositories are hidden from who may not know of them")
PAGE, EXPANDED_PAGE, COMMITS_PAGE, PATHS_CAP = 1000, 50, 50, 1000
PLACES = {RefKind.BRANCH: ("branches", "refs/heads/"), RefKind.TAG: ("tags", "refs/tags/")}
FORM = "application/x-www-form-urlencoded"


@hub(GET=VISIBLE)
def info(request: HttpRequest, kind: RepoType, namespace: str, name: str, rest: str = "") -> HttpResponseBase:
    """``GET /api/{type}s/{id}[/revision/{rev}]``."""
    repo = readable(who(request), kind, namespace, name)
    revision = rest_of(request, repo, rest)[0] if rest else "main"
    commit = queries.resolve_revision(repo, revision)
    tags = repo.tags.values_list("tag", flat=True)
    files = [entry for entry in queries.walk(commit.tree) if entry.is_file]
    blobs = _flag(request, "blobs")
    shape = wire.repo_info(repo, commit.sha, tags) | wire.details(repo)
    shape["siblings"] = [wire.sibling(entry, blobs=blobs) for entry in files]
    return JsonResponse(shape)


def _flag(request: HttpRequest, name: str) -> bool:
    return request.GET.get(name, "").lower() in {"1", "true", "yes"}


@hub(GET=VISIBLE)
def tree(request: HttpRequest, kind: RepoType, namespace: str, name: str, rest: str) -> HttpResponseBase:
    """``GET …/tree/{rev}[/{path}]``, in pages of 1,000."""
    repo = readable(who(request), kind, namespace, name)
    revision, path = rest_of(request, repo, rest)
    commit = queries.resolve_revision(repo, revision)
    entries = _entries(commit, path.strip("/"), recursive=_flag(request, "recursive"))
    expand = _flag(request, "expand")
    after = _opened(request)
    remaining = [entry for entry in entries if entry.path > after]
    limit = _number(request, "limit", EXPANDED_PAGE if expand else PAGE)
    page = remaining[:limit]
    response = JsonResponse(_shapes(repo, commit, page, expand=expand), safe=False)
    if len(remaining) > limit:
        response["Link"] = _next(request, cursor=_cursor(page[-1].path))
    return response


def _entries(commit: Commit, path: str, *, recursive: bool) -> list[Entry]:
    tree_id, prefix = commit.tree, ""
    if path:
        entry = _found(commit, path)
        if entry.kind != EntryKind.DIRECTORY:
            raise _no_entry(commit)
        tree_id, prefix = entry.oid, path + "/"
    return queries.walk(tree_id, prefix) if recursive else queries.listing(tree_id, prefix)


def _found(commit: Commit, path: str) -> Entry:
    found = queries.entries_at(commit, [path]).get(path)
    if found is None:
        raise _no_entry(commit)
    return found


def _no_entry(commit: Commit) -> HubError:
    return HubError(404, "Entry not found", "EntryNotFound", X_Repo_Commit=commit.sha)


def _shapes(repo: Repo, commit: Commit, entries: list[Entry], *, expand: bool) -> list[dict[str, Any]]:
    shapes = [wire.tree_entry(entry) for entry in entries]
    if expand:
        last = queries.last_commits(repo, commit, entries)
        for shape in shapes:
            shape["lastCommit"] = wire.last_commit(last[str(shape["path"])])
    return shapes


@hub(POST=VISIBLE)
def paths_info(request: HttpRequest, kind: RepoType, namespace: str, name: str, rest: str) -> HttpResponseBase:
    """``POST …/paths-info/{rev}``: form-encoded, or JSON. What is missing is left out."""
    repo = readable(who(request), kind, namespace, name)
    commit = queries.resolve_revision(repo, rest_of(request, repo, rest)[0])
    if request.content_type == FORM:
        paths, expand = _form(request)
    else:
        paths, expand = _json(request)
    if len(paths) > PATHS_CAP:
        raise HubError(413, f"Ask for at most {PATHS_CAP} paths at once.")
    if not all(map(is_storable, paths)):
        raise HubError(400, "`paths` holds characters that are no text.")
    found = queries.entries_at(commit, [path.strip("/") for path in paths])
    return JsonResponse(_shapes(repo, commit, list(found.values()), expand=expand), safe=False)


def _json(request: HttpRequest) -> tuple[list[str], bool]:
    body = json_body(request)
    paths = body.get("paths", [])
    if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
        raise HubError(400, "`paths` must be a list of texts.")
    return paths, body.get("expand") is True


def _form(request: HttpRequest) -> tuple[list[str], bool]:
    """Parsed here: Django's own limit counts fields, and ours are many."""
    try:
        said = parse_qs(text_body(request).decode(), max_num_fields=PATHS_CAP + 10)
    except ValueError:
        raise HubError(413, f"Ask for at most {PATHS_CAP} paths at once.") from None
    return said.get("paths", []), said.get("expand", [""])[-1].lower() in {"1", "true"}


@hub(GET=VISIBLE)
def refs(request: HttpRequest, kind: RepoType, namespace: str, name: str) -> HttpResponseBase:
    """``GET …/refs[?include_prs=1]``."""
    repo = readable(who(request), kind, namespace, name)
    shape: dict[str, list[dict[str, str]]] = {"branches": [], "tags": [], "converts": []}
    if _flag(request, "include_prs"):
        shape["pullRequests"] = []
    for ref in Ref.objects.filter(repo=repo).select_related("commit").order_by("name"):
        place, prefix = PLACES.get(RefKind(ref.kind), ("pullRequests", "refs/pr/"))
        if place in shape:
            shape[place].append({"name": ref.name, "ref": prefix + ref.name, "targetCommit": ref.commit.sha})
    return JsonResponse(shape)


@hub(GET=VISIBLE)
def commits(request: HttpRequest, kind: RepoType, namespace: str, name: str, rest: str) -> HttpResponseBase:
    """``GET …/commits/{rev}``: newest first, in pages of 50."""
    repo = readable(who(request), kind, namespace, name)
    commit = queries.resolve_revision(repo, rest_of(request, repo, rest)[0])
    limit, number = _number(request, "limit", COMMITS_PAGE), _number(request, "p", 10_000_000, default=0)
    rows, total = queries.history(repo, commit, skip=number * limit, limit=limit)
    formatted = "formatted" in {*request.GET.getlist("expand[]"), *request.GET.getlist("expand")}
    response = JsonResponse([wire.commit(row, formatted=formatted) for row in rows], safe=False)
    response["X-Total-Count"] = str(total)
    if (number + 1) * limit < total:
        response["Link"] = _next(request, p=str(number + 1))
    return response


def _number(request: HttpRequest, name: str, most: int, *, default: int | None = None) -> int:
    text = request.GET.get(name, "")
    if not text:
        return most if default is None else default
    if not text.isdecimal():
        raise HubError(400, f"`{name}` must be a whole number.")
    return min(int(text[:12]), most) if name == "p" else max(1, min(int(text[:12]), most))


def _next(request: HttpRequest, **changed: str) -> str:
    values = request.GET.copy()
    for key, value in changed.items():
        values[key] = value
    address = str(request.META.get("RAW_URI", request.get_full_path())).partition("?")[0]
    return f'<{wire.base_url(request)}{address}?{values.urlencode()}>; rel="next"'


def _cursor(path: str) -> str:
    return signing.dumps(path, salt="landbridge.hub.tree")


def _opened(request: HttpRequest) -> str:
    text = request.GET.get("cursor", "")
    try:
        return str(signing.loads(text, salt="landbridge.hub.tree")) if text else ""
    except signing.BadSignature:
        raise HubError(400, "This cursor is not of this list.") from None
