"""Repositories that the platform itself fills: benchmark data, and models that installed plugins register."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from landbridge.accounts.models import Organization, OrganizationKind, User
from landbridge.core import ledger, time
from landbridge_registry import operations, queries, sealing, steps
from landbridge_registry.db import step
from landbridge_registry.facts import FileFacts
from landbridge_registry.models import Namespace, NamespaceKind, Repo, Revision
from landbridge_registry.storage import Stored

ATTRIBUTES = ".gitattributes"
REGULAR = 1 << 20  # bytes; larger files are large files of git, too


@transaction.atomic(durable=True)
def publish_folder(  # noqa: PLR0913 a repository's address, its content, and what is said of it
    *,
    kind: str,
    namespace: str,
    name: str,
    stored: Mapping[str, Stored],
    known: Mapping[tuple[str, str], FileFacts],
    message: str,
    said: Mapping[str, Any],
    actor: User,
) -> Revision:
    """Make ``main`` of a repository hold exactly ``stored``, and seal that."""
    space = _namespace(namespace, actor)
    repo = Repo.objects.filter(type=kind, namespace=space, name__iexact=name).first()
    writer = steps.Writer(name=actor.username, namespaces=[space.pk])
    at = time.db_now()
    if repo is None:
        repo = steps.create_repo(repo_type=kind, namespace=space, name=name)
        first = [operations.Add(ATTRIBUTES, stored[ATTRIBUTES])]
        steps.first_commit(repo=repo, changes=first, writer=writer, title="initial commit", at=at)
    repo = steps.lock(repo.pk)
    changes = _changes(repo, stored, actor)
    commit = steps.commit(
        repo=repo, branch=steps.MAIN, changes=changes, writer=writer, title=message, at=at, known=known
    )
    revision = sealing.seal(repo=repo, commit=commit, at=at, reason="published", subject=f"published:{repo}", **said)
    ledger.record("repo.published", subject=revision, actor=actor, repo=str(repo), digest=revision.tree_digest)
    return revision


@step
def _changes(repo: Repo, stored: Mapping[str, Stored], actor: User) -> list[operations.Operation]:
    large = {path: one for path, one in stored.items() if one.size > REGULAR}
    steps.claim(repo, large.values(), by=actor.username)
    changes: list[operations.Operation] = [
        operations.AddLarge(path, one.sha256, one.size) if path in large else operations.Add(path, one)
        for path, one in stored.items()
    ]
    return [*_gone(repo, stored), *changes]


def _gone(repo: Repo, stored: Mapping[str, Stored]) -> list[operations.Operation]:
    there = {path for path, *_ in queries.files_of(queries.resolve_revision(repo, steps.MAIN))}
    return [operations.DeleteFile(path) for path in sorted(there - set(stored))]


@step
def _namespace(name: str, actor: User) -> Namespace:
    """A namespace of the operator's. It has no members: only the platform itself writes there."""
    found = Namespace.objects.filter(name__iexact=name).first()
    if found is None:
        found = Namespace.objects.create(name=name, kind=NamespaceKind.ORGANIZATION)
    made, created = Organization.objects.get_or_create(
        namespace=found, defaults={"slug": name, "name": name.title(), "kind": OrganizationKind.OPERATOR}
    )
    if created:
        ledger.record("organization.created", subject=made, actor=actor, organization=name)
    return found
