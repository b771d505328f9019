"""Promises of the list of keys: old keys stay listed, a revoked one voids what comes after, a root vouches for all."""

import json
import os
import time as clocks
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from landbridge.api import tasks
from landbridge.core import keys, signing, time
from landbridge.core.models import Line, SigningKey
from landbridge_client import dsse, keylist
from tests.jobs.ground import bench

pytestmark = pytest.mark.django_db


def listed(client: Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/api/v1/keys").json()
    return found


def manage(*words: str) -> dict[str, Any]:
    out = StringIO()
    call_command(*words, stdout=out, stderr=StringIO())
    said: dict[str, Any] = json.loads(out.getvalue())
    return said


def vouched(answer: dict[str, Any]) -> dict[str, keylist.KeyRecord]:
    return {one.key.keyid: one for one in keylist.rooted(answer, answer["root"]["keyid"])}


def test_the_list_is_signed_by_a_root_from_the_first_minute(client: Client) -> None:
    worker = bench()
    answer = listed(client)
    assert client.get("/.well-known/landbridge-keys.json").json()["keys"] == answer["keys"]
    found = vouched(answer)
    assert {one.use for one in found.values()} == {"platform", "worker"} and worker.signer.keyid in found
    for one in answer["keys"]:
        assert set(one) == {"keyid", "public", "use", "name", "valid_from", "valid_until", "revoked_at", "reason"}
    assert manage("signing_root", "show") == {"root": answer["root"]["keyid"], "here": True}


def test_a_worker_that_changes_its_key_leaves_the_old_one_listed(client: Client) -> None:
    one = bench()
    listed(client)
    again = dsse.Signer.generate()
    body = {"instance": str(one.worker.instance), "labels": [], "public_key": again.public_hex}
    assert one.call("POST", "register", body).status_code == 200
    found = {key["keyid"]: key for key in listed(client)["keys"] if key["use"] == "worker"}
    assert set(found) == {one.signer.keyid, again.keyid}
    assert found[one.signer.keyid]["valid_until"] and found[again.keyid]["valid_until"] is None


def test_a_rotated_key_signs_at_once_and_the_old_one_stays_valid_for_a_while(client: Client) -> None:
    old = signing.platform_signer().keyid
    said = manage("rotate_key")
    assert said["old"] == old and signing.platform_signer().keyid == said["new"] != old
    answer = listed(client)
    rows = {row.keyid: row for row in SigningKey.objects.all()}
    assert time.db_now() < (rows[old].valid_until or time.db_now()) <= time.db_now() + keys.OVERLAP
    assert set(vouched(answer)) == {old, said["new"]}
    assert Line.objects.filter(verb="signing_key.rotated").exists()


def test_the_sweeper_rotates_after_a_year_and_not_before(home: Path) -> None:
    old = signing.platform_signer().keyid
    assert tasks.sweep() == 0
    past = clocks.time() - timedelta(days=366).total_seconds()
    os.utime(home / "secrets" / signing.NAME, (past, past))
    assert tasks.sweep() == 1 and signing.platform_signer().keyid != old
    assert tasks.sweep() == 0


def test_a_revoked_key_voids_what_is_dated_after(client: Client) -> None:
    one = bench()
    at = "2026-05-01T00:00:00Z"
    said = manage("revoke_key", one.signer.keyid[:20], "--reason", "stolen", "--at", at)
    assert said["revoked_at"] == "2026-05-01T00:00:00.000Z" and said["reason"] == "stolen"
    record = vouched(listed(client))[one.signer.keyid]
    assert record.problem_at(keylist.instant("2026-05-02T00:00:00Z")) is not None  # type: ignore[arg-type]
    assert manage("revoke_key", one.signer.keyid, "--reason", "later")["reason"] == "stolen", "a later one adds nothing"
    with pytest.raises(CommandError, match="0 keys begin with"):
        manage("revoke_key", "0" * 64, "--reason", "x")
    with pytest.raises(CommandError, match="zone"):
        manage("revoke_key", one.signer.keyid, "--reason", "x", "--at", "2026-05-01T00:00:00")


def test_a_root_that_lies_elsewhere_signs_at_a_ceremony(client: Client, tmp_path: Path) -> None:
    """The steps of docs/operator.md: detach, prepare, list, sign, import, rotate."""
    root = tmp_path / "root.pem"
    fingerprint = manage("signing_root", "detach", str(root))["root"]
    assert signing.root_signer() is None and listed(client)["root"]["keyid"] == fingerprint
    assert vouched(listed(client)), "the list that was signed last is served"
    worker = bench()
    assert worker.signer.keyid in vouched(listed(client)), "a platform key that the root signed vouches for workers"
    with pytest.raises(CommandError, match="--prepare"):
        manage("rotate_key")
    following = manage("rotate_key", "--prepare")["next"]
    (tmp_path / "list.json").write_text(json.dumps(manage("signing_root", "list")))
    signed = manage("signing_root", "sign", str(tmp_path / "list.json"), "--key", str(root))
    (tmp_path / "signed.json").write_text(json.dumps(signed))
    assert manage("signing_root", "import", str(tmp_path / "signed.json"))["root"] == fingerprint
    assert manage("rotate_key")["new"] == following
    assert following in vouched(listed(client))


def test_a_list_that_is_old_or_of_another_root_is_not_imported(client: Client, tmp_path: Path) -> None:
    root = tmp_path / "root.pem"
    manage("signing_root", "detach", str(root))
    (tmp_path / "list.json").write_text(json.dumps(manage("signing_root", "list")))
    manage("signing_root", "create", str(tmp_path / "other.pem"))
    for key, said in ((tmp_path / "other.pem", "signed by the root"), (root, "older than what happened")):
        signed = manage("signing_root", "sign", str(tmp_path / "list.json"), "--key", str(key))
        (tmp_path / "signed.json").write_text(json.dumps(signed))
        if key == root:
            manage("revoke_key", signing.platform_signer().keyid, "--reason", "leaked")
        with pytest.raises(CommandError, match=said):
            manage("signing_root", "import", str(tmp_path / "signed.json"))
