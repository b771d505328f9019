"""The ledger: a chain that shows any change, in tables that refuse one."""

import hashlib
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from landbridge.accounts.models import Organization, User
from landbridge.core import append_only, ledger, time
from landbridge.core.models import ChainHead, Line
from landbridge_client.formats.canonical import canonical_json


@transaction.atomic(durable=True)
def deed(lab: Organization, actor: User, **data: Any) -> Line:  # noqa: ANN401 JSON
    return ledger.record("lab.renamed", subject=lab, actor=actor, **data)


def test_each_line_hashes_the_one_before(lumen: Organization, ada: User) -> None:
    first, second = deed(lumen, ada, name="Lumen"), deed(lumen, ada, name="Lumen Lab")
    assert (first.seq, second.seq, second.prev_hash) == (1, 2, first.hash)
    said = {
        "chain": "platform", "seq": 2, "at": time.text(second.at), "actor": ada.pk, "verb": "lab.renamed",
        "object": f"accounts.organization:{lumen.pk}", "data": {"name": "Lumen Lab"},
    }  # fmt: skip
    assert second.hash == hashlib.sha256(first.hash.encode() + canonical_json(said)).hexdigest()
    assert ledger.broken_at() is None


def test_a_step_outside_a_transaction_is_refused(lumen: Organization, ada: User) -> None:
    with pytest.raises(RuntimeError, match="call it from a service"):
        ledger.record("lab.renamed", subject=lumen, actor=ada)


@pytest.mark.parametrize("sql", ["UPDATE core_line SET verb = 'x'", "DELETE FROM core_line"])
def test_no_line_can_be_changed_or_removed(lumen: Organization, ada: User, sql: str) -> None:
    deed(lumen, ada)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
    assert Line.objects.get().verb == "lab.renamed"


@pytest.mark.parametrize(("change", "place"), [("verb = 'x' WHERE seq = 2", 2), ("hash = prev_hash WHERE seq = 1", 1)])
def test_a_line_forged_behind_the_triggers_is_found(lumen: Organization, ada: User, change: str, place: int) -> None:
    for number in range(3):
        deed(lumen, ada, number=number)
    with connection.cursor() as cursor:
        name = "core_line_no_update"
        cursor.execute(f"DROP TRIGGER {name}" + (" ON core_line" if connection.vendor == "postgresql" else ""))
        cursor.execute(f"UPDATE core_line SET {change}")  # noqa: S608 our own words
    assert append_only.missing() == ["core_line"]
    assert ledger.broken_at() == place
    append_only.enforce()
    assert append_only.missing() == []


def test_a_cut_tail_shows_against_the_head(lumen: Organization, ada: User) -> None:
    deed(lumen, ada)
    ChainHead.objects.update(seq=2)
    assert ledger.broken_at() == 2
