"""Large files on their way in: one address, one content, one hour; what is refused leaves nothing."""

import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from landbridge.accounts.models import User
from landbridge.hub import signing
from landbridge_registry.models import Blob, Repo, RepoObject, Upload
from tests.hub.kit import LFS, Caller, body_of, file, large, put, sha256

WEIGHTS = bytes(range(256)) * 4


def href(caller: Caller, content: bytes = WEIGHTS, repo: str = "lumen/tiny") -> str:
    (described,) = caller.batch(repo, content).json()["objects"]
    return str(described["actions"]["upload"]["href"])


def files(home: Path) -> int:
    return sum(path.is_file() for folder in ("incoming", "blobs") for path in (home / folder).rglob("*"))


def test_a_content_goes_in_by_put_is_verified_and_then_there(mine: Caller) -> None:
    (described,) = mine.batch("lumen/tiny", WEIGHTS).json()["objects"]
    verify = described["actions"]["verify"]["href"].removeprefix("http://testserver")
    body = {"oid": sha256(WEIGHTS), "size": len(WEIGHTS)}
    assert mine.json("POST", verify, body, LFS).status_code == 404
    assert put(described["actions"]["upload"]["href"], WEIGHTS).status_code == 200
    assert mine.json("POST", verify, body, LFS).status_code == 200
    (again,) = mine.batch("lumen/tiny", WEIGHTS).json()["objects"]
    assert "actions" not in again and not Upload.objects.exists()


@pytest.mark.parametrize("sent", [WEIGHTS[:-1], WEIGHTS + b"x", b"", bytes(len(WEIGHTS))])
def test_wrong_bytes_are_refused_and_leave_no_file_and_no_right(mine: Caller, home: Path, sent: bytes) -> None:
    before = files(home)
    address = href(mine)
    assert put(address, sent).status_code == 400
    assert files(home) == before and not RepoObject.objects.filter(blob_id=sha256(WEIGHTS)).exists()
    assert put(address, WEIGHTS).status_code == 200


def test_a_body_that_is_cut_is_refused_and_leaves_no_file(mine: Caller, home: Path) -> None:
    before = files(home)
    address = urlsplit(href(mine))
    cut: Any = {"wsgi.input": io.BytesIO(WEIGHTS[:100]), "CONTENT_LENGTH": str(len(WEIGHTS))}
    answer = Client().generic("PUT", f"{address.path}?{address.query}", b"", **cut)
    assert answer.status_code == 400 and files(home) == before


@pytest.mark.parametrize("part", ["action", "repo", "user", "oid", "size", "exp", "sig", "id"])
def test_an_address_that_was_altered_is_refused(mine: Caller, part: str) -> None:
    address = urlsplit(href(mine))
    said, path = dict(parse_qsl(address.query)), address.path
    if part == "id":
        path = path[:-1] + ("0" if path[-1] != "0" else "1")
    else:
        said[part] = {"size": "9", "exp": "9999999999", "user": "carl"}.get(part, "0" * 64)
    assert put(f"{path}?{urlencode(said)}", WEIGHTS).status_code == 403
    assert not RepoObject.objects.filter(blob_id=sha256(WEIGHTS)).exists()


def test_an_address_ends_after_an_hour_and_an_upload_after_a_day(
    mine: Caller, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(signing, "LIFETIME", -1)
    assert put(href(mine), WEIGHTS).status_code == 403
    monkeypatch.undo()
    address = href(mine)
    settings.LANDBRIDGE_CLOCK_SHIFT = timedelta(hours=25)
    assert put(address, WEIGHTS).status_code == 403


def test_a_second_use_of_an_address_is_harmless(mine: Caller, home: Path) -> None:
    address = href(mine)
    assert put(address, WEIGHTS).status_code == 200
    before = files(home)
    assert put(address, b"other bytes").status_code == 200
    assert files(home) == before
    assert Path(home / Blob.objects.get(pk=sha256(WEIGHTS)).location).read_bytes() == WEIGHTS


def test_an_address_of_someone_who_was_shut_out_is_dead(mine: Caller, ada: User) -> None:
    address = href(mine)
    User.objects.filter(pk=ada.pk).update(is_active=False)
    assert put(address, WEIGHTS).status_code == 403


def test_naming_a_digest_gives_no_right_to_its_content(mine: Caller, foreign: Caller) -> None:
    """Tree listings tell digests of gated weights: whoever commits one elsewhere must bring the bytes."""
    mine.upload("lumen/tiny", WEIGHTS)
    Repo.objects.update(gate="manual")
    foreign.create("acme/thief")
    (described,) = foreign.batch("acme/thief", WEIGHTS).json()["objects"]
    assert "upload" in described["actions"]
    assert foreign.commit("acme/thief", large("w.bin", WEIGHTS)).status_code == 400
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256(WEIGHTS)}\nsize {len(WEIGHTS)}\n"
    assert foreign.commit("acme/thief", file("w.bin", pointer.encode())).status_code == 400
    assert foreign.get("/acme/thief/resolve/main/w.bin").status_code == 404
    assert foreign.batch("lumen/tiny", WEIGHTS).status_code == 403
    denied = foreign.batch("lumen/tiny", WEIGHTS, operation="download")
    assert (denied.status_code, denied["X-Error-Code"]) == (403, "GatedRepo")


def test_a_writer_of_both_repositories_brings_a_content_along(mine: Caller) -> None:
    mine.upload("lumen/tiny", WEIGHTS)
    mine.create("lumen/second")
    (described,) = mine.batch("lumen/second", WEIGHTS).json()["objects"]
    assert "actions" not in described
    assert mine.commit("lumen/second", large("w.bin", WEIGHTS)).status_code == 200
    assert body_of(mine.get("/lumen/second/resolve/main/w.bin")) == WEIGHTS


def test_a_download_batch_leads_to_the_content(mine: Caller) -> None:
    mine.upload("lumen/tiny", WEIGHTS)
    mine.commit("lumen/tiny", large("d/w.bin", WEIGHTS))
    there, missing = mine.batch("lumen/tiny", WEIGHTS, b"nope", operation="download").json()["objects"]
    address = there["actions"]["download"]["href"].removeprefix("http://testserver")
    assert body_of(mine.get(address)) == WEIGHTS
    assert missing["error"]["code"] == 404


@pytest.mark.parametrize(
    "body",
    [
        {"operation": "upload", "objects": "x"},
        {"operation": "upload", "objects": [{"oid": "short", "size": 1}]},
        {"operation": "upload", "objects": [{"oid": "a" * 64, "size": -1}]},
        {"operation": "upload", "objects": [{"oid": "a" * 64, "size": True}]},
        {"operation": "upload", "objects": [{"oid": "A" * 64, "size": 1}]},
        {"operation": "steal", "objects": []},
        {"operation": "upload", "objects": [], "hash_algo": "md5"},
        {"operation": "upload", "objects": [{"oid": f"{number:064}", "size": 1} for number in range(257)]},
    ],
)
def test_a_bad_batch_is_refused(mine: Caller, body: dict[str, object]) -> None:
    answer = mine.client.post("/lumen/tiny.git/info/lfs/objects/batch", json.dumps(body), content_type=LFS)
    assert answer.status_code in {400, 413} and not Upload.objects.exists()


def test_too_large_and_too_much_are_told_before_the_first_byte(mine: Caller, settings: Settings) -> None:
    settings.LANDBRIDGE_MAX_FILE = 1000
    assert mine.batch("lumen/tiny", WEIGHTS).status_code == 413
    settings.LANDBRIDGE_MAX_FILE, settings.LANDBRIDGE_MAX_STORAGE = 10_000, 2000
    assert mine.batch("lumen/tiny", WEIGHTS).status_code == 403
    answer = mine.commit("lumen/tiny", file("a", b"x" * 2000))
    assert answer.status_code == 403 and "storage" in answer.json()["error"]


def test_uploads_opened_at_once_do_not_pass_the_storage_together(mine: Caller, home: Path, settings: Settings) -> None:
    one, other = WEIGHTS, bytes(len(WEIGHTS))
    used = Repo.objects.get(name="tiny").used_storage
    settings.LANDBRIDGE_MAX_STORAGE = used + len(WEIGHTS) + 10
    first, second = href(mine, one), href(mine, other)
    assert put(first, one).status_code == 200
    before = files(home)
    assert put(second, other).status_code == 403
    assert files(home) == before and not RepoObject.objects.filter(blob_id=sha256(other)).exists()
    assert Repo.objects.get(name="tiny").used_storage == used + len(WEIGHTS)
    assert put(first, one).status_code == 200, "what is held already needs no more room"
