"""The collector takes what nobody needs; the check tells what is wrong."""

import json
import os
import time
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from landbridge_registry import collect, fsck, operations, steps
from landbridge_registry.models import Blob, BlobState, Repo, RepoObject
from landbridge_registry.storage import path_of, put_bytes
from tests.registry.kit import add, land, new_repo

NOW = timedelta(seconds=-1)  # as if everything were old enough


def held(repo: Repo, content: bytes) -> Blob:
    stored = put_bytes(content)
    steps.claim(repo, [stored], by="ada")
    return Blob.objects.get(pk=stored.sha256)


def aged(path: Path) -> Path:
    os.utime(path, (time.time() - 100_000,) * 2)
    return path


def test_a_content_without_a_holder_goes_and_a_held_one_stays(repo: Repo) -> None:
    kept, gone = held(repo, b"kept"), held(repo, b"gone")
    RepoObject.objects.filter(blob=gone).delete()
    collect.doom(NOW)
    assert collect.remove_doomed() == 1
    assert path_of(kept.location).is_file() and not path_of(gone.location).exists()
    assert not Blob.objects.filter(pk=gone.pk).exists()
    assert list(fsck.check(deep=True)) == []


def test_what_was_touched_lately_stays(repo: Repo) -> None:
    blob = held(repo, b"fresh")
    RepoObject.objects.filter(blob=blob).delete()
    collect.run()
    assert Blob.objects.get(pk=blob.pk).state == BlobState.PRESENT


def lapse() -> int:
    return sum(collect.lapse_objects(number, NOW) for number in range(collect.SHELVES))


def test_what_no_commit_names_lapses_and_counts_no_more(repo: Repo) -> None:
    land(repo, add("kept.txt", b"kept"), add("deep/er/kept.txt", b"deep"))
    land(repo, operations.DeleteFile("kept.txt"))
    repo.refresh_from_db()
    before, rights = repo.used_storage, RepoObject.objects.filter(repo=repo).count()
    gone = held(repo, b"no commit names this")
    assert Repo.objects.get(pk=repo.pk).used_storage == before + gone.size
    assert lapse() == 1
    assert Repo.objects.get(pk=repo.pk).used_storage == before, "what history names still counts"
    assert RepoObject.objects.filter(repo=repo).count() == rights
    collect.doom(NOW)
    assert collect.remove_doomed() == 1 and not path_of(gone.location).exists()
    assert list(fsck.check(deep=True)) == []


def test_another_repository_s_commit_keeps_its_own_right_only(repo: Repo) -> None:
    other = new_repo("other")
    land(other, add("same.txt", b"the same content"))
    held(repo, b"the same content")
    assert lapse() == 1
    (left,) = RepoObject.objects.filter(blob__size=len(b"the same content"))
    assert left.repo == other


def test_what_came_or_was_touched_within_a_day_does_not_lapse(repo: Repo) -> None:
    day = timedelta(hours=25)
    fresh, touched, old = (held(repo, text) for text in (b"fresh", b"touched", b"old"))
    past = timezone.now() - day
    RepoObject.objects.filter(blob__in=[touched, old]).update(created_at=past)
    Blob.objects.filter(pk=old.pk).update(touched_at=past)
    for number in range(collect.SHELVES):
        collect.lapse_objects(number)
    left = set(RepoObject.objects.filter(repo=repo).values_list("blob_id", flat=True))
    assert {fresh.pk, touched.pk} <= left and old.pk not in left


def test_an_upload_between_doom_and_removal_keeps_its_own_file(repo: Repo) -> None:
    blob = held(repo, b"same")
    RepoObject.objects.filter(blob=blob).delete()
    collect.doom(NOW)
    revived = held(repo, b"same")
    assert revived.location != blob.location
    assert collect.remove_doomed() == 0
    assert path_of(revived.location).read_bytes() == b"same"


def test_files_that_no_row_names_go_after_a_day(repo: Repo, home: Path) -> None:
    old, young = put_bytes(b"old"), put_bytes(b"young")
    aged(path_of(old.location))
    kept = held(repo, b"kept")
    aged(path_of(kept.location))
    (home / "incoming").mkdir(exist_ok=True)
    left = aged(_touched(home / "incoming" / "left"))
    assert [fault.code for fault in fsck.check()] == ["orphan", "orphan"]
    removed = collect.clear_incoming() + sum(collect.clear_shelf(number) for number in range(collect.SHELVES))
    assert removed == 2 and not left.exists() and not path_of(old.location).exists()
    assert path_of(young.location).exists() and path_of(kept.location).exists()


def _touched(path: Path) -> Path:
    path.touch()
    return path


def test_the_check_names_each_fault(repo: Repo) -> None:
    land(repo, add("a", b"fine"))
    missing, short, changed = held(repo, b"missing"), held(repo, b"short"), held(repo, b"change")
    path_of(missing.location).unlink()
    path_of(short.location).write_bytes(b"sho")
    path_of(changed.location).write_bytes(b"CHANGE")
    assert {(fault.code, fault.subject) for fault in fsck.check()} == {("missing", missing.pk), ("size", short.pk)}
    out = StringIO()
    with pytest.raises(CommandError, match="3 faults"):
        call_command("registry_fsck", "--deep", "--json", stdout=out)
    assert {fault["code"] for fault in json.loads(out.getvalue())["faults"]} == {"missing", "size", "digest"}


def test_a_clean_store_says_so(repo: Repo) -> None:
    out = StringIO()
    call_command("registry_fsck", "--deep", stdout=out)
    assert "clean" in out.getvalue()
