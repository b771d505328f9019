"""What moves rows of the registry. Each step needs its caller's transaction; no file is touched here.

Lock order: the repository's row first, then its refs. Whoever changes a repository takes that lock before looking.
"""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import models
from django.db.models import F, Sum
from django.db.models.functions import Now

from landbridge_registry import facts, gitids, names, operations, paths, trees
from landbridge_registry.db import step
from landbridge_registry.errors import (
    BadOperation,
    FactsMissing,
    Held,
    ObjectMissing,
    RepoExists,
    RepoMissing,
    RevisionMissing,
    StaleParent,
)
from landbridge_registry.models import (
    Blob,
    BlobState,
    Commit,
    Hold,
    Namespace,
    Ref,
    RefKind,
    Repo,
    RepoObject,
    RepoTag,
    Via,
    Visibility,
)
from landbridge_registry.storage.store import Stored

MAIN = "main"
TITLE_CAP = 300
BATCH = 500


@step
def create_repo(*, repo_type: str, namespace: Namespace, name: str, visibility: str = Visibility.PUBLIC) -> Repo:
    """An empty repository. ``RepoExists`` carries the one of that name."""
    names.check_repo_name(name)
    Namespace.objects.select_for_update().get(pk=namespace.pk)  # two creators of one name queue up here
    there = Repo.objects.filter(type=repo_type, namespace=namespace, name__iexact=name).first()
    if there is not None:
        raise RepoExists("You already created this repo", repo=there)
    return Repo.objects.create(type=repo_type, namespace=namespace, name=name, visibility=visibility)


@step
def lock(repo_id: uuid.UUID) -> Repo:
    """The repository, locked. ``no_key``: rows that point to it may still be made."""
    found = (
        Repo.objects.select_for_update(of=("self",), no_key=True).select_related("namespace").filter(pk=repo_id).first()
    )
    if found is None:
        raise RepoMissing("Repository not found")
    return found


@step
def remove_repo(repo: Repo) -> None:
    """Remove a locked repository that nothing holds. Its contents go when the collector finds nobody else's claim."""
    hold = Hold.objects.filter(repo=repo).first()
    if hold is not None:
        raise Held(
            f"This repository cannot be deleted: it is held by {hold.reason} ({hold.subject}).", reason=hold.reason
        )
    Ref.objects.filter(repo=repo).delete()
    try:
        repo.delete()
    except models.ProtectedError as error:
        kinds = sorted({str(row._meta.verbose_name) for row in error.protected_objects})
        raise Held(f"This repository cannot be deleted: {', '.join(kinds)} still name it.") from error


@step
def claim(repo: Repo, contents: Iterable[Stored], *, by: str, via: str = Via.UPLOAD) -> None:
    """Give ``repo`` the right to contents that were just stored.

    A content that is there keeps its file and is touched, so that the collector leaves it alone; a doomed one gets the
    new file. The caller's ``Stage`` removes the files that no row names.
    """
    mine = {one.sha256: one for one in contents}
    for start in range(0, len(mine), BATCH):
        _claim_batch(repo, dict(list(mine.items())[start : start + BATCH]), by, via)


def _claim_batch(repo: Repo, mine: Mapping[str, Stored], by: str, via: str) -> None:
    new = [Blob(sha256=key, git_oid=one.git_oid, size=one.size, location=one.location) for key, one in mine.items()]
    Blob.objects.bulk_create(new, ignore_conflicts=True)
    there = Blob.objects.select_for_update(no_key=True).filter(sha256__in=mine).order_by("sha256")
    doomed = [row for row in there if row.state == BlobState.DOOMED]
    Blob.objects.filter(sha256__in=mine).update(touched_at=Now())
    for row in doomed:
        Blob.objects.filter(pk=row.pk).update(state=BlobState.PRESENT, location=mine[row.pk].location)
    _grant(repo, {key: one.size for key, one in mine.items()}, by, via)


def _grant(repo: Repo, sizes: Mapping[str, int], by: str, via: str) -> None:
    held = set(RepoObject.objects.filter(repo=repo, blob_id__in=sizes).values_list("blob_id", flat=True))
    fresh = [key for key in sizes if key not in held]
    RepoObject.objects.bulk_create(
        [RepoObject(repo=repo, blob_id=key, via=via, by=by) for key in fresh], ignore_conflicts=True
    )
    added = sum(sizes[key] for key in fresh)
    if added:
        Repo.objects.filter(pk=repo.pk).update(used_storage=F("used_storage") + added)


@step
def release(repo: Repo, rows: Iterable[RepoObject]) -> None:
    """Take rights of a locked repository away, and what they count in its storage. ``rows`` carry their contents."""
    gone = {row.pk: row.blob.size for row in rows}
    for start in range(0, len(gone), BATCH):
        part = list(gone)[start : start + BATCH]
        RepoObject.objects.filter(pk__in=part).delete()
        lost = sum(gone[key] for key in part)
        Repo.objects.filter(pk=repo.pk).update(used_storage=F("used_storage") - lost)


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Who commits: a name for the history, and the namespaces whose large files they may bring along."""

    name: str
    namespaces: Collection[int] = ()


@step
def commit(  # noqa: PLR0913 what a commit is made of
    *,
    repo: Repo,
    branch: str,
    changes: Sequence[operations.Operation],
    writer: Writer,
    title: str,
    at: datetime,
    message: str = "",
    parent: str = "",
    known: Mapping[tuple[str, str], facts.FileFacts] | None = None,
) -> Commit:
    """Put one commit on ``branch`` of a locked ``repo``; all of it or nothing.

    ``parent`` (also a prefix of its sha) must be the head, else ``StaleParent``; without it commits stack. ``main``
    also moves the cached head, for which the contents in ``FactsMissing.wanted`` must have been read: ``facts.read``.
    """
    if not title.strip():
        raise BadOperation("A commit needs a summary.")
    ref = _branch(repo, branch)
    if parent and not ref.commit.sha.startswith(parent):
        raise StaleParent
    root = trees.load(ref.commit.tree, [paths.check(change.path) for change in changes])
    _claim_all(repo, changes, writer)
    _apply(root, changes, _large(repo, changes, writer))
    tree, made = trees.build(root)
    trees.write(made)
    commit_row = _write(repo, tree, ref.commit.sha, writer.name, title, message, at)
    _advance(ref, commit_row)
    if branch == MAIN:
        _set_head(repo, commit_row, root, known or {})
    return commit_row


@step
def first_commit(*, repo: Repo, changes: Sequence[operations.Add], writer: Writer, title: str, at: datetime) -> Commit:
    """Make ``main`` exist."""
    root = trees.Folder()
    _claim_all(repo, changes, writer)
    _apply(root, changes, {})
    tree, made = trees.build(root)
    trees.write(made)
    row = _write(repo, tree, "", writer.name, title, "", at)
    Ref.objects.create(repo=repo, kind=RefKind.BRANCH, name=MAIN, commit=row)
    _set_head(repo, row, root, {})
    return row


def _branch(repo: Repo, name: str) -> Ref:
    name = name.removeprefix("refs/heads/")
    ref = Ref.objects.select_related("commit").filter(repo=repo, kind=RefKind.BRANCH, name=name).first()
    if ref is None:
        raise RevisionMissing(f"Invalid rev id: {name}", revision=name)
    return ref


def _claim_all(repo: Repo, changes: Sequence[operations.Operation], writer: Writer) -> None:
    added = [change.content for change in changes if isinstance(change, operations.Add)]
    for content in added:
        if gitids.is_pointer(content.start, content.size):
            raise BadOperation("This file is a git-LFS pointer. Upload the content that it names instead.")
    claim(repo, added, by=writer.name)


def _large(repo: Repo, changes: Sequence[operations.Operation], writer: Writer) -> dict[str, int]:
    """The size of each large file that ``changes`` name and the writer may use; ``repo`` gets the right to it."""
    wanted = {change.sha256: change for change in changes if isinstance(change, operations.AddLarge)}
    found: dict[str, int] = {}
    keys = sorted(wanted)
    for start in range(0, len(keys), BATCH):
        rights = RepoObject.objects.filter(blob_id__in=keys[start : start + BATCH])
        allowed = rights.filter(models.Q(repo=repo) | models.Q(repo__namespace__in=list(writer.namespaces)))
        found |= dict(allowed.values_list("blob_id", "blob__size"))
    _touch(found)
    for sha256, change in wanted.items():
        if sha256 not in found:
            raise ObjectMissing(f"{change.path}: this repository holds no content {sha256}. Upload it first.")
        if change.size is not None and change.size != found[sha256]:
            raise BadOperation(f"{change.path} has {found[sha256]} bytes, not {change.size}.")
    _grant(repo, found, writer.name, Via.COPY)
    return found


def _touch(found: dict[str, int]) -> None:
    """Keep the collector away from contents on their way to a new holder; one it was quicker with is not there."""
    for start in range(0, len(found), BATCH):
        part = sorted(found)[start : start + BATCH]
        rows = Blob.objects.select_for_update(no_key=True).filter(pk__in=part, state=BlobState.PRESENT).order_by("pk")
        present = set(rows.values_list("pk", flat=True))
        Blob.objects.filter(pk__in=present).update(touched_at=Now())
        for gone in set(part) - present:
            del found[gone]


def _apply(root: trees.Folder, changes: Sequence[operations.Operation], sizes: Mapping[str, int]) -> None:
    for change in changes:
        if isinstance(change, operations.Add):
            trees.put(root, change.path, operations.leaf_of(change.content))
        elif isinstance(change, operations.AddLarge):
            trees.put(root, change.path, operations.large_leaf(change.sha256, sizes[change.sha256]))
        else:
            trees.remove(root, change.path, folders_only=isinstance(change, operations.DeleteFolder))


def _write(  # noqa: PLR0913, PLR0917 the columns of a commit
    repo: Repo, tree: str, parent: str, author: str, title: str, message: str, at: datetime
) -> Commit:
    first, _, rest = title.strip().partition("\n")
    body = "\n\n".join(part for part in (first[TITLE_CAP:], rest.strip(), message.strip()) if part)
    title, at = first[:TITLE_CAP], at.replace(microsecond=0)
    body = body.replace("\0", "")
    sha = gitids.commit_id(tree=tree, parent=parent, author=author, date=at, title=title, message=body)
    row, _ = Commit.objects.get_or_create(
        repo=repo,
        sha=sha,
        defaults={"parent": parent, "tree": tree, "title": title, "message": body, "author": author, "date": at},
    )
    return row


def _advance(ref: Ref, to: Commit) -> None:
    moved = Ref.objects.filter(pk=ref.pk, commit=ref.commit_id).update(commit=to)
    if not moved:
        raise StaleParent


def _set_head(repo: Repo, head: Commit, root: trees.Folder, known: Mapping[tuple[str, str], facts.FileFacts]) -> None:
    leaves = {name: entry for name, entry in root.entries.items() if isinstance(entry, operations.Leaf)}
    files = {name: leaf.sha256 for name, leaf in leaves.items() if facts.is_relevant(name)}
    missing = frozenset(pair for pair in files.items() if pair not in known)
    if missing:
        raise FactsMissing(missing)
    head_facts = facts.gather(files, known, repo.type)
    Repo.objects.filter(pk=repo.pk).update(head_sha=head.sha, last_modified=head.date, **head_facts.columns)
    there = set(RepoTag.objects.filter(repo=repo).values_list("tag", flat=True))
    if there != head_facts.tags:
        RepoTag.objects.filter(repo=repo, tag__in=there - head_facts.tags).delete()
        RepoTag.objects.bulk_create([RepoTag(repo=repo, tag=tag) for tag in sorted(head_facts.tags - there)])
    repo.refresh_from_db()


def storage_of(namespace_id: int) -> int:
    """Bytes that count against a namespace."""
    found = Repo.objects.filter(namespace=namespace_id).aggregate(total=Sum("used_storage"))["total"]
    return int(found or 0)
