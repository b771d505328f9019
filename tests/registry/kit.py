"""Short ways to a repository and a commit."""

from datetime import UTC, datetime

from django.db import transaction

from landbridge_registry import facts, operations, steps
from landbridge_registry.errors import FactsMissing
from landbridge_registry.models import Commit, Namespace, NamespaceKind, Repo, RepoType
from landbridge_registry.storage import put_bytes

AT = datetime(2026, 11, 25, 8, 30, 15, tzinfo=UTC)


def new_repo(name: str = "tiny", namespace: str = "lab") -> Repo:
    """A repository whose ``main`` is empty but for one file."""
    owner, _ = Namespace.objects.get_or_create(name=namespace, defaults={"kind": NamespaceKind.ORGANIZATION})
    repo = steps.create_repo(repo_type=RepoType.MODEL, namespace=owner, name=name)
    first = [operations.Add(".gitattributes", put_bytes(b"*.bin filter=lfs\n"))]
    steps.first_commit(repo=repo, changes=first, writer=steps.Writer(name="ada"), title="initial commit", at=AT)
    return repo


def land(repo: Repo, *changes: operations.Operation, **more: object) -> Commit:
    """One commit on ``main``, with what the cached head needs."""
    known = facts.read_added(changes)
    said = {"branch": "main", "writer": steps.Writer(name="ada"), "title": "change", "at": AT, **more}
    while True:
        try:
            with transaction.atomic():  # what FactsMissing leaves is rolled back, as a service's is
                return steps.commit(repo=repo, changes=changes, known=known, **said)  # type: ignore[arg-type]
        except FactsMissing as missing:
            known |= facts.read(missing.wanted)


def add(path: str, content: bytes) -> operations.Add:
    return operations.Add(path, put_bytes(content))
