"""The way in for small files and for the names of large ones: preupload, then one commit."""

import base64
import binascii
from typing import Any

from django.http import HttpRequest, HttpResponseBase, JsonResponse

from landbridge.accounts.models import User
from landbridge.core.access import Access, Right
from landbridge.hub import attributes, committing, rights, services, wire
from landbridge.hub.address import rest_of
from landbridge.hub.body import json_body, reader, text_of
from landbridge.hub.errors import HubError
from landbridge.hub.gate import hub, who, writable
from landbridge_registry import facts, queries
from landbridge_registry.errors import EntryMissing, FactsMissing, RevisionMissing
from landbridge_registry.models import Commit, Ref, RefKind, Repo, RepoType
from landbridge_registry.queries import Entry
from landbridge_registry.storage import Stage, open_blob

MEMBERS = Access(Right.MEMBER, scope="repo.write")
FILES_CAP, TRIES, TEXT_CAP = 256, 20, 1 << 20


@hub(POST=MEMBERS)
def preupload(request: HttpRequest, kind: RepoType, namespace: str, name: str, rest: str) -> HttpResponseBase:
    """``POST …/preupload/{rev}``: how each file is to be sent, and what is there already."""
    repo, _ = writable(who(request), kind, namespace, name)
    commit = queries.resolve_revision(repo, rest_of(request, repo, rest)[0])
    body = json_body(request)
    files = body.get("files")
    if not isinstance(files, list) or not all(isinstance(one, dict) for one in files):
        raise HubError(400, "`files` must be a list of objects.")
    if len(files) > FILES_CAP:
        raise HubError(413, f"Ask for at most {FILES_CAP} files at once.")
    paths = [text_of(one, "path", required=True) for one in files]
    there = queries.entries_at(commit, [*paths, ".gitattributes", ".gitignore"])
    ignore = text_of(body, "gitIgnore") or _text(repo, there.get(".gitignore"))
    patterns = attributes.lfs_patterns(_text(repo, there.get(".gitattributes")))
    return JsonResponse({"files": [_mode(one, there, patterns, ignore) for one in files]})


def _mode(one: dict[str, Any], there: dict[str, Entry], patterns: list[str], ignore: str) -> dict[str, Any]:
    path, size = text_of(one, "path", required=True), one.get("size", 0)
    if type(size) is not int or size < 0:
        raise HubError(400, "`size` must be a whole number.")
    lfs = attributes.goes_by_lfs(path, size, _sample(one), patterns)
    shape = {
        "path": path,
        "uploadMode": "lfs" if lfs else "regular",
        "shouldIgnore": attributes.ignored(path, ignore),
    }
    entry = there.get(path)
    if entry is not None and entry.is_file:
        shape["oid"] = entry.sha256 if entry.lfs else entry.oid
    return shape


def _sample(one: dict[str, Any]) -> bytes:
    try:
        return base64.b64decode(text_of(one, "sample"), validate=True)
    except (binascii.Error, ValueError):
        raise HubError(400, "The sample of a file is not base64.") from None


def _text(repo: Repo, entry: Entry | None) -> str:
    """The text of a small file at the head; empty if there is none."""
    if entry is None or not entry.is_file or entry.size > TEXT_CAP:
        return ""
    try:
        with open_blob(queries.content_of(repo, entry.sha256).blob.location) as file:
            return file.read().decode("utf-8", "replace")
    except (EntryMissing, FileNotFoundError):
        return ""


@hub(POST=MEMBERS)
def commit(request: HttpRequest, kind: RepoType, namespace: str, name: str, rest: str) -> HttpResponseBase:
    """``POST …/commit/{rev}``: JSON lines, all or nothing."""
    repo, user = writable(who(request), kind, namespace, name)
    branch = _branch(repo, rest_of(request, repo, rest)[0])
    with Stage() as stage:
        sent = committing.receive(reader(request), stage)
        made = land(user, repo, branch, sent, rights.namespaces_of(who(request)))
    url = f"{wire.repo_url(request, repo)}/commit/{made.sha}"
    return JsonResponse({"success": True, "commitOid": made.sha, "commitUrl": url, "hookOutput": ""})


def _branch(repo: Repo, revision: str) -> str:
    """Commits go to branches: a tag or a sha does not move."""
    name = revision.removeprefix("refs/heads/")
    if not Ref.objects.filter(repo=repo, kind=RefKind.BRANCH, name=name).exists():
        raise RevisionMissing(f"Invalid rev id: {revision}")
    return name


def land(user: User, repo: Repo, branch: str, sent: committing.Sent, namespaces: list[int]) -> Commit:
    """Commit; read what the cached head needs outside the transaction, and commit again with it."""
    known = facts.read_added(sent.changes)
    for _ in range(TRIES):
        try:
            return services.make_commit(
                actor=user,
                repo=repo,
                branch=branch,
                changes=sent.changes,
                namespaces=namespaces,
                title=sent.header.summary,
                message=sent.header.description,
                parent=sent.header.parent,
                known=known,
            )
        except FactsMissing as missing:
            known |= facts.read(missing.wanted)
    raise HubError(503, "Others are changing this repository. Try again in a moment.", Retry_After="2")
