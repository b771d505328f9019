"""``resolve`` and ``raw``: the bytes of one file, behind the access predicate, with the metadata clients cache by."""

from pathlib import PurePosixPath
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from landbridge.agreements import access_log
from landbridge.agreements.access import DOWNLOAD, Decision
from landbridge.agreements.models import AccessRow
from landbridge.core.access import Access, Right
from landbridge.hub import ranges
from landbridge.hub.address import rest_of
from landbridge.hub.errors import HubError
from landbridge.hub.gate import ask, hub, is_job, readable, refusal, who
from landbridge.hub.streaming import Part, Stream
from landbridge_registry import queries
from landbridge_registry.errors import EntryMissing
from landbridge_registry.models import Blob, Commit, Gate, Repo, RepoType, Visibility
from landbridge_registry.paths import fault_of
from landbridge_registry.queries import Entry

TEXT = frozenset({
    ".md", ".txt", ".json", ".jsonl", ".yaml", ".yml", ".csv", ".tsv", ".xml", ".html", ".htm", ".svg", ".js", ".css",
    ".py", ".toml", ".cfg", ".ini", ".gitattributes", ".gitignore",
})  # fmt: skip
EVERYONE = Access(Right.PUBLIC, capability=DOWNLOAD, why="Contents pass the access predicate, file by file.")


@hub(session=True, GET=EVERYONE, HEAD=EVERYONE)
def resolve(request: HttpRequest, kind: RepoType, namespace: str, name: str, rest: str) -> HttpResponseBase:
    """``HEAD|GET /[datasets/]{id}/resolve/{rev}/{path}``."""
    repo = _known(request, kind, namespace, name)
    revision, path = rest_of(request, repo, rest)
    commit = queries.resolve_revision(repo, revision)
    decision = ask(who(request), repo, revision=commit.sha, path=path)
    entry, blob = _content(repo, commit, path)
    if not decision.allowed:
        _log(request, repo, commit, path, decision, entry)
        raise refusal(request, decision, repo)
    if entry is None or blob is None:
        raise HubError(404, "Entry not found", "EntryNotFound", X_Repo_Commit=commit.sha)
    headers = _headers(repo, revision, commit, entry)
    if request.headers.get("If-None-Match") in {headers["ETag"], "*"}:
        return _finished(HttpResponse(status=304), headers)
    if request.method == "HEAD":
        _log(request, repo, commit, path, decision, entry)
        return _finished(HttpResponse(content_type=_media_type(path)), headers | {"Content-Length": str(entry.size)})
    return _bytes(request, repo, commit, entry, blob, decision, headers)


def _known(request: HttpRequest, kind: RepoType, namespace: str, name: str) -> Repo:
    """A job's token may come to a private repository by its list alone; what is in it is asked below."""
    return readable(who(request), kind, namespace, name)


def _content(repo: Repo, commit: Commit, path: str) -> tuple[Entry | None, Blob | None]:
    """The file and its content, or nothing: told only after the predicate has spoken."""
    try:
        if fault_of(path):
            return None, None
        entry = queries.entry_at(commit, path)
        return (entry, queries.content_of(repo, entry.sha256).blob) if entry.is_file else (None, None)
    except EntryMissing:
        return None, None


def _headers(repo: Repo, revision: str, commit: Commit, entry: Entry) -> dict[str, str]:
    etag = f'"{entry.sha256 if entry.lfs else entry.oid}"'
    name = PurePosixPath(entry.path).name
    plain = name.encode("ascii", "replace").decode().replace('"', "'").replace("%", "_")
    headers = {
        "X-Repo-Commit": commit.sha,
        "ETag": etag,
        "Accept-Ranges": "bytes",
        "Content-Disposition": f"inline; filename*=UTF-8''{quote(name, safe='')}; filename=\"{plain}\";",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": _caching(repo, revision, commit),
        "Vary": "Authorization, Cookie",
    }
    if entry.lfs or not entry.size:  # some servers drop a HEAD's Content-Length of 0
        headers |= {"X-Linked-Etag": etag, "X-Linked-Size": str(entry.size)}
    return headers


def _caching(repo: Repo, revision: str, commit: Commit) -> str:
    if repo.gate != Gate.OPEN or repo.visibility == Visibility.PRIVATE:
        return "private, no-store"
    return "public, max-age=31536000, immutable" if revision == commit.sha else "no-cache"


def _media_type(path: str) -> str:
    """Never a page, a picture that runs, or a script: text is plain text."""
    pure = PurePosixPath(path)
    return "text/plain; charset=utf-8" if (pure.suffix or pure.name).lower() in TEXT else "application/octet-stream"


def _bytes(  # noqa: PLR0913, PLR0917 one answer's parts
    request: HttpRequest,
    repo: Repo,
    commit: Commit,
    entry: Entry,
    blob: Blob,
    decision: Decision,
    headers: dict[str, str],
) -> HttpResponseBase:
    wanted = request.headers.get("Range", "")
    if wanted and request.headers.get("If-Range") not in {None, headers["ETag"]}:
        wanted = ""
    part = ranges.asked(wanted, entry.size) if wanted else None
    start, stop = part or (0, entry.size)
    row = _log(request, repo, commit, entry.path, decision, entry, wanted)
    principal = who(request)
    stream = Stream(
        Part(blob.location, start, stop),
        row=row,
        decision=decision,
        ask=lambda: ask(principal, repo, revision=commit.sha, path=entry.path),
    )
    response = StreamingHttpResponse(stream, status=206 if part else 200, content_type=_media_type(entry.path))
    if part:
        headers |= {"Content-Range": f"bytes {start}-{stop - 1}/{entry.size}"}
    return _finished(response, headers | {"Content-Length": str(stop - start)})


def _finished(response: HttpResponseBase, headers: dict[str, str]) -> HttpResponseBase:
    for name, value in headers.items():
        response[name] = value
    return response


def _log(  # noqa: PLR0913, PLR0917 one row's parts
    request: HttpRequest,
    repo: Repo,
    commit: Commit,
    path: str,
    decision: Decision,
    entry: Entry | None,
    range_asked: str = "",
) -> AccessRow:
    principal = who(request)
    return access_log.begin(
        decision=decision,
        actor=principal.user,
        token=principal.token,
        capability=DOWNLOAD,
        repo=repo,
        revision=commit.sha,
        path=path,
        method=request.method or "",
        purpose="evaluation" if is_job(principal.token) else "",
        sha256=entry.sha256 if entry else "",
        range_asked=range_asked,
        address=request.META.get("REMOTE_ADDR", ""),
        agent=request.headers.get("User-Agent", ""),
    )
