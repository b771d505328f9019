"""What changes repositories. Files were stored before (``landbridge_registry.storage.Stage``); here are rows only."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction

from landbridge.accounts.models import User
from landbridge.core import ledger, outbox, time
from landbridge.hub import quotas
from landbridge_registry import operations, steps
from landbridge_registry.facts import FileFacts
from landbridge_registry.models import Commit, Gate, Namespace, Repo, RepoObject, Upload, Visibility
from landbridge_registry.storage import Stored

FIRST_TITLE = "initial commit"
UPLOAD_LIFETIME = timedelta(hours=24)


@transaction.atomic(durable=True)
def create_repo(  # noqa: PLR0913 what a repository is made of
    *, actor: User, repo_type: str, namespace: Namespace, name: str, attributes: Stored, visibility: str = "public"
) -> Repo:
    """A repository whose ``main`` holds ``.gitattributes`` (see ``landbridge.hub.attributes.DEFAULT``).

    Raises ``registry.errors.RepoExists``, which carries the one that is there, or ``BadName``.
    """
    repo = steps.create_repo(repo_type=repo_type, namespace=namespace, name=name, visibility=Visibility(visibility))
    first = [operations.Add(".gitattributes", attributes)]
    writer = steps.Writer(name=actor.username)
    steps.first_commit(repo=repo, changes=first, writer=writer, title=FIRST_TITLE, at=time.db_now())
    ledger.record("repo.created", subject=repo, actor=actor, repo=str(repo), type=repo_type, visibility=visibility)
    return repo


@transaction.atomic(durable=True)
def delete_repo(*, actor: User, repo: Repo) -> None:
    """Remove a repository; ``registry.errors.Held`` if an agreement, evaluation or seal names it."""
    repo = steps.lock(repo.pk)
    name, kind = str(repo), repo.type
    subject = Repo(pk=repo.pk)
    steps.remove_repo(repo)
    ledger.record("repo.deleted", subject=subject, actor=actor, repo=name, type=kind)


@transaction.atomic(durable=True)
def change_settings(*, actor: User, repo: Repo, gate: str | None = None, visibility: str | None = None) -> Repo:
    """Who sees the repository, and whether its contents need an agreement. What is ``None`` stays."""
    repo = steps.lock(repo.pk)
    before = {"gate": repo.gate, "visibility": repo.visibility}
    if gate is not None:
        repo.gate = Gate(gate)
    if visibility is not None:
        repo.visibility = Visibility(visibility)
    repo.save(update_fields=["gate", "visibility"])
    after = {"gate": str(repo.gate), "visibility": str(repo.visibility)}
    if before != after:
        ledger.record("repo.settings_changed", subject=repo, actor=actor, before=before, after=after)
    if before["visibility"] != after["visibility"]:
        outbox.publish("repo.visibility_changed", repo.pk)  # boards follow
    return repo


@transaction.atomic(durable=True)
def open_uploads(*, actor: User, repo: Repo, objects: Mapping[str, int]) -> dict[str, Upload]:
    """Rows for large files (sha256 -> size) on their way in, within the namespace's storage."""
    repo = steps.lock(repo.pk)
    quotas.require_room(repo, sum(objects.values()))
    until = time.db_now() + UPLOAD_LIFETIME
    rows = [
        Upload(repo=repo, by=actor.username, kind="basic", oid=oid, size=size, expires_at=until)
        for oid, size in objects.items()
    ]
    return {row.oid: row for row in Upload.objects.bulk_create(rows)}


@transaction.atomic(durable=True)
def finish_upload(*, actor: User, upload: Upload, stored: Stored) -> RepoObject:
    """The repository now holds the content. The upload is over; repeating it changes nothing.

    Many uploads may be open at once, each within the storage by itself: room is asked for once more.
    """
    repo = steps.lock(upload.repo_id)
    if not RepoObject.objects.filter(repo=repo, blob_id=stored.sha256).exists():
        quotas.require_room(repo, stored.size)
    steps.claim(repo, [stored], by=actor.username)
    Upload.objects.filter(pk=upload.pk).delete()
    return RepoObject.objects.select_related("blob").get(repo=repo, blob_id=stored.sha256)


@transaction.atomic(durable=True)
def make_commit(  # noqa: PLR0913 what a commit is made of
    *,
    actor: User,
    repo: Repo,
    branch: str,
    changes: Sequence[operations.Operation],
    namespaces: Sequence[int],
    title: str,
    message: str = "",
    parent: str = "",
    known: Mapping[tuple[str, str], FileFacts] | None = None,
) -> Commit:
    """One commit on a branch. ``namespaces``: those whose large files the actor may bring along.

    Raises what ``registry.steps.commit`` raises; ``FactsMissing`` asks the caller to read and call again, which
    ``landbridge.hub.committing.commit`` does.
    """
    repo = steps.lock(repo.pk)
    quotas.require_room(repo, sum(change.content.size for change in changes if isinstance(change, operations.Add)))
    made = steps.commit(
        repo=repo,
        branch=branch,
        changes=changes,
        writer=steps.Writer(name=actor.username, namespaces=namespaces),
        title=title,
        message=message,
        parent=parent,
        at=time.db_now(),
        known=known,
    )
    facts: dict[str, Any] = {"repo": str(repo), "branch": branch, "commit": made.sha}
    ledger.record("repo.committed", subject=repo, actor=actor, **facts)
    return made
