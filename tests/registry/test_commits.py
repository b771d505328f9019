"""Commits: a tree that behaves as a dictionary of paths, ids that git agrees with, rights that stay in their place."""

import hashlib
import os
import shutil
import subprocess  # noqa: TID251 the real git is what we are held against
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from landbridge_registry import gitids, operations, queries, steps
from landbridge_registry.errors import (
    BadOperation,
    BadPath,
    Collision,
    EntryMissing,
    FactsMissing,
    ObjectMissing,
    RegistryError,
    RepoExists,
    RevisionMissing,
    StaleParent,
)
from landbridge_registry.models import Blob, BlobState, Commit, Ref, Repo, RepoObject, RepoType, TreeEntry
from landbridge_registry.storage import put_bytes
from tests.registry.kit import AT, add, land, new_repo

ADA = steps.Writer(name="ada")
NAMES = st.sampled_from(["a", "b", "a/x", "a/y", "a/b/c", "a/b/d", "b/z", "README.md", "config.json"])
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("add"), NAMES, st.binary(max_size=3)),
        st.tuples(st.just("file"), NAMES, st.just(b"")),
        st.tuples(st.just("folder"), st.sampled_from(["a", "a/b", "b"]), st.just(b"")),
    ),
    min_size=1,
    max_size=6,
)
HISTORIES = st.lists(CHANGES, min_size=1, max_size=5)


class Model(dict[str, bytes]):
    """What a repository is: paths and contents."""

    def apply(self, changes: list[tuple[str, str, bytes]]) -> "Model | None":
        """The outcome, or ``None`` if one of the changes cannot be."""
        after = Model(self)
        for kind, path, content in changes:
            below = [one for one in after if one.startswith(f"{path}/")]
            if kind == "add":
                above = {path[:at] for at, letter in enumerate(path) if letter == "/"}
                if below or above & after.keys():
                    return None
                after[path] = content
            elif kind == "file" and path in after:
                del after[path]
            elif below:
                for one in below:
                    del after[one]
            else:
                return None
        return after


def operation(kind: str, path: str, content: bytes) -> operations.Operation:
    if kind == "add":
        return add(path, content)
    return operations.DeleteFile(path) if kind == "file" else operations.DeleteFolder(path)


def contents(commit: Commit) -> dict[str, str]:
    return {path: sha256 for path, sha256, _, _ in queries.files_of(commit)}


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories=HISTORIES)
def test_a_history_of_changes_ends_where_a_dictionary_ends(histories: list[list[tuple[str, str, bytes]]]) -> None:
    with transaction.atomic():
        repo, model = new_repo(f"r{Repo.objects.count()}"), Model({".gitattributes": b"*.bin filter=lfs\n"})
        for changes in histories:
            expected = model.apply(changes)
            sent = [operation(*change) for change in changes]
            if expected is None:
                with pytest.raises(RegistryError), transaction.atomic():
                    land(repo, *sent)
                continue
            model = expected
            commit = land(repo, *sent)
            assert contents(commit) == {path: hashlib.sha256(text).hexdigest() for path, text in model.items()}
            for path, text in model.items():
                assert queries.entry_at(commit, path).oid == gitids.blob_id(text)
            assert queries.entries_at(commit, [*model, "nope", "a/nope"]).keys() == model.keys()
        transaction.set_rollback(True)


@pytest.mark.skipif(not shutil.which("git"), reason="git is not installed; trees are compared with it")
def test_a_tree_has_the_id_that_git_gives_the_same_folder(repo: Repo, tmp_path: Path) -> None:
    files = {"a": b"1", "a.b": b"2", "d/e/f.txt": b"3", "d/g.txt": b"4", "d-e": b"5", "模型/é.txt": b"6", "empty": b""}
    commit = land(repo, *(add(path, text) for path, text in files.items()), operations.DeleteFile(".gitattributes"))
    folder = tmp_path / "git"
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(text)
    told = {"HOME": str(folder), "PATH": os.defpath}

    def git(*arguments: str) -> str:
        command = [shutil.which("git") or "", *arguments]
        done = subprocess.run(command, cwd=folder, env=told, capture_output=True, check=True)  # noqa: S603 our own words
        return done.stdout.decode().strip()

    git("init", "--quiet")
    git("add", "--all")
    assert commit.tree == git("write-tree")


def test_an_emptied_folder_is_gone_as_in_git(repo: Repo) -> None:
    land(repo, add("d/e/f", b"1"))
    commit = land(repo, operations.DeleteFile("d/e/f"))
    assert contents(commit).keys() == {".gitattributes"}
    assert land(repo, operations.DeleteFile(".gitattributes")).tree == gitids.EMPTY_TREE
    assert contents(land(repo, add("d", b"a file where a folder was"))).keys() == {"d"}


def test_one_file_writes_one_directory_a_level_and_no_more(repo: Repo) -> None:
    land(repo, *(add(f"d{number}/e/f{number}", b"x") for number in range(20)))
    before = set(TreeEntry.objects.values_list("tree", flat=True))
    land(repo, add("d3/e/new", b"y"))
    assert len(set(TreeEntry.objects.values_list("tree", flat=True)) - before) == 3


def test_a_commit_asks_the_same_number_of_queries_for_one_file_and_for_three_hundred(repo: Repo) -> None:
    counts = []
    for number, many in enumerate((1, 300)):
        changes = [add(f"{number}/{one}", b"%d" % one) for one in range(many)]
        with CaptureQueriesContext(connection) as seen:
            land(repo, *changes)
        counts.append(len(seen))
    assert counts[1] <= counts[0] + 4, counts


def test_a_stale_parent_is_refused_and_a_prefix_of_the_head_is_enough(repo: Repo) -> None:
    first = Ref.objects.get(repo=repo).commit
    second = land(repo, add("a", b"1"), parent=first.sha[:12])
    with pytest.raises(StaleParent):
        land(repo, add("a", b"2"), parent=first.sha)
    assert land(repo, add("a", b"3")).parent == second.sha


def test_a_branch_that_is_not_there_and_a_path_that_cannot_be_write_nothing(repo: Repo) -> None:
    with pytest.raises(RevisionMissing):
        land(repo, add("a", b"1"), branch="nope")
    with pytest.raises(BadPath):
        land(repo, add("../a", b"1"))
    assert Commit.objects.filter(repo=repo).count() == 1


def test_a_missing_file_cannot_be_deleted(repo: Repo) -> None:
    with pytest.raises(EntryMissing, match="A file with this name doesn't exist"):
        land(repo, operations.DeleteFile("nope"))


def test_a_large_file_needs_the_right_of_this_repository_or_of_one_that_the_writer_may_write(repo: Repo) -> None:
    theirs = new_repo("secret", namespace="other")
    weights = put_bytes(b"weights")
    steps.claim(theirs, [weights], by="olga")
    named = operations.AddLarge("w.bin", weights.sha256, weights.size)
    with pytest.raises(ObjectMissing):
        land(repo, named)
    assert not RepoObject.objects.filter(repo=repo, blob=weights.sha256).exists()
    writer = steps.Writer(name="ada", namespaces=[theirs.namespace_id])
    entry = queries.entry_at(land(repo, named, writer=writer), "w.bin")
    assert entry.lfs and entry.oid == gitids.pointer_id(weights.sha256, weights.size)
    assert queries.content_of(repo, weights.sha256).via == "copy"


def test_a_wrong_size_of_a_large_file_is_refused(repo: Repo) -> None:
    weights = put_bytes(b"weights")
    steps.claim(repo, [weights], by="ada")
    with pytest.raises(BadOperation):
        land(repo, operations.AddLarge("w.bin", weights.sha256, 8))


def test_the_text_of_a_pointer_is_no_key_to_the_content_it_names(repo: Repo) -> None:
    """It would have the tree of the real file, whose entry names the content: the same id, other rights."""
    theirs, weights = new_repo("secret", namespace="other"), put_bytes(b"weights")
    steps.claim(theirs, [weights], by="olga")
    land(theirs, operations.AddLarge("w.bin", weights.sha256))
    text = gitids.pointer(weights.sha256, weights.size)
    with pytest.raises(BadOperation):
        land(repo, add("w.bin", text))


def test_a_content_is_read_by_right_even_where_a_tree_names_it(repo: Repo) -> None:
    theirs = new_repo("secret", namespace="other")
    commit = land(theirs, add("a", b"theirs"))
    with pytest.raises(EntryMissing):
        queries.content_of(repo, queries.entry_at(commit, "a").sha256)


def test_two_contents_with_one_sha_1_do_not_stand_in_for_each_other(repo: Repo) -> None:
    mine = put_bytes(b"mine")
    land(repo, operations.Add("d/a", mine))
    twin = put_bytes(b"twin")
    twin = type(twin)(twin.sha256, twin.size, twin.location, mine.git_oid, twin.start)
    with pytest.raises(Collision):
        land(new_repo("two"), operations.Add("d/a", twin))


def test_a_doomed_content_comes_back_with_the_file_of_the_new_upload(repo: Repo) -> None:
    first = put_bytes(b"same")
    steps.claim(repo, [first], by="ada")
    Blob.objects.filter(pk=first.sha256).update(state=BlobState.DOOMED)
    second = put_bytes(b"same")
    steps.claim(repo, [second], by="ada")
    blob = Blob.objects.get(pk=first.sha256)
    assert (blob.state, blob.location) == (BlobState.PRESENT, second.location)


def test_storage_counts_a_content_once_a_repository(repo: Repo) -> None:
    before = repo.used_storage
    for _ in range(2):
        steps.claim(repo, [put_bytes(b"12345")], by="ada")
    repo.refresh_from_db()
    assert repo.used_storage - before == 5


def test_a_name_is_taken_in_any_case_and_for_one_type(repo: Repo) -> None:
    with pytest.raises(RepoExists) as refusal:
        steps.create_repo(repo_type=RepoType.MODEL, namespace=repo.namespace, name="TINY")
    assert refusal.value.detail["repo"] == repo
    assert steps.create_repo(repo_type=RepoType.DATASET, namespace=repo.namespace, name="tiny").pk != repo.pk


def test_revisions_are_found_by_branch_sha_and_short_sha(repo: Repo) -> None:
    commit = land(repo, add("a", b"1"))
    Ref.objects.create(repo=repo, kind="tag", name="v1", commit=commit)
    Ref.objects.create(repo=repo, kind="branch", name="feat/x", commit=commit)
    for said in ("main", "v1", "feat/x", "refs/heads/main", "refs/tags/v1", commit.sha, commit.sha[:7]):
        assert queries.resolve_revision(repo, said) == commit, said
    for said in ("nope", "0" * 40, commit.sha[:6], "", "refs/pr/1"):
        with pytest.raises(RevisionMissing):
            queries.resolve_revision(repo, said)
    assert queries.split_revision(repo, "feat/x/dir/file") == ("feat/x", "dir/file")
    assert queries.split_revision(repo, "refs/heads/main/a") == ("refs/heads/main", "a")
    assert queries.split_revision(repo, f"{commit.sha}/a/b") == (commit.sha, "a/b")


def test_the_last_commit_of_each_entry_is_the_one_that_changed_it(repo: Repo) -> None:
    first = land(repo, add("a", b"1"), add("d/x", b"1"))
    second = land(repo, add("d/x", b"2"))
    third = land(repo, add("b", b"1"))
    last = queries.last_commits(repo, third, queries.walk(third.tree))
    assert (last["a"], last["d"], last["d/x"], last["b"]) == (first, second, second, third)
    rows, total = queries.history(repo, third, skip=1, limit=2)
    assert ([row.sha for row in rows], total) == ([second.sha, first.sha], 4)


def test_reading_files_is_no_work_for_the_transaction(repo: Repo) -> None:
    with pytest.raises(FactsMissing) as refusal:
        steps.commit(
            repo=repo,
            branch="main",
            changes=[add("README.md", b"# x")],
            writer=steps.Writer(name="ada"),
            title="t",
            at=AT,
        )
    assert {name for name, _ in refusal.value.wanted} == {"README.md"}


def test_a_step_refuses_to_work_outside_a_transaction(transactional_db: None) -> None:
    with pytest.raises(RuntimeError, match="is a step"):
        steps.lock(Repo().pk)
