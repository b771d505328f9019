"""The bytes of a file: who gets them, with which headers, and what is written down."""

import base64
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from landbridge.accounts.models import TokenKind, User
from landbridge.agreements.models import AccessEnd, AccessRow
from landbridge.hub import ranges, streaming
from landbridge.hub.errors import HubError
from landbridge_registry.gitids import blob_id
from landbridge_registry.models import Gate, Ref, Repo, RepoObject
from tests.hub.conftest import TokenMaker
from tests.hub.kit import Caller, body_of, file, large, sha256

WEIGHTS = bytes(range(256)) * 4
TEXT = "/lumen/tiny/resolve/main/d/a.txt"
LARGE = "/lumen/tiny/resolve/main/w.bin"


@pytest.fixture
def filled(mine: Caller) -> str:
    """A repository with a small and a large file; its commit."""
    mine.upload("lumen/tiny", WEIGHTS)
    answer = mine.commit("lumen/tiny", file("d/a.txt", b"0123456789"), large("w.bin", WEIGHTS))
    return str(answer.json()["commitOid"])


def gate(value: Gate) -> None:
    Repo.objects.update(gate=value)


def test_head_tells_what_get_sends(mine: Caller, filled: str) -> None:
    for path, content, etag in ((TEXT, b"0123456789", blob_id(b"0123456789")), (LARGE, WEIGHTS, sha256(WEIGHTS))):
        head, got = mine.head(path), mine.get(path)
        assert body_of(got) == content and head.content == b""
        for answer in (head, got):
            assert (answer.status_code, answer["X-Repo-Commit"], answer["ETag"]) == (200, filled, f'"{etag}"')
            assert (answer["Content-Length"], answer["Accept-Ranges"]) == (str(len(content)), "bytes")
            assert answer["X-Content-Type-Options"] == "nosniff"
            assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert mine.head(LARGE)["X-Linked-Size"] == "1024" and "X-Linked-Size" not in mine.head(TEXT)
    assert mine.get(f"/lumen/tiny/raw/{filled}/d/a.txt").status_code == 200


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [
        ("bytes=0-0", 0, 1), ("bytes=2-5", 2, 6), ("bytes=1000-", 1000, 1024),
        ("bytes=-3", 1021, 1024), ("bytes=-9999", 0, 1024), ("bytes=0-99999", 0, 1024),
        ("bytes=5-2", -1, 1024), ("bytes=0-1,3-4", -1, 1024), ("lines=0-1", -1, 1024),
        ("bytes=a-b", -1, 1024), ("bytes=-", -1, 1024),
    ],
)  # fmt: skip
def test_a_range_is_sent_as_asked_or_the_whole(mine: Caller, filled: str, asked: str, start: int, stop: int) -> None:
    """``start`` of -1: the whole, 200."""
    answer = mine.get(LARGE, Range=asked)
    assert answer.status_code == (206 if start >= 0 else 200)
    assert body_of(answer) == WEIGHTS[max(start, 0) : stop]
    assert answer["X-Repo-Commit"] == filled and answer["Content-Length"] == str(stop - max(start, 0))
    if start >= 0:
        assert answer["Content-Range"] == f"bytes {start}-{stop - 1}/1024"


def test_a_range_behind_the_end_tells_the_size(mine: Caller, filled: str) -> None:
    for asked in ("bytes=1024-", "bytes=-0"):
        answer = mine.get(LARGE, Range=asked)
        assert (answer.status_code, answer["Content-Range"]) == (416, "bytes */1024")
    with pytest.raises(HubError):
        ranges.asked("bytes=0-", 0)


def test_conditions_are_asked_after_the_predicate(mine: Caller, nobody: Caller, filled: str) -> None:
    etag = mine.head(LARGE)["ETag"]
    assert mine.get(LARGE, **{"If-None-Match": etag}).status_code == 304
    assert mine.get(LARGE, Range="bytes=0-1", **{"If-Range": '"other"'}).status_code == 200
    assert mine.get(LARGE, Range="bytes=0-1", **{"If-Range": etag}).status_code == 206
    gate(Gate.MANUAL)
    assert nobody.get(LARGE, **{"If-None-Match": etag}).status_code == 401


def test_a_missing_file_names_the_commit_so_that_absence_is_remembered(mine: Caller, filled: str) -> None:
    for path in ("nope", "d", "d/nope", "w.bin/x", "nope/x/y"):
        answer = mine.head(f"/lumen/tiny/resolve/main/{path}")
        assert (answer.status_code, answer["X-Error-Code"], answer["X-Repo-Commit"]) == (404, "EntryNotFound", filled)


@pytest.mark.parametrize(
    "path",
    ["..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "....//etc/passwd", "%00", "a%5cb", "%ff", ".git/config"],
)
def test_tricks_with_paths_end_at_400_or_404(mine: Caller, filled: str, path: str) -> None:
    address = f"/lumen/tiny/resolve/main/{path}"
    plain = mine.get(address)
    raw = mine.client.get(address, RAW_URI=address)
    assert plain.status_code in {400, 404} and raw.status_code in {400, 404}


def test_a_revision_with_slashes_is_found_in_both_forms(mine: Caller, filled: str) -> None:
    repo = Repo.objects.get()
    head = Ref.objects.get(repo=repo).commit
    for name in ("feat/x", "d"):
        Ref.objects.create(repo=repo, kind="branch", name=name, commit=head)
    quoted = "/lumen/tiny/resolve/feat%2Fx/d/a.txt?download=true"
    assert mine.client.get(quoted, RAW_URI=quoted).status_code == 200
    assert mine.client.get(quoted).status_code == 200
    for raw, path in (("refs%2Fheads%2Ffeat%2Fx", "d%2Fa.txt"), ("d", "d/a.txt"), (filled[:8], "d/a%2Etxt")):
        address = f"/lumen/tiny/resolve/{raw}/{path}"
        assert mine.client.get(address, RAW_URI=address).status_code == 200, address
    tree = "/api/models/lumen/tiny/tree/feat%2Fx/d"
    assert [entry["path"] for entry in mine.client.get(tree, RAW_URI=tree).json()] == ["d/a.txt"]
    absolute = "http://testserver/lumen/tiny/resolve/main/d/a.txt"
    assert mine.client.get("/lumen/tiny/resolve/main/d/a.txt", RAW_URI=absolute).status_code == 200


def test_a_quoted_slash_in_a_name_is_refused(mine: Caller, filled: str) -> None:
    raw = "/lumen%2Ftiny/resolve/main/d/a.txt"
    assert mine.client.get(raw, RAW_URI=raw).status_code == 400


@pytest.mark.parametrize("name", ["x.html", "x.svg", "x.js", "x.xhtml", 'q"uo te.txt', "模型.bin"])
def test_active_content_is_no_page(mine: Caller, filled: str, name: str) -> None:
    mine.commit("lumen/tiny", file(name, b"<script>alert(1)</script>"))
    answer = mine.client.get(f"/lumen/tiny/resolve/main/{name}")
    assert answer["Content-Type"] in {"text/plain; charset=utf-8", "application/octet-stream"}
    assert answer["Content-Disposition"].startswith("inline; filename*=UTF-8''")
    assert answer["Content-Disposition"].count('"') == 2


def test_caches_may_keep_what_is_open_and_named_by_commit(mine: Caller, filled: str) -> None:
    assert mine.head(f"/lumen/tiny/resolve/{filled}/w.bin")["Cache-Control"] == "public, max-age=31536000, immutable"
    assert mine.head(LARGE)["Cache-Control"] == "no-cache"
    gate(Gate.AUTO)
    assert mine.head(f"/lumen/tiny/resolve/{filled}/w.bin")["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("method", ["head", "get"])
def test_a_gated_file_is_for_members_and_others_are_told_where_to_go(
    mine: Caller, foreign: Caller, nobody: Caller, filled: str, method: str
) -> None:
    gate(Gate.AUTO if method == "head" else Gate.MANUAL)
    for path in (TEXT, LARGE, f"/lumen/tiny/raw/{filled}/w.bin"):
        assert getattr(mine, method)(path).status_code == 200
        for caller, status in ((foreign, 403), (nobody, 401)):
            for headers in ({}, {"Range": "bytes=0-0"}):
                answer = getattr(caller, method)(path, **headers)
                assert (answer.status_code, answer["X-Error-Code"]) == (status, "GatedRepo")
                assert "http://testserver/" in answer["X-Error-Message"] and answer["X-Landbridge-Reason"]
                assert WEIGHTS not in answer.content
    assert foreign.get("/api/models/lumen/tiny").json()["cardData"] == {}
    assert foreign.get("/api/models/lumen/tiny/tree/main").status_code == 200


def test_a_token_without_repo_read_opens_nothing_that_is_gated(
    mine: Caller, ada: User, token_of: TokenMaker, filled: str
) -> None:
    gate(Gate.MANUAL)
    answer = Caller(token_of(ada, ("submit",))).get(LARGE)
    assert (answer.status_code, answer["X-Landbridge-Reason"]) == (403, "token_scope")


def test_an_expired_token_is_refused_to_the_second(mine: Caller, filled: str, settings: Settings) -> None:
    settings.LANDBRIDGE_CLOCK_SHIFT = timedelta(days=89, hours=23, minutes=59)
    assert mine.head(LARGE).status_code == 200
    settings.LANDBRIDGE_CLOCK_SHIFT = timedelta(days=90, seconds=1)
    assert mine.head(LARGE).status_code == 401


def test_a_job_token_reads_the_commits_of_its_job_and_no_others(
    mine: Caller, ada: User, carl: User, token_of: TokenMaker, filled: str
) -> None:
    Repo.objects.update(gate=Gate.MANUAL, visibility="private")
    reach = {"job": "01j", "repos": [{"type": "model", "repo": "lumen/tiny", "revision": filled}]}
    job = Caller(token_of(carl, (), kind=TokenKind.JOB, reach=reach))
    assert body_of(job.get(f"/lumen/tiny/resolve/{filled}/w.bin")) == WEIGHTS
    assert job.get(f"/api/models/lumen/tiny/tree/{filled}").status_code == 200
    mine.commit("lumen/tiny", file("later", b"x"))
    assert job.get("/lumen/tiny/resolve/main/later").status_code == 404
    assert AccessRow.objects.filter(job="01j", allowed=True, purpose="evaluation").count() == 1


def test_a_signed_in_browser_downloads_with_its_cookie(mine: Caller, ada: User, carl: User, filled: str) -> None:
    gate(Gate.MANUAL)
    for user, status in ((ada, 200), (carl, 403)):
        browser = Client()
        browser.force_login(user)
        assert browser.get(LARGE).status_code == status


def test_git_lfs_sends_its_token_as_a_password(mine: Caller, filled: str) -> None:
    gate(Gate.MANUAL)
    token = mine.client.defaults["HTTP_AUTHORIZATION"].removeprefix("Bearer ")
    basic = base64.b64encode(f"anything:{token}".encode()).decode()
    assert Client(headers={"Authorization": f"Basic {basic}"}).get(LARGE).status_code == 200
    assert Client(headers={"Authorization": "Basic !!"}).get(LARGE).status_code == 401


def test_every_answer_is_written_down_before_it_is_given_and_after_it_was_sent(
    mine: Caller, foreign: Caller, filled: str
) -> None:
    gate(Gate.MANUAL)
    answer = mine.get(LARGE, Range="bytes=4-7")
    row = AccessRow.objects.get(allowed=True)
    assert (row.sha256, row.commit, row.path, row.range_asked) == (sha256(WEIGHTS), filled, "w.bin", "bytes=4-7")
    assert not AccessEnd.objects.exists()
    body_of(answer)
    end = AccessEnd.objects.get(row=row)
    assert (end.bytes_sent, end.outcome) == (4, "complete")
    foreign.get(LARGE)
    denied = AccessRow.objects.get(allowed=False)
    assert (denied.user.username, denied.code, denied.method) == ("carl", "no_agreement", "GET")


def test_a_reader_who_leaves_is_counted_to_the_byte(mine: Caller, filled: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("landbridge_registry.storage.store.READ_PIECE", 100)
    answer = mine.get(LARGE)
    for _ in range(2):
        next(answer.streaming_content)
    answer._iterator.close()
    end = AccessEnd.objects.get()
    assert (end.bytes_sent, end.outcome) == (200, "client_left")


def test_a_stream_is_cut_when_access_ends(
    mine: Caller, nobody: Caller, filled: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("landbridge_registry.storage.store.READ_PIECE", 100)
    monkeypatch.setattr(streaming, "ASK_BYTES", 300)
    answer = nobody.get(LARGE)
    pieces = iter(answer.streaming_content)
    got = [next(pieces)]
    gate(Gate.MANUAL)
    with pytest.raises(ConnectionAbortedError):
        got.extend(pieces)
    assert b"".join(got) == WEIGHTS[:300]
    end = AccessEnd.objects.get()
    assert (end.bytes_sent, end.outcome) == (300, "cut")


def test_a_tree_that_names_a_content_does_not_open_it(mine: Caller, filled: str) -> None:
    RepoObject.objects.filter(blob_id=sha256(WEIGHTS)).delete()
    assert mine.get(LARGE).status_code == 404


def test_questions_to_the_database_are_few_and_do_not_grow(mine: Caller, nobody: Caller, filled: str) -> None:
    with CaptureQueriesContext(connection) as open_head:
        assert nobody.head(LARGE).status_code == 200
    gate(Gate.MANUAL)
    with CaptureQueriesContext(connection) as gated_head:
        assert mine.head(LARGE).status_code == 200
    assert len(open_head) <= 9 and len(gated_head) <= 12, (len(open_head), len(gated_head))
