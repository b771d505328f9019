"""Promises of plugins: a wheel is read here and run elsewhere; the sandbox decides; a version never changes."""

import dataclasses
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client as HttpClient

from landbridge.accounts.models import User
from landbridge.core import sweeps
from landbridge.evaluations.models import Job, JobKind, Screening, SuiteRevision
from landbridge.submissions.models import Submission
from landbridge_client.errors import ApiError, Denied, NotFound
from landbridge_client.rest import Client
from landbridge_evaluation.jobspec import JobSpec
from landbridge_evaluation.sandbox import Probe
from landbridge_evaluation.worker import screening
from landbridge_registry.models import Repo, Revision
from landbridge_registry.plugins import Plugin, PluginRelease
from tests.jobs.ground import Bench, bench
from tests.submissions.conftest import HERE, at_once, connect, token_of
from tests.wheels.making import FILE, MODULE, Made, with_member

SPEC = {
    "slug": "lumen-counts",
    "title": "Counts",
    "modality": "text",
    "license": "Apache-2.0",
    "kinds": ["classify"],
    "adapts": True,
}
PROBE = Probe(tier="bwrap", passed=True, passed_at="2026-11-25T10:00:00Z", sha256="1" * 64, profile_sha256="2" * 64)


@pytest.fixture
def worker(db: None) -> Bench:
    """One that isolates. After its calls, too, requests do not close the connection of the test."""
    made = bench("isolating", labels=("cpu", "isolated"))
    made.client = Quiet()
    return made


class Quiet(HttpClient):
    def generic(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 Django's signature
        try:
            return super().generic(*args, **kwargs)
        finally:
            for signal in (request_started, request_finished):
                signal.disconnect(close_old_connections)


def written(folder: Path, made: Made, name: str = FILE) -> Path:
    place = folder / name
    place.write_bytes(made.packed())
    return place


def submitted(api: Client, wheel: Path) -> Submission:
    sent = api.plugins.send(wheel, "lumen", model="x")
    made = api.plugins.submit("lumen", sent["wheel_sha256"], suite="languages")
    sweeps.run_once()
    return Submission.objects.get(pk=made.id)


def screened(worker: Bench, *models: dict[str, Any], findings: tuple[dict[str, Any], ...] = ()) -> Any:  # noqa: ANN401 an answer
    """The worker leases the screening and delivers it, signed as real workers do."""
    leased = worker.lease().json()
    spec = JobSpec.from_json(leased)
    line = json.dumps({"models": list(models or (SPEC,)), "findings": list(findings)}).encode()
    found = screening.results(spec, line)
    facts = {"worker": "isolating", "pool": "operator", "probe": PROBE}
    envelope = screening.envelope(spec, found, worker.signer, started=datetime.now(UTC), facts=facts)
    answer = worker.call("POST", worker.at(leased, "/result"), {"results": found, "envelope": envelope, "shards": []})
    sweeps.run_once()
    return answer


def test_a_wheel_is_screened_in_a_sandbox_then_sealed_released_and_measured(
    api: Client, suite: SuiteRevision, worker: Bench, tmp_path: Path
) -> None:
    made = submitted(api, written(tmp_path, Made()))
    job = Job.objects.get()
    assert (made.state, made.screening_job, job.kind, job.code, job.needs_key) == (
        "screening",
        job,
        JobKind.SCREENING,
        True,
        "isolated",
    )
    plain = bench("plain", labels=("cpu", "model:x"))
    plain.client = Quiet()
    assert plain.lease().status_code == 204, "nobody else may run it"
    assert screened(worker).status_code == 201
    made.refresh_from_db()
    assert made.state == "evaluating" and made.revision is not None
    plugin = made.revision.facts["plugin"]
    assert plugin["spec"]["slug"] == "lumen-counts" and made.revision.license == "Apache-2.0"
    leased = worker.lease().json()
    assert (leased["kind"], leased["isolation"], leased["plugin"]) == ("evaluation", "required", plugin)
    release = api.plugins.release("Lumen_Counts", "0.1.0")
    assert (release.organization, release.wheel_sha256) == ("lumen", plugin["wheel_sha256"])
    assert [one.name for one in api.plugins.list()] == ["lumen-counts"]
    assert Screening.objects.get().job == job
    assert api.jobs.get(job.pk).state == "done"
    with_pages = Quiet()
    with_pages.force_login(made.requested_by)
    for address in (f"/jobs/{job.pk}", f"/submissions/{made.pk}", "/submissions/plugins", "/lumen/x", "/jobs"):
        assert with_pages.get(address).status_code == 200, address


def test_no_upload_is_ever_imported_by_the_platform(api: Client, suite: SuiteRevision, tmp_path: Path) -> None:
    """Reading, storing, screening and submitting leave no trace of its modules, nor of its code."""
    mark = tmp_path / "ran"
    code = f"open({str(mark)!r}, 'w')\n".encode()
    made = Made()
    made.members[f"{MODULE}/__init__.py"] = code
    made.members[f"{MODULE}/sitecustomize.py"] = code
    before, path = set(sys.modules), list(sys.path)
    submitted(api, written(tmp_path, made))
    assert not mark.exists() and sys.path == path
    assert not {name for name in set(sys.modules) - before if name.startswith(MODULE)}


@pytest.mark.parametrize(
    ("name", "code"),
    [("torch/__init__.py", "module_shadowed"), ("x.pth", "wheel_pth"), ("landbridge/core.py", "module_shadowed")],
)
def test_what_inspection_refuses_leaves_nothing(api: Client, name: str, code: str, tmp_path: Path) -> None:
    with pytest.raises(ApiError) as refused:
        api.plugins.send(written(tmp_path, with_member(name)), "lumen", model="x")
    assert (refused.value.code, refused.value.status) == (code, 422)
    assert not Repo.objects.exists() and not Plugin.objects.exists()


def test_bytes_under_another_digest_and_an_unknown_wheel_are_told_apart(api: Client, tmp_path: Path) -> None:
    wheel = written(tmp_path, Made())
    with pytest.raises(ApiError) as refused:
        api.http.send("PUT", f"/api/v1/organizations/lumen/wheels/{'0' * 64}?file={FILE}", content=wheel.read_bytes())
    assert refused.value.code == "digest"
    with pytest.raises(ApiError) as refused:
        api.plugins.submit("lumen", "0" * 64)
    assert refused.value.code == "wheel_missing" and "PUT /api/v1/organizations/lumen/wheels/" in str(refused.value)


def test_a_finding_of_the_kit_refuses_and_says_why(
    api: Client, suite: SuiteRevision, worker: Bench, tmp_path: Path
) -> None:
    made = submitted(api, written(tmp_path, Made()))
    finding = {"code": "not_deterministic", "message": "It answers differently when asked twice.", "blocking": True}
    assert screened(worker, findings=(finding,)).status_code == 201
    made.refresh_from_db()
    assert made.state == "needs_changes" and not Revision.objects.filter(repo=made.repo).exists()
    assert [one.code for one in api.submissions.findings(made.pk)] == ["not_deterministic"]
    assert not PluginRelease.objects.exists(), "a version that failed is free"


@pytest.mark.parametrize(
    ("models", "code"),
    [
        ((SPEC, {**SPEC, "slug": "lumen-other"}), "model_not_named"),
        (({**SPEC, "slug": "majority"},), "slug_taken"),
        (({**SPEC, "files": ["weights.safetensors"]},), "files_missing"),
        (({**SPEC, "kinds": ["transcribe"], "modality": "audio"},), "no_task_fits"),
    ],
)
def test_a_plugin_that_offers_no_one_model_is_told_what_to_do(  # noqa: PLR0913, PLR0917 fixtures and cases
    api: Client, suite: SuiteRevision, worker: Bench, models: tuple[dict[str, Any], ...], code: str, tmp_path: Path
) -> None:
    made = submitted(api, written(tmp_path, Made()))
    screened(worker, *models)
    made.refresh_from_db()
    assert made.state == "needs_changes" and code in [one.code for one in api.submissions.findings(made.pk)]


def test_the_labs_fault_is_told_and_ours_is_tried_again(
    api: Client, suite: SuiteRevision, worker: Bench, tmp_path: Path
) -> None:
    made = submitted(api, written(tmp_path, Made()))
    for number in range(1, 4):  # a fault of the machine's that a retry cannot help
        leased = worker.lease().json()
        said = {"code": "content_changed", "text": "Bytes differ.", "retryable": False}
        assert worker.call("POST", worker.at(leased, "/fault"), said).json()["state"] == "failed"
        sweeps.run_once()
        made.refresh_from_db()
        assert (made.state, made.tries) == (("screening", number + 1) if number < 3 else ("needs_changes", 3))
    assert [one.code for one in api.submissions.findings(made.pk)] == ["screening_failed"]
    again = api.plugins.submit("lumen", made.examined["plugin"]["wheel_sha256"], suite="languages")
    sweeps.run_once()
    leased = worker.lease().json()
    said = {"code": "plugin_fault", "text": "It raised ValueError.", "retryable": False, "who": "lab"}
    worker.call("POST", worker.at(leased, "/fault"), said)
    sweeps.run_once()
    (finding,) = api.submissions.findings(again.id)
    assert finding.code == "plugin_fault" and "It raised ValueError." in finding.message


def test_a_name_has_one_owner_and_a_version_one_content(
    api: Client, suite: SuiteRevision, worker: Bench, carl: User, tmp_path: Path
) -> None:
    submitted(api, written(tmp_path, Made()))
    screened(worker)
    changed = with_member(f"{MODULE}/more.py")
    with pytest.raises(ApiError) as refused:
        api.plugins.send(written(tmp_path, changed), "lumen", model="x")
    assert refused.value.code == "version_taken"
    with Client(HERE, token_of(carl), wait=at_once) as other:
        connect(other.http)
        with pytest.raises(ApiError) as refused:
            other.plugins.send(tmp_path / FILE, carl.username)
        assert refused.value.code == "plugin_name_taken"
        with pytest.raises(Denied):
            other.plugins.send(tmp_path / FILE, "lumen")


def test_a_forged_screening_is_refused(api: Client, suite: SuiteRevision, worker: Bench, tmp_path: Path) -> None:
    submitted(api, written(tmp_path, Made()))
    leased = worker.lease().json()
    spec = JobSpec.from_json(leased)
    found = screening.results(spec, json.dumps({"models": [SPEC], "findings": []}).encode())
    facts = {"worker": "isolating", "pool": "operator", "probe": PROBE}

    def sent(spec: JobSpec, body: dict[str, Any], **other: Any) -> int:  # noqa: ANN401 facts
        made = screening.envelope(spec, body, worker.signer, started=datetime.now(UTC), facts={**facts, **other})
        called = worker.call("POST", worker.at(leased, "/result"), {"results": found, "envelope": made, "shards": []})
        return int(called.status_code)

    foreign = dataclasses.replace(spec, model=dataclasses.replace(spec.model, digest="9" * 64))
    assert sent(foreign, found) == 422, "another model"
    assert sent(dataclasses.replace(spec, job="01k0000000000000000000000"), found) == 422, "another job"
    assert sent(spec, {**found, "models": []}) == 422, "signed is something else"
    assert sent(spec, found, probe=None) == 422, "not contained"
    assert not Screening.objects.exists() and sent(spec, found) == 201


def test_others_do_not_see_a_private_release(
    api: Client, suite: SuiteRevision, worker: Bench, carl: User, tmp_path: Path
) -> None:
    wheel = written(tmp_path, Made())
    sent = api.plugins.send(wheel, "lumen", private=True)
    api.plugins.submit("lumen", sent["wheel_sha256"], suite="languages")
    sweeps.run_once()
    screened(worker)
    assert api.plugins.release("lumen-counts", "0.1.0").model == "lumen/lumen-counts"
    with Client(HERE, token_of(carl), wait=at_once) as other:
        connect(other.http)
        assert not list(other.plugins.list())
        with pytest.raises(NotFound):
            other.plugins.release("lumen-counts", "0.1.0")
