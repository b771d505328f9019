"""Make, change and remove repositories."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse

from landbridge.accounts.models import Role
from landbridge.agreements.access import DOWNLOAD
from landbridge.core.access import Access, Right
from landbridge.hub import attributes, services, wire
from landbridge.hub.body import json_body, text_of
from landbridge.hub.errors import HubError, refusal_of_type, repo_missing
from landbridge.hub.gate import ask, hub, may_write_at_all, readable, refusal, who, writable
from landbridge_registry.errors import RepoExists
from landbridge_registry.models import Gate, Namespace, Repo, RepoType, Visibility
from landbridge_registry.names import is_well_formed
from landbridge_registry.storage import Stage

GATES = {False: Gate.OPEN, "auto": Gate.AUTO, "manual": Gate.MANUAL}


@hub(POST=Access(Right.MEMBER, scope="repo.write"))
def create(request: HttpRequest) -> HttpResponseBase:
    """``POST /api/repos/create``. What exists is answered with 409 and its address, which ``exist_ok`` reads."""
    principal = who(request)
    user = may_write_at_all(principal)
    body = json_body(request)
    owner = text_of(body, "organization") or user.username
    namespace = Namespace.objects.filter(name__iexact=owner).first() if is_well_formed(owner) else None
    if namespace is None or not principal.has_role(namespace, Role.MEMBER):
        raise HubError(403, f"You don't have the rights to create a repository under the namespace {owner[:96]!r}.")
    kind, name = _kind(body), text_of(body, "name", required=True)
    visibility = _visibility(body) or Visibility.PUBLIC
    try:
        with Stage() as stage:
            repo = services.create_repo(
                actor=user,
                repo_type=kind,
                namespace=namespace,
                name=name,
                visibility=visibility,
                attributes=stage.put_bytes(attributes.DEFAULT),
            )
    except RepoExists as error:
        there = error.detail["repo"]
        if not isinstance(there, Repo):
            raise TypeError(there) from error
        return JsonResponse(_described(request, there) | {"error": str(error)}, status=409)
    return JsonResponse(_described(request, repo))


def _described(request: HttpRequest, repo: Repo) -> dict[str, Any]:
    return {"url": wire.repo_url(request, repo), "name": str(repo), "id": repo.pk.hex[:24]}


def _kind(body: dict[str, Any]) -> RepoType:
    text = text_of(body, "type") or RepoType.MODEL
    if text not in RepoType.values:
        raise refusal_of_type(text)
    return RepoType(text)


def _visibility(body: dict[str, Any]) -> Visibility | None:
    said = body.get("visibility")
    if said is None and isinstance(body.get("private"), bool):
        return Visibility.PRIVATE if body["private"] else Visibility.PUBLIC
    if said is None:
        return None
    if said not in Visibility.values:
        raise HubError(400, "`visibility` is public or private.")
    return Visibility(said)


@hub(DELETE=Access(Right.OWNER, scope="repo.write"))
def delete(request: HttpRequest) -> HttpResponseBase:
    """``DELETE /api/repos/delete``. 409 with the reason if something holds the repository."""
    body = json_body(request)
    principal = who(request)
    owner = text_of(body, "organization") or (principal.user.username if principal.user else "")
    repo, user = writable(principal, _kind(body), owner, text_of(body, "name", required=True), Role.OWNER)
    services.delete_repo(actor=user, repo=repo)
    return HttpResponse(b"OK", content_type="text/plain")


@hub(PUT=Access(Right.MAINTAINER, scope="repo.write"))
def settings(request: HttpRequest, kind: RepoType, namespace: str, name: str) -> HttpResponseBase:
    """``PUT /api/{type}s/{id}/settings``: ``gated``, ``visibility``, older ``private``."""
    repo, user = writable(who(request), kind, namespace, name, Role.MAINTAINER)
    body = json_body(request)
    gated = body.get("gated", None)
    if gated is not None and (not isinstance(gated, bool | str) or gated not in GATES):
        raise HubError(400, '`gated` is "auto", "manual" or false.')
    gate = GATES[gated] if gated is not None else None
    changed = services.change_settings(actor=user, repo=repo, gate=gate, visibility=_visibility(body))
    return JsonResponse({"gated": changed.gate or False, "private": changed.visibility == Visibility.PRIVATE})


@hub(GET=Access(Right.PUBLIC, capability=DOWNLOAD, why="Answers whether the caller has access."))
def auth_check(request: HttpRequest, kind: RepoType, namespace: str, name: str, write: str = "") -> HttpResponseBase:
    """``GET …/auth-check[/write]``: 200, or the error that the contents would give."""
    principal = who(request)
    if write:
        writable(principal, kind, namespace, name)
        return JsonResponse({})
    repo = readable(principal, kind, namespace, name)
    decision = ask(principal, repo, revision=None, path=None)
    if not decision.allowed:
        raise refusal(request, decision, repo)
    return JsonResponse({})


@hub(GET=Access(Right.PUBLIC), POST=Access(Right.PUBLIC), PUT=Access(Right.PUBLIC), DELETE=Access(Right.PUBLIC))
def missing(request: HttpRequest, **_rest: str) -> HttpResponseBase:
    """An id that cannot be one: clients read the code, not the status."""
    raise repo_missing(anonymous=who(request).user is None)
