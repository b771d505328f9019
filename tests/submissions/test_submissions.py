"""Promises of submissions: what passes is sealed and queued once; what does not is named, nothing half-made stays."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from unittest.mock import patch

import pytest

from landbridge.accounts.clock import clock
from landbridge.accounts.models import User
from landbridge.core import outbox, sweeps
from landbridge.core.errors import TransitionRefused
from landbridge.core.models import Line
from landbridge.evaluations.models import Job, SuiteRevision
from landbridge.submissions import examining, services, tasks
from landbridge.submissions.models import Submission
from landbridge_client.errors import ApiError, Denied, NotFound
from landbridge_client.formats import tree_digest
from landbridge_client.rest import Client
from landbridge_registry import queries as registry
from landbridge_registry.models import Hold, Repo, Revision
from tests.client.model_folders import CARD, CONFIG, WEIGHTS
from tests.submissions.conftest import HERE, Upload, baseline, connect


def screened(api: Client, suite: str | None = "languages", revision: str = "main") -> Submission:
    made = api.submissions.create("lumen/x", revision=revision, suite=suite)
    sweeps.run_once()
    return Submission.objects.get(pk=made.id)


def codes(api: Client, submission: Submission) -> list[str]:
    return [finding.code for finding in api.submissions.findings(submission.pk)]


def test_a_good_submission_is_sealed_and_queued_without_any_message(
    api: Client, upload: Upload, suite: SuiteRevision
) -> None:
    commit = upload(baseline())
    made = api.submissions.create("lumen/x", suite="languages")
    assert (made.state, made.revision, made.job) == ("screening", commit, None)
    sweeps.run_once()  # and no message was sent
    found = api.submissions.get(made.id)
    job = Job.objects.get()
    assert found.state == "evaluating"
    assert found.job == {"id": job.pk, "url": f"/api/v1/jobs/{job.pk}", "state": "queued"}
    revision = Revision.objects.get(repo__type="model")
    files = registry.files_of(registry.resolve_revision(revision.repo, "main"))
    assert revision.commit == commit
    assert revision.tree_digest == tree_digest((path, sha256, size) for path, sha256, size, _ in files)
    assert (revision.license, revision.capabilities["slug"]) == ("Apache-2.0", "majority")
    assert Hold.objects.filter(subject=f"submission:{made.id}", commit=commit).exists()
    verbs = list(Line.objects.order_by("seq").values_list("verb", flat=True))
    told = [verb for verb in verbs if verb.startswith(("submission.", "evaluation."))]
    assert told == ["submission.created", "submission.sealed", "evaluation.queued"]


def test_messages_do_the_same_as_the_sweeper(
    api: Client,
    upload: Upload,
    suite: SuiteRevision,
    django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[object]],
) -> None:
    upload(baseline())
    with django_capture_on_commit_callbacks(execute=True):
        made = api.submissions.create("lumen/x", suite="languages")
    assert (tasks.SCREEN, made.id) in {(one.task, one.identity) for one in outbox.kept}
    with django_capture_on_commit_callbacks(execute=True):
        tasks.screen_submission(made.id)
    assert (tasks.EVALUATE, made.id) in {(one.task, one.identity) for one in outbox.kept}
    tasks.queue_evaluation(made.id)
    assert api.submissions.get(made.id).state == "evaluating"


def test_submitting_twice_is_one_submission_and_one_job(api: Client, upload: Upload, suite: SuiteRevision) -> None:
    commit = upload(baseline())
    first = screened(api)
    again = screened(api, revision=commit)
    assert first.pk == again.pk and again.state == "evaluating"
    assert Submission.objects.count() == Job.objects.count() == 1


def test_doubled_messages_screen_and_queue_once(api: Client, upload: Upload, suite: SuiteRevision) -> None:
    upload(baseline())
    made = api.submissions.create("lumen/x", suite="languages")
    for _ in range(2):
        tasks.screen_submission(made.id)
        tasks.queue_evaluation(made.id)
    sweeps.run_once()
    assert Job.objects.count() == 1 and Revision.objects.filter(repo__type="model").count() == 1


def test_a_submission_without_a_suite_is_sealed_and_stays_so(api: Client, upload: Upload, suite: SuiteRevision) -> None:
    upload(baseline())
    made = screened(api, suite=None)
    assert made.state == "sealed" and made.revision is not None and Job.objects.count() == 0
    assert screened(api).revision == made.revision, "the same commit has one version"


HF = {"README.md": CARD, "config.json": '{"architectures":["BertModel"],"model_type":"bert"}'}
BAD: dict[str, tuple[dict[str, bytes | str], str]] = {
    "truncated weights": ({**HF, "model.safetensors": WEIGHTS[:-5], "vocab.txt": "a\n"}, "safetensors_truncated"),
    "pickled weights": ({**HF, "model.safetensors": WEIGHTS, "a.bin": b"\x80\x02}q\x00."}, "pickle_in_weights"),
    "a pickle called weights": ({**HF, "model.safetensors": b"\x80\x02}q\x00."}, "pickle_in_weights"),
    "no card": ({"landbridge.json": baseline()["landbridge.json"]}, "card_missing"),
    "a card without a license": (baseline() | {"README.md": "# x\n"}, "card_license_missing"),
    "a wrong card": (baseline() | {"README.md": "---\nlicense: my-own\n---\n"}, "license_unknown"),
    "a zip bomb": (baseline() | {"data.zip": b"PK\x03\x04" + bytes(100)}, "archive_refused"),
    "a wheel": (baseline() | {"x-1.0-py3-none-any.whl": b"PK\x03\x04" + bytes(100)}, "archive_damaged"),
    "code": (baseline() | {"modeling.py": "print(1)\n"}, "lab_code_refused"),
    "code by reference": (
        {**HF, "config.json": '{"model_type":"bert","auto_map":{"AutoModel":"x.Y"}}', "model.safetensors": WEIGHTS},
        "auto_map_refused",
    ),
    "no model": ({"README.md": CARD}, "no_model"),
    "a model that no plugin knows": (baseline("nobody-s"), "no_task_fits"),
    "a model that can do no task of the suite": (baseline("majority-image"), "no_task_fits"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_submission_is_named_and_nothing_half_made_stays(
    api: Client, upload: Upload, suite: SuiteRevision, name: str
) -> None:
    files, code = BAD[name]
    upload(files)
    made = screened(api)
    assert made.state == "needs_changes"
    assert code in codes(api, made)
    assert made.revision is None and made.job is None
    assert not Revision.objects.filter(repo__type="model").exists()
    assert not Hold.objects.filter(repo__type="model").exists()
    shown = api.submissions.get(made.pk)
    assert shown.allowed_actions == ["resubmit", "withdraw"] and all(len(one["message"]) > 40 for one in shown.findings)


def test_what_needed_changes_is_screened_anew_and_a_mended_commit_passes(
    api: Client, upload: Upload, suite: SuiteRevision
) -> None:
    upload(baseline() | {"x.py": "print(1)\n"})
    made = screened(api)
    assert screened(api).pk == made.pk and codes(api, made) == ["lab_code_refused"]
    upload(baseline())
    mended = screened(api)
    assert mended.pk != made.pk and mended.state == "evaluating"


def test_an_unknown_suite_is_refused_with_the_known_ones(api: Client, upload: Upload, suite: SuiteRevision) -> None:
    upload(baseline())
    with pytest.raises(ApiError) as refusal:
        api.submissions.create("lumen/x", suite="languges")
    assert (refusal.value.status, refusal.value.code) == (400, "unknown_suite") and "languages" in str(refusal.value)
    assert Submission.objects.count() == 0


@pytest.mark.parametrize("model", ["lumen/x", "lumen/absent", "nobody/x"])
def test_a_foreign_model_looks_absent(carls_api: Client, upload: Upload, suite: SuiteRevision, model: str) -> None:
    upload(baseline())
    with pytest.raises(NotFound, match="that you may submit"):
        carls_api.submissions.create(model, suite="languages")


def test_a_revision_that_is_not_there_is_named(api: Client, upload: Upload, suite: SuiteRevision) -> None:
    upload(baseline())
    with pytest.raises(NotFound, match="no revision v2"):
        api.submissions.create("lumen/x", revision="v2", suite="languages")


def test_a_submission_of_others_looks_absent(
    api: Client, carls_api: Client, upload: Upload, suite: SuiteRevision
) -> None:
    upload(baseline())
    made = screened(api)
    theirs = carls_api.submissions
    for ask in (theirs.get, theirs.withdraw, lambda pk: list(theirs.findings(pk))):
        with pytest.raises(NotFound):
            ask(made.pk)
    assert list(carls_api.submissions.list()) == [] and [one.id for one in api.submissions.list()] == [made.pk]


def test_without_a_token_nothing_is_told(upload: Upload) -> None:
    upload(baseline())
    with Client(HERE) as stranger:
        connect(stranger.http)
        with pytest.raises(Denied):
            stranger.submissions.create("lumen/x")


def test_unknown_fields_are_refused(api: Client, upload: Upload) -> None:
    with pytest.raises(ApiError, match="Unknown"):
        api.http.post("/api/v1/submissions", {"model": "lumen/x", "suit": "languages"})


def test_a_withdrawn_submission_lets_go_and_can_be_made_again(
    api: Client, upload: Upload, suite: SuiteRevision
) -> None:
    upload(baseline())
    made = screened(api, suite=None)
    assert api.submissions.withdraw(made.pk).state == "withdrawn"
    assert not Hold.objects.filter(subject=f"submission:{made.pk}").exists()
    assert screened(api, suite=None).pk != made.pk


def test_while_its_job_runs_a_submission_stays(api: Client, upload: Upload, suite: SuiteRevision, ada: User) -> None:
    upload(baseline())
    made = screened(api)
    with pytest.raises(ApiError) as refusal:
        api.submissions.withdraw(made.pk)
    assert refusal.value.code == "transition_refused" and "cancel the job first" in str(refusal.value)
    api.jobs.cancel(str(made.job_id))
    assert api.submissions.withdraw(made.pk).state == "withdrawn"


def finish(job: Job) -> None:
    """As if a worker had delivered: only the state is looked at here, results have tests of their own."""
    Job.objects.filter(pk=job.pk).update(state="done")


def test_a_result_publishes_and_a_failure_stays_with_its_fault(
    api: Client, upload: Upload, suite: SuiteRevision
) -> None:
    upload(baseline())
    made = screened(api)
    fault = {"kind": "lab", "code": "load_failed", "text": "It does not load."}
    Job.objects.filter(pk=made.job_id).update(state="failed", fault=fault)
    sweeps.run_once()
    shown = api.submissions.get(made.pk)
    assert shown.state == "evaluating" and shown.fault is not None and shown.fault["code"] == "load_failed"
    again = api.jobs.rerun(str(made.job_id))
    assert api.submissions.get(made.pk).job_id == again.id
    finish(Job.objects.get(pk=again.id))
    sweeps.run_once()
    assert api.submissions.get(made.pk).state == "published"


def test_screening_that_breaks_off_is_tried_three_times_and_then_told(
    api: Client, upload: Upload, suite: SuiteRevision
) -> None:
    upload(baseline())
    made = api.submissions.create("lumen/x", suite="languages")
    with patch.object(examining, "examine", side_effect=RuntimeError("disk on fire")):
        for _ in range(4):
            tasks.screen_submission(made.id)
            assert sweeps.run_once()["submissions.screen"] == 0, "held: nobody else tries meanwhile"
            Submission.objects.filter(pk=made.id).update(held_until=None)
    found = Submission.objects.get(pk=made.id)
    assert found.state == "needs_changes" and codes(api, found) == ["screening_failed"]


def test_a_screening_that_was_taken_for_dead_writes_nothing_any_more(
    api: Client, upload: Upload, suite: SuiteRevision
) -> None:
    upload(baseline())
    made = api.submissions.create("lumen/x", suite="languages")
    slow = services.start_screening(submission_id=made.id, actor=clock())
    assert slow is not None
    Submission.objects.filter(pk=made.id).update(held_until=None)
    assert services.start_screening(submission_id=made.id, actor=clock()) is not None
    services.finish_screening(submission_id=made.id, tries=slow.tries, examined=examining.examine(slow), actor=clock())
    assert Submission.objects.get(pk=made.id).state == "screening"


def test_what_a_submission_holds_cannot_be_removed(api: Client, upload: Upload, suite: SuiteRevision) -> None:
    upload(baseline())
    screened(api, suite=None)
    with pytest.raises(ApiError) as refusal:
        api.http.send("DELETE", "/api/v1/models/lumen/x")
    assert refusal.value.status == 409 and Repo.objects.filter(name="x").exists()


def test_a_transformers_folder_is_known_by_its_config(api: Client, upload: Upload, suite: SuiteRevision) -> None:
    files: dict[str, bytes | str] = {**HF, "model.safetensors": WEIGHTS, "vocab.txt": "[PAD]\na\n"}
    upload(files)
    made = screened(api)
    assert made.state == "evaluating" and made.revision is not None
    assert made.revision.capabilities["kinds"] == ["embed"] and made.revision.facts["parameters"] == 6
    assert CONFIG["model_type"] == "bert"


def test_moves_that_the_table_lacks_are_refused(api: Client, upload: Upload, suite: SuiteRevision, ada: User) -> None:
    upload(baseline())
    made = screened(api)
    finish(Job.objects.get())
    sweeps.run_once()
    with pytest.raises(TransitionRefused) as refusal:
        services.withdraw_submission(submission_id=made.pk, actor=ada)
    assert refusal.value.detail["state"] == "published"
