"""A sealed commit has a digest of its own, and stays."""

import pytest
from django.db import DatabaseError, transaction

from landbridge_client.formats.digest import tree_digest
from landbridge_registry import queries, sealing, steps
from landbridge_registry.errors import Held
from landbridge_registry.models import Blob, Hold, Repo, Revision
from landbridge_registry.storage import path_of
from tests.registry.kit import AT, add, land


def sealed(repo: Repo) -> Revision:
    commit = land(repo, add("a/b", b"1"), add("c", b"22"))
    return sealing.seal(repo=repo, commit=commit, at=AT, reason="submission", subject="submission:1")


def test_the_digest_is_that_of_paths_digests_and_sizes(repo: Repo) -> None:
    revision = sealed(repo)
    commit = queries.resolve_revision(repo, revision.commit)
    assert revision.tree_digest == tree_digest((path, sha, size) for path, sha, size, _ in queries.files_of(commit))
    assert revision.tree_digest == queries.tree_digest_of(commit)
    assert revision.size == 3 + len(b"*.bin filter=lfs\n")


def test_sealing_twice_gives_the_same_row_and_a_hold_for_each_reason(repo: Repo) -> None:
    first = sealed(repo)
    commit = queries.resolve_revision(repo, first.commit)
    again = sealing.seal(repo=repo, commit=commit, at=AT, reason="agreement", subject="agreement:1", label="v2")
    assert again == first and again.label == ""
    assert Hold.objects.filter(repo=repo, commit=commit.sha).count() == 2


@pytest.mark.parametrize("change", ["update", "delete"])
def test_a_sealed_row_cannot_be_changed_by_any_way(repo: Repo, change: str) -> None:
    revision = sealed(repo)
    row = Revision.objects.filter(pk=revision.pk)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        _ = row.update(tree_digest="0" * 64) if change == "update" else row.delete()


def test_a_held_repository_cannot_be_removed_and_a_free_one_leaves_no_row(repo: Repo) -> None:
    sealed(repo)
    with pytest.raises(Held, match="submission"):
        steps.remove_repo(repo)
    assert sealing.is_held(repo)


def test_removing_a_repository_keeps_contents_for_others(repo: Repo) -> None:
    land(repo, add("a", b"1"))
    steps.remove_repo(repo)
    assert not Repo.objects.exists()
    assert all(path_of(blob.location).is_file() for blob in Blob.objects.all())
