"""Whose contents a caller may bring along, and where in a repository a content lies."""

from collections.abc import Collection
from urllib.parse import quote

from django.db.models import Q

from landbridge.accounts.models import Role
from landbridge.accounts.principals import INCLUDES, Principal
from landbridge_registry import queries
from landbridge_registry.models import Namespace, NamespaceKind, Ref, Repo


def namespaces_of(principal: Principal, role: str = Role.MEMBER) -> list[int]:
    """Namespaces in which the caller has ``role``: their organizations', and their own."""
    found = [key for key, row in principal.memberships.items() if role in INCLUDES[row.role]]
    if principal.user is not None:
        own = Namespace.objects.filter(kind=NamespaceKind.USER, name__iexact=principal.user.username)
        found += own.values_list("pk", flat=True)
    return found


def usable_in(repo: Repo, principal: Principal) -> Q:
    """Contents that this repository holds, or one that the caller may write. Reading is no right to republish."""
    return Q(repo=repo) | Q(repo__namespace__in=namespaces_of(principal))


def places_of(repo: Repo, contents: Collection[str]) -> dict[str, str]:
    """``{sha}/{path}`` of each large content at the head of a branch or tag."""
    found: dict[str, str] = {}
    for ref in Ref.objects.filter(repo=repo).select_related("commit"):
        if len(found) == len(contents):
            break
        for path, sha256, _, lfs in queries.files_of(ref.commit):
            if lfs and sha256 in contents:
                found.setdefault(sha256, f"{ref.commit.sha}/{quote(path)}")
    return found
