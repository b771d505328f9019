"""Promises of results: a statement that does not fit its lease is refused; results only grow; re-runs are compared."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from landbridge.accounts.models import Organization, User
from landbridge.core import signing, sweeps
from landbridge.evaluations import services
from landbridge.evaluations.comparison import Number, Run, compare
from landbridge.evaluations.models import Comparison, Job, Result, Worker
from landbridge.leaderboards.models import Entry
from landbridge_client.attestation import verify_file
from landbridge_registry.models import Repo, Visibility
from tests.jobs.ground import Bench, bench, model, queue

pytestmark = pytest.mark.django_db


@pytest.fixture
def one(db: None) -> Bench:
    return bench()


def leased(one: Bench, ada: User) -> dict[str, Any]:
    queue(ada)
    spec: dict[str, Any] = one.lease().json()
    return spec


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"seeds": [7]}, "seeds"),
        ({"pool": "lab"}, "pool"),
        ({"kind": "screening"}, "kind"),
        ({"plugin": {"wheel_sha256": "0" * 64, "name": "x", "version": "1"}}, "plugin"),
        ({"engine": {}}, "engine"),
        ({"environment": {"dtype": "float32"}}, "environment"),
        ({"end": None}, "end"),
    ],
)
def test_a_statement_about_another_lease_or_with_gaps_is_refused(
    one: Bench, ada: User, changed: dict[str, Any], what: str
) -> None:
    spec = leased(one, ada)
    answer = one.result(spec, one.put_all(spec), **changed)
    assert answer.status_code == 422 and answer.json()["what"] == what, answer.content
    assert not Result.objects.exists()


def test_a_revoked_worker_key_brings_no_result(one: Bench, ada: User) -> None:
    from landbridge.core import services as keys  # noqa: PLC0415 beside the other services

    spec = leased(one, ada)
    shards = one.put_all(spec)
    keys.revoke_key(keyid=one.signer.keyid, reason="stolen", at=None, actor=ada)
    answer = one.result(spec, shards)
    assert answer.status_code == 422 and "stolen" in answer.json()["detail"]


CHANGES = {
    "digest": "UPDATE evaluations_result SET digest = 'x' WHERE id = %s",
    "pool": "UPDATE evaluations_result SET pool = 'lab' WHERE id = %s",
    "delete": "DELETE FROM evaluations_result WHERE id = %s",
    "score": "UPDATE evaluations_score SET value = 1.0, hi = 1.0 WHERE result_id = %s",
}


@pytest.mark.parametrize("change", sorted(CHANGES))
def test_results_and_scores_only_grow(one: Bench, ada: User, change: str) -> None:
    result = one.done(leased(one, ada))
    cursor = connection.cursor()  # no ORM between: the database itself refuses
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        cursor.execute(CHANGES[change], [result])
    Result.objects.filter(pk=result).update(boarded_at=None)  # a note of the platform's own


def test_a_published_result_is_verified_offline_with_its_predictions(
    one: Bench, ada: User, client: Client, tmp_path: Path
) -> None:
    """What the page tells to type: attestation, keys, root and predictions, each from its address."""
    result = one.done(leased(one, ada))
    body = client.get(f"/api/v1/results/{result}").json()
    for name, address in (
        ("a.json", body["attestation"]["url"]),
        ("keys.json", "/api/v1/keys"),
        ("p.gz", body["predictions"]["url"]),
    ):
        answer = client.get(address)
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
        (tmp_path / name).write_bytes(content)
    root = signing.root_key()
    assert root is not None and root.keyid in body["verify"]
    report = verify_file(tmp_path / "a.json", tmp_path / "keys.json", root=root.keyid, predictions=tmp_path / "p.gz")
    held = {part.name: part.holds for part in report.parts}
    assert held["signatures"] and held["predictions"], report.parts
    page = client.get(f"/results/{result}").content.decode()
    assert f"landbridge verify result.json --keys keys.json --root {root.keyid} --predictions" in page
    Repo.objects.filter(type="dataset").update(visibility=Visibility.PRIVATE)
    assert client.get(body["predictions"]["url"]).status_code == 404
    assert client.get(f"/api/v1/results/{result}").json()["predictions"] is None


ENVIRONMENT = {"lock_sha256": "1" * 64, "device_class": "cpu", "dtype": "float32"}


def run(value: float, *, digest: str = "d", right: int = 1000, **environment: str) -> Run:
    answers = {item: [0.9, 0.1] if item < right else [0.1, 0.9] for item in range(1000)}
    return Run(
        predicate={
            "environment": ENVIRONMENT | environment,
            "tasks": [{"name": "t", "predictions_sha256": digest}],
        },
        numbers={"t": Number(value=value, lo=value - 0.02, hi=value + 0.02, n=1000)},
        answers={"t": answers},
    )


@pytest.mark.parametrize(
    ("again", "verdict"),
    [
        (run(0.9), "repeats"),
        (run(0.9, digest="e"), "differs"),  # same software and device: every prediction must be the same
        (run(0.902, digest="e", right=997, device_class="cuda:sm90"), "within"),
        (run(0.904, digest="e", right=997, device_class="cuda:sm90"), "differs"),  # more than 3 of 1000
        (run(0.9, digest="e", right=990, device_class="cuda:sm90"), "differs"),  # 99.0 % equal
        (run(0.915, digest="e", right=985, device_class="cuda:sm90", dtype="bfloat16"), "within"),
        (run(0.915, digest="e", right=975, device_class="cuda:sm90", dtype="bfloat16"), "differs"),
        (run(0.93, digest="e", right=985, device_class="cuda:sm90", dtype="bfloat16"), "differs"),
    ],
)
def test_the_stated_tolerances(again: Run, verdict: str) -> None:
    found = compare(run(0.9), again)
    assert found["verdict"] == verdict == found["tasks"][0]["verdict"], found
    json.dumps(found, allow_nan=False)


def test_a_rerun_is_compared_once_and_shown(one: Bench, ada: User, client: Client) -> None:
    first = one.done(leased(one, ada))
    job = services.rerun_job(job_id=Result.objects.get(pk=first).job_id, actor=ada)
    second = one.done(one.lease(job.pk).json(), value=0.85)
    assert sweeps.run_once()["results.compare"] == 1
    assert sweeps.run_once()["results.compare"] == 0
    row = Comparison.objects.get()
    assert (row.result_id, row.of_id) == (second, first)
    said = client.get(f"/api/v1/results/{second}").json()["comparison"]
    assert said["of"] == first and said["tasks"][0]["delta"] == "0.05"
    page = client.get(f"/results/{second}").content.decode()
    assert "Beside the run that it repeats" in page and first in page
    assert Job.objects.get(pk=job.pk).rerun_of is not None


def test_boards_mark_code_devices_and_self_runs(ada: User, lumen: Organization, client: Client) -> None:
    operator, lab = bench(), bench("lab-box", pool="lab")
    Worker.objects.filter(pk=lab.worker.pk).update(organization=lumen)
    queue(ada, model("lumen/good"))
    operator.done(operator.lease().json())
    coded = queue(ada, model("lumen/coded"))
    Job.objects.filter(pk=coded.pk).update(code=True)
    operator.done(operator.lease().json())
    own = queue(ada, model("lumen/own"))
    Job.objects.filter(pk=own.pk).update(pool="lab", organization=lumen)
    lab.done(lab.lease().json(), value=0.99)
    sweeps.settle()
    rows = {str(entry.model): entry for entry in Entry.objects.exclude(task=None).select_related("model__namespace")}
    assert rows["lumen/coded"].code and rows["lumen/coded"].rank and not rows["lumen/good"].code
    assert rows["lumen/own"].self_run and rows["lumen/own"].rank is None
    assert {entry.device_class for entry in rows.values()} == {"cpu"}
    slug = rows["lumen/own"].board.slug
    entries = client.get(f"/api/v1/leaderboards/{slug}/entries").json()["items"]
    marks = {row["model"]: row["marks"] for row in entries if row["task"] != "overall"}
    assert marks["lumen/own"] == {"code": False, "self_run": True, "self_reported": False, "device_class": "cpu"}
    page = client.get(f"/leaderboards/{slug}").content.decode()
    assert "Run by the labs themselves" in page and page.index("Run by the labs themselves") < page.rindex("own")
