"""The access log: a decision is written before the first byte, the end once, and neither is ever changed."""

from typing import Any

import pytest
from django.db import DatabaseError
from django.db.transaction import atomic

from landbridge.accounts.models import User
from landbridge.agreements import access, access_log, queries
from landbridge.agreements.models import AccessEnd, AccessRow, Agreement, Trace
from landbridge.core import time
from tests.agreements.conftest import COMMIT, job_token


def log(agreement: Agreement, actor: User | None, **more: Any) -> AccessRow:  # noqa: ANN401 columns
    asked: dict[str, Any] = {
        "actor": actor,
        "token": None,
        "capability": access.DOWNLOAD,
        "repo": agreement.repo,
        "revision": COMMIT,
    }
    decision = access.decide(**asked, path="model.safetensors")
    return access_log.begin(decision=decision, **asked, path="model.safetensors", **more)


def test_a_request_is_written_down_with_what_decided_it(licensed: Agreement, carl: User) -> None:
    row = log(licensed, carl, address="192.0.2.7", agent="hf/1", sha256="2" * 64, range_asked="bytes=0-9")
    access_log.finish(row, bytes_sent=10)
    access_log.finish(row, bytes_sent=99, outcome="cut")
    (kept,) = queries.access_rows(licensed)
    assert (kept.allowed, kept.code, kept.user, kept.commit, kept.path) == (
        True,
        "grant",
        carl,
        COMMIT,
        "model.safetensors",
    )
    assert (kept.end.bytes_sent, kept.end.outcome) == (10, "complete"), "an end is written once"
    assert kept.grant.agreement == licensed and kept.organization == licensed.licensee


def test_a_refusal_is_written_down_too(licensed: Agreement, carl: User, rival: User) -> None:
    licensed.seats.update(ended_at=time.db_now())
    assert log(licensed, carl).code == "seat_revoked"
    assert log(licensed, rival).code == "no_agreement"
    assert log(licensed, None).code == "sign_in"
    assert [row.code for row in queries.access_rows(licensed)] == ["seat_revoked"], "each party sees its own"


def test_a_job_is_named(licensed: Agreement, ada: User) -> None:
    token = job_token(ada, licensed.repo, COMMIT)
    asked: dict[str, Any] = {
        "actor": ada,
        "token": token,
        "capability": access.DOWNLOAD,
        "repo": licensed.repo,
        "revision": COMMIT,
    }
    row = access_log.begin(decision=access.decide(**asked, path="x"), **asked, path="x")
    assert (row.job, row.token, row.code) == ("j1", token.pk, "job")


def test_personal_data_can_be_erased_without_touching_the_log(licensed: Agreement, carl: User) -> None:
    row = log(licensed, carl, address="192.0.2.7", agent="hf/1")
    assert Trace.objects.get(pk=row.trace).address == "192.0.2.7"
    Trace.objects.all().delete()
    assert AccessRow.objects.get(pk=row.pk).trace == row.trace


def test_the_database_refuses_to_change_or_remove_a_row(licensed: Agreement, carl: User) -> None:
    row = log(licensed, carl)
    access_log.finish(row, bytes_sent=1)
    deeds = (
        lambda: AccessRow.objects.filter(pk=row.pk).update(allowed=False),
        lambda: AccessRow.objects.filter(pk=row.pk)._raw_delete("default"),
        lambda: AccessEnd.objects.filter(row=row).update(bytes_sent=0),
        lambda: AccessEnd.objects.filter(row=row).delete(),
    )
    for deed in deeds:
        with pytest.raises(DatabaseError, match="append-only"), atomic():
            deed()
