"""Sealing a commit: its content gets a digest that results, licenses and attestations name for good."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from landbridge_client.formats.digest import tree_digest
from landbridge_registry import queries
from landbridge_registry.db import step
from landbridge_registry.models import Commit, Hold, Repo, Revision


@step
def seal(  # noqa: PLR0913 what a revision says of itself
    *,
    repo: Repo,
    commit: Commit,
    at: datetime,
    reason: str,
    subject: str,
    label: str = "",
    license: str = "",  # noqa: A002 the column's name
    capabilities: Mapping[str, Any] | None = None,
    facts: Mapping[str, Any] | None = None,
) -> Revision:
    """The revision of ``commit``, made if there is none. Sealing twice gives the same row.

    ``reason`` and ``subject`` say what holds the commit: ``"submission"``, ``"submission:01j..."``.
    """
    files = queries.files_of(commit)
    revision, _ = Revision.objects.get_or_create(
        repo=repo,
        commit=commit.sha,
        defaults={
            "tree_digest": tree_digest((path, sha256, size) for path, sha256, size, _ in files),
            "sealed_at": at,
            "label": label[:60],
            "license": (license or repo.license)[:120],
            "capabilities": dict(capabilities or {}),
            "facts": dict(facts or {}),
            "size": sum(size for _, _, size, _ in files),
        },
    )
    hold(repo=repo, commit=commit.sha, reason=reason, subject=subject)
    return revision


@step
def hold(*, repo: Repo, commit: str, reason: str, subject: str) -> None:
    """Keep ``commit`` from being rewritten, removed or collected as long as ``subject`` names it."""
    hold_all([(repo.pk, commit)], reason=reason, subject=subject)


@step
def hold_all(commits: Iterable[tuple[UUID, str]], *, reason: str, subject: str) -> None:
    """``hold`` for many (repository's id, commit), in one statement."""
    rows = [Hold(repo_id=repo, commit=commit, subject=subject, reason=reason[:60]) for repo, commit in commits]
    Hold.objects.bulk_create(rows, ignore_conflicts=True)


@step
def release(*, repo: Repo, commit: str, subject: str) -> None:
    Hold.objects.filter(repo=repo, commit=commit, subject=subject).delete()


def is_held(repo: Repo, commit: str | None = None) -> bool:
    rows = Hold.objects.filter(repo=repo)
    return (rows.filter(commit=commit) if commit else rows).exists()
