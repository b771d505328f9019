"""Rows in the Hub's shapes (hub-protocol, section 5)."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest

from landbridge.core import time
from landbridge_registry import gitids
from landbridge_registry.models import Commit, Gate, Repo, RepoType, Visibility
from landbridge_registry.queries import Entry


def base_url(request: HttpRequest) -> str:
    """The host that the client used: it parses addresses of no other."""
    return f"{request.scheme}://{request.get_host()}"


def repo_url(request: HttpRequest, repo: Repo) -> str:
    return f"{base_url(request)}/{'datasets/' if repo.type == RepoType.DATASET else ''}{repo}"


def repo_info(repo: Repo, sha: str, tags: Iterable[str]) -> dict[str, Any]:
    """What info and lists share. ``sha`` is the commit that was asked for."""
    info: dict[str, Any] = {
        "_id": repo.pk.hex[:24],
        "id": str(repo),
        "author": repo.namespace.name,
        "sha": sha,
        "lastModified": time.text(repo.last_modified),
        "createdAt": time.text(repo.created_at),
        "private": repo.visibility == Visibility.PRIVATE,
        "gated": repo.gate if repo.gate != Gate.OPEN else False,
        "disabled": bool(repo.disabled_reason),
        "downloads": repo.downloads,
        "likes": repo.likes,
        "tags": sorted(tags),
    }
    return info | (_model(repo) if repo.type == RepoType.MODEL else {"description": repo.summary})


def _model(repo: Repo) -> dict[str, Any]:
    info: dict[str, Any] = {"modelId": str(repo)}
    if repo.library:
        info["library_name"] = repo.library
    if repo.pipeline_tag:
        info["pipeline_tag"] = repo.pipeline_tag
    return info


def details(repo: Repo) -> dict[str, Any]:
    """What info adds."""
    info: dict[str, Any] = {"cardData": repo.card, "usedStorage": repo.used_storage}
    if repo.type == RepoType.MODEL:
        info |= {"config": repo.config, "model-index": repo.card.get("model-index"), "widgetData": [], "spaces": []}
        info["transformersInfo"] = {"auto_model": "AutoModel"} if repo.library == "transformers" else None
        if repo.parameters:
            info["safetensors"] = {"parameters": repo.parameters, "total": repo.parameter_count}
    return info


def sibling(entry: Entry, *, blobs: bool) -> dict[str, Any]:
    shape: dict[str, Any] = {"rfilename": entry.path}
    if blobs:
        shape |= {"size": entry.size, "blobId": entry.oid}
        if entry.lfs:
            shape["lfs"] = {"sha256": entry.sha256, "size": entry.size, "pointerSize": pointer_size(entry)}
    return shape


def tree_entry(entry: Entry) -> dict[str, Any]:
    shape: dict[str, Any] = {"type": entry.kind, "path": entry.path, "size": entry.size, "oid": entry.oid}
    if entry.lfs:
        shape["lfs"] = {"oid": entry.sha256, "size": entry.size, "pointerSize": pointer_size(entry)}
    return shape


def pointer_size(entry: Entry) -> int:
    return len(gitids.pointer(entry.sha256, entry.size))


def commit(row: Commit, *, formatted: bool) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "id": row.sha,
        "title": row.title,
        "message": row.message,
        "date": time.text(row.date),
        "authors": [{"user": row.author, "avatar": ""}],
    }
    return shape | ({"formatted": {"title": row.title, "message": row.message}} if formatted else {})


def last_commit(row: Commit) -> dict[str, Any]:
    return {"id": row.sha, "title": row.title, "date": time.text(row.date)}
