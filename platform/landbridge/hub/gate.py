"""Who is asking at a Hub route, and what they may do with which repository."""

import base64
import binascii
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from landbridge.accounts.authentication import token_of
from landbridge.accounts.gate import pass_gate
from landbridge.accounts.models import Role, Token, TokenKind, User
from landbridge.accounts.principals import Principal
from landbridge.agreements.access import DOWNLOAD, Decision, decide
from landbridge.core.access import Access, Right, declares, rules_of
from landbridge.core.errors import DomainError
from landbridge.hub import wire
from landbridge.hub.errors import HubError, from_domain, from_registry, repo_missing
from landbridge_registry import queries
from landbridge_registry.errors import RegistryError, RepoMissing
from landbridge_registry.models import Repo, RepoType, Visibility

View = Callable[..., HttpResponseBase]
BAD_TOKEN = "Invalid credentials in Authorization header"  # noqa: S105 the sentence the client knows
WRITE, READ = "repo.write", "repo.read"
WRITERS = frozenset({TokenKind.PERSON, TokenKind.ROBOT})


def hub(*, session: bool = False, **rules: Access) -> Callable[[View], View]:
    """A Hub route: CSRF-exempt, its own gate, the Hub's errors. ``session``: a signed-in browser may GET it."""

    def mark(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # noqa: ANN401 the route's parts
            principal = Principal()
            try:
                principal = request.principal = _caller(request, session=session)  # type: ignore[attr-defined]
                rule = (rules_of(guarded) or {}).get(request.method or "")
                if rule is None:
                    raise HubError(405, "This address does not take that method.", Allow=", ".join(sorted(rules)))  # noqa: TRY301 answered below like every refusal
                if rule.right is Right.SIGNED_IN:
                    pass_gate(rule, principal)
                return view(request, *args, **kwargs)
            except HubError as error:
                return error.answer(request)
            except RegistryError as error:
                return from_registry(error, anonymous=principal.user is None).answer(request)
            except DomainError as error:
                return from_domain(error).answer(request)

        guarded.own_gate = True  # type: ignore[attr-defined]
        return declares(**rules)(guarded)

    return mark


def _caller(request: HttpRequest, *, session: bool) -> Principal:
    """By ``Authorization`` alone; a cookie counts only where the route says so, for reading."""
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    if not kind:
        signed_in = session and request.method in {"GET", "HEAD"} and isinstance(request.user, User)
        return Principal(request.user if signed_in and isinstance(request.user, User) else None)
    secret = text.strip() if kind.lower() == "bearer" else _password(text) if kind.lower() == "basic" else ""
    token = token_of(request, secret)
    if token is None:
        raise HubError(401, BAD_TOKEN)
    return Principal(token.user, token)


def _password(text: str) -> str:
    """git-lfs sends the token as the password of Basic."""
    try:
        return base64.b64decode(text, validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""


def who(request: HttpRequest) -> Principal:
    found: Principal = request.principal  # type: ignore[attr-defined]
    return found


def required_user(principal: Principal) -> User:
    if principal.user is None:
        raise HubError(401, BAD_TOKEN)
    return principal.user


def may_write_at_all(principal: Principal) -> User:
    """A person's or robot's token with the right to write."""
    user = required_user(principal)
    token = principal.token
    if token is None or token.kind not in WRITERS or not principal.has_scope(WRITE):
        raise HubError(403, "This token may only read. Make one with the scope repo.write.")
    return user


def readable(principal: Principal, kind: RepoType, namespace: str, name: str) -> Repo:
    """The repository, if the caller may know of it; its page and tree, not its contents."""
    try:
        repo = queries.find_repo(kind, namespace, name)
    except RepoMissing:
        raise repo_missing(anonymous=principal.user is None) from None
    if repo.visibility == Visibility.PRIVATE and not _knows(principal, repo):
        raise repo_missing(anonymous=principal.user is None)
    if repo.disabled_reason:
        raise HubError(403, "Access to this resource is disabled.")
    return repo


def _knows(principal: Principal, repo: Repo) -> bool:
    return principal.user is not None and ask(principal, repo, revision=None, path=None).allowed


def ask(principal: Principal, repo: Repo, *, revision: str | None, path: str | None) -> Decision:
    """The one access predicate."""
    return decide(
        actor=principal.user,
        token=principal.token,
        capability=DOWNLOAD,
        repo=repo,
        revision=revision,
        path=path,
        purpose="evaluation" if is_job(principal.token) else "",
    )


def is_job(token: Token | None) -> bool:
    return token is not None and token.kind == TokenKind.JOB


def refusal(request: HttpRequest, decision: Decision, repo: Repo) -> HubError:
    """Why the contents stay closed, and the page to go to."""
    anonymous = who(request).user is None
    if decision.code == "not_found":
        return repo_missing(anonymous=anonymous)
    if decision.code == "disabled":
        return HubError(403, "Access to this resource is disabled.")
    where = f" {wire.base_url(request)}{decision.page}" if decision.page else ""
    said = f"Access to {repo.type} {repo} is restricted. {decision.sentence}{where}"
    return HubError(401 if anonymous else 403, said, "GatedRepo", X_Landbridge_Reason=decision.code)


def writable(
    principal: Principal, kind: RepoType, namespace: str, name: str, role: str = Role.MEMBER
) -> tuple[Repo, User]:
    """The repository and the caller, who has ``role`` in its namespace and a token that may write."""
    repo = readable(principal, kind, namespace, name)
    user = may_write_at_all(principal)
    if not principal.has_role(repo.namespace, role):
        raise HubError(403, f"This needs the role {role} in {repo.namespace}. An owner of it can give it to you.")
    return repo, user
