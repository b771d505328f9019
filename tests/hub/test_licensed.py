"""Gated bytes and a license: closed before it, open with it, closed after it, at every door of the Hub."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction
from pytest_django.fixtures import Settings

from landbridge.accounts.models import Token, User
from landbridge.agreements.models import AccessEnd, AccessRow, Offer
from landbridge.core import time
from landbridge.hub import streaming
from landbridge_registry import sealing
from landbridge_registry.models import Commit, Repo
from tests.agreements.conftest import dora, publish, sign, signatory, sofia, take  # noqa: F401 three are fixtures
from tests.hub.kit import Caller, body_of, file, large

WEIGHTS = bytes(range(256)) * 4
CARD = b"---\nlicense: apache-2.0\n---\n# Tiny\n\nSorts messages.\n"


@pytest.fixture
def offered(mine: Caller, sofia: User) -> str:  # noqa: F811 a fixture's name is an argument's
    """A sealed commit under a standing offer of the lab."""
    mine.upload("lumen/tiny", WEIGHTS)
    sha = mine.commit("lumen/tiny", large("w.bin", WEIGHTS), file("README.md", CARD)).json()["commitOid"]
    repo = Repo.objects.get()
    with transaction.atomic():
        commit = Commit.objects.get(repo=repo, sha=sha)
        sealing.seal(repo=repo, commit=commit, at=time.db_now(), reason="submission", subject="submission:1")
    offer = publish(repo, sofia, revisions=(sha,))
    assert offer.pk
    Repo.objects.update(gate="manual")
    return str(sha)


License = Callable[[], None]


@pytest.fixture
def take_license(offered: str, carl: User, dora: User) -> License:  # noqa: F811 a fixture's name is an argument's
    """Carl asks, Dora signs for Acme."""

    def taken() -> None:
        sign(take(Offer.objects.get(), carl), dora)

    return taken


def test_bytes_open_with_the_signature_and_for_nobody_else(
    foreign: Caller, nobody: Caller, offered: str, take_license: License
) -> None:
    path = f"/lumen/tiny/resolve/{offered}/w.bin"
    before = foreign.get(path)
    assert (before.status_code, before["X-Landbridge-Reason"]) == (403, "no_agreement")
    assert "http://testserver/lumen/tiny/license" in before["X-Error-Message"]
    take_license()
    assert body_of(foreign.get(path)) == WEIGHTS
    assert foreign.head(path).status_code == 200 and nobody.get(path).status_code == 401
    row = AccessRow.objects.get(allowed=True, method="GET")
    assert row.grant_id and row.organization.slug == "acme" and AccessEnd.objects.get(row=row).bytes_sent == 1024
    assert foreign.json("GET", "/api/models/lumen/tiny/auth-check", {}).status_code == 200


def test_another_commit_is_out_of_scope_even_where_main_moved_to_it(
    mine: Caller, foreign: Caller, offered: str, take_license: License
) -> None:
    take_license()
    mine.commit("lumen/tiny", file("new.txt", b"x"))
    answer = foreign.get("/lumen/tiny/resolve/main/w.bin")
    assert (answer.status_code, answer["X-Landbridge-Reason"]) == (403, "out_of_scope_revision")
    assert foreign.get(f"/lumen/tiny/resolve/{offered}/w.bin").status_code == 200


def test_access_ends_with_the_license_and_a_running_stream_is_cut(
    foreign: Caller, offered: str, take_license: License, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    take_license()
    monkeypatch.setattr("landbridge_registry.storage.store.READ_PIECE", 100)
    monkeypatch.setattr(streaming, "ASK_SECONDS", 0)
    answer = foreign.get(f"/lumen/tiny/resolve/{offered}/w.bin")
    got = [next(answer.streaming_content)]
    until = AccessRow.objects.get(allowed=True).grant.ends_at
    settings.LANDBRIDGE_CLOCK_SHIFT = until - time.db_now() + timedelta(seconds=1)
    with pytest.raises(ConnectionAbortedError):
        got.extend(answer.streaming_content)
    assert b"".join(got) == WEIGHTS[:100]
    assert AccessEnd.objects.get().outcome == "cut"
    Token.objects.update(expires_at=until + timedelta(days=365))  # the key outlives the license
    for again in (foreign.get, foreign.head):  # and nothing had to run for it
        late = again(f"/lumen/tiny/resolve/{offered}/w.bin")
        assert (late.status_code, late["X-Landbridge-Reason"], late["X-Error-Code"]) == (403, "expired", "GatedRepo")
        assert "/agreements/LB-LUMEN-EVAL-" in late["X-Error-Message"]  # the way forward


def test_a_grant_opens_a_private_repository_too(foreign: Caller, offered: str, take_license: License) -> None:
    take_license()
    Repo.objects.update(visibility="private")
    assert foreign.get("/api/models/lumen/tiny").status_code == 200
    assert foreign.get(f"/lumen/tiny/resolve/{offered}/w.bin").status_code == 200
    assert foreign.get("/api/v1/models/lumen/tiny").status_code == 200
