"""A result is what was leased, whole, and signed by the worker that leased it; else nothing is kept."""

import copy
from typing import Any

import pytest

from landbridge.accounts.models import User
from landbridge.core.signing import platform_signer
from landbridge.evaluations.machine import JobState
from landbridge.evaluations.models import Job, JobEvent, LogChunk, Result, Score, Share
from landbridge_client import dsse
from landbridge_plugins import Modality
from landbridge_registry.models import Hold
from tests.jobs.ground import Bench, bench, envelope, model, queue, results, suite, task


@pytest.fixture
def one(db: None) -> Bench:
    return bench()


@pytest.fixture
def spec(one: Bench, ada: User) -> dict[str, Any]:
    queue(ada)
    leased: dict[str, Any] = one.lease().json()
    return leased


def test_a_result_ends_the_job_with_its_scores_and_a_second_signature(one: Bench, spec: dict[str, Any]) -> None:
    result = Result.objects.get(pk=one.done(spec))
    job = Job.objects.get()
    assert (job.state, job.worker, job.lease_until) == (JobState.DONE, None, None)
    score = Score.objects.get()
    assert (score.value, score.n, score.metric, score.primary) == (0.9, 40, "acc", True)
    assert score.lo == pytest.approx(0.85) and score.hi == pytest.approx(0.95)
    verified = dsse.verify(result.envelope, [one.signer.key, platform_signer().key])
    assert verified.anchored and verified.keyids == (one.signer.keyid, platform_signer().keyid)
    assert Share.objects.get().running == 0


def test_what_a_result_names_cannot_be_removed(one: Bench, spec: dict[str, Any]) -> None:
    result = one.done(spec)
    held = set(Hold.objects.filter(subject=f"result:{result}").values_list("repo__name", flat=True))
    assert held == {"tester", "small_task"}


def test_the_same_result_again_is_the_kept_one(one: Bench, spec: dict[str, Any]) -> None:
    shards = one.put_all(spec)
    body = results(spec)
    sent = {"results": body, "envelope": envelope(spec, body, shards, one.signer), "shards": shards}
    first = one.call("POST", one.at(spec, "/result"), sent)
    again = one.call("POST", one.at(spec, "/result"), sent)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json() and Result.objects.count() == 1


def test_the_rest_of_the_log_may_come_with_the_result(one: Bench, spec: dict[str, Any]) -> None:
    one.call("POST", one.at(spec, "/logs"), {"offset": 0, "text": "first\n"})
    shards, body = one.put_all(spec), results(spec)
    sent = {"results": body, "envelope": envelope(spec, body, shards, one.signer), "shards": shards}
    early = one.call("POST", one.at(spec, "/result"), {**sent, "log": {"offset": 9, "text": "last\n"}})
    assert (early.status_code, early.json()["code"], Result.objects.count()) == (409, "gap", 0)
    whole = {**sent, "log": {"offset": 0, "text": "first\nlast\n"}}
    assert [one.call("POST", one.at(spec, "/result"), whole).status_code for _ in range(2)] == [201, 200]
    assert list(LogChunk.objects.values_list("offset", "text")) == [(0, "first\n"), (6, "last\n")]
    told = [(event.kind, event.data.get("state")) for event in JobEvent.objects.order_by("seq")]
    assert told[-4:] == [("log", None), ("state", "finalizing"), ("state", "done"), ("result", None)]
    assert [event.seq for event in JobEvent.objects.order_by("seq")] == list(range(1, len(told) + 1))


def test_another_result_for_a_finished_job_is_refused(one: Bench, spec: dict[str, Any]) -> None:
    one.done(spec)
    answer = one.result(spec, [], scores={"value": 0.99})
    assert (answer.status_code, answer.json()["code"]) == (410, "job_ended")
    assert Score.objects.get().value == 0.9


FORGED: dict[str, dict[str, Any]] = {
    "another key": {"signer": dsse.Signer.generate()},
    "another model": {"subject": "0" * 64},
    "another job": {"job": "01aaaaaaaaaaaaaaaaaaaaaaaa"},
    "another attempt": {"attempt": 7},
    "no tasks": {"tasks": []},
    "other shards": {"signed_shards": [{"index": 0, "sha256": "0" * 64}]},
}


@pytest.mark.parametrize("changed", FORGED.values(), ids=FORGED)
def test_a_result_about_something_else_is_refused(one: Bench, spec: dict[str, Any], changed: dict[str, Any]) -> None:
    answer = one.result(spec, one.put_all(spec), **changed)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_result"), answer.content
    assert not Result.objects.exists() and Job.objects.get().state == JobState.LEASED


@pytest.mark.parametrize("key", ["digest", "labels_digest"])
def test_a_result_on_other_data_is_refused(one: Bench, spec: dict[str, Any], key: str) -> None:
    changed = copy.deepcopy(spec)
    changed["data"][0][key] = "0" * 64
    body, shards = results(spec), one.put_all(spec)
    sent = {"results": body, "envelope": envelope(changed, body, shards, one.signer), "shards": shards}
    assert one.call("POST", one.at(spec, "/result"), sent).json()["what"] == "tasks"


def test_numbers_beside_the_signed_ones_are_refused(one: Bench, spec: dict[str, Any]) -> None:
    shards = one.put_all(spec)
    made = envelope(spec, results(spec), shards, one.signer)
    sent = {"results": results(spec, value=0.99), "envelope": made, "shards": shards}
    answer = one.call("POST", one.at(spec, "/result"), sent)
    assert answer.status_code == 422 and answer.json()["what"].startswith("results of")


def test_a_flipped_byte_of_the_payload_is_refused(one: Bench, spec: dict[str, Any]) -> None:
    shards, body = one.put_all(spec), results(spec)
    made = envelope(spec, body, shards, one.signer)
    made["payload"] = ("A" if made["payload"][40] != "A" else "B").join([made["payload"][:40], made["payload"][41:]])
    sent = {"results": body, "envelope": made, "shards": shards}
    assert one.call("POST", one.at(spec, "/result"), sent).json()["what"] == "envelope"


def test_a_result_before_all_shards_are_in_is_refused(one: Bench, spec: dict[str, Any]) -> None:
    answer = one.result(spec, [])
    assert (answer.status_code, answer.json()["missing"]) == (422, [0])


def test_a_result_with_nan_is_no_json(one: Bench, spec: dict[str, Any]) -> None:
    one.put_all(spec)
    headers = {"Authorization": f"Bearer {one.token}", "Landbridge-Protocol": "1"}
    path = f"/api/worker/v1/{one.at(spec, '/result')}"
    answer = one.client.generic("POST", path, b'{"results":{"x":NaN}}', "application/json", headers=headers)
    assert answer.status_code == 400


def test_a_value_that_is_not_there_is_a_reason_not_a_number(one: Bench, spec: dict[str, Any]) -> None:
    one.done(spec, value=None)
    assert (Score.objects.get().missing, Score.objects.get().value) == ("not_finite", None)


def test_a_task_that_failed_by_itself_needs_no_shards(one: Bench, ada: User) -> None:
    suite("pair", task("good_task"), task("bad_task"))
    queue(ada)
    spec = one.lease().json()
    shards = [{"index": 0, "sha256": one.put(spec, 0).json()["kept"]}]
    body = results(spec)
    body["tasks"]["bad_task"] |= {"metrics": {}, "fault": {"code": "faulty_rows", "text": "Row 3 is empty."}}
    sent = {"results": body, "envelope": envelope(spec, body, shards, one.signer), "shards": shards}
    assert one.call("POST", one.at(spec, "/result"), sent).status_code == 201
    failed = Score.objects.get(task__name="bad_task")
    assert (failed.missing, failed.text) == ("failed", "Row 3 is empty.")


def test_tasks_the_model_cannot_do_are_listed_with_the_reason(one: Bench, ada: User) -> None:
    suite("mixed", task("text_task"), task("image_task", modalities=(Modality.IMAGE,)))
    queue(ada, model())
    one.done(one.lease().json())
    skipped = Score.objects.get(task__name="image_task")
    assert skipped.missing == "skipped" and "image" in skipped.text


def told(**changes: object) -> dict[str, Any]:
    """Changes of the one metric."""
    return {"metrics": {"acc": {"value": 0.9, "ci95": [0.8, 0.95], "n": 40, "method": "wilson", **changes}}}


MALFORMED: dict[str, Any] = {
    "fewer rows than planned": {"n": 39},
    "more rows than there are": {"n": 41},
    "n below nothing": {"n": -1, "limited": True},
    "n that is text": {"n": "40"},
    "n that is true": {"n": True, "limited": True},
    "n that no column holds": {"n": 2**40},
    "no n": {"n": None},
    "limited in words": {"limited": "no"},
    "metrics as a list": {"metrics": [0.9]},
    "a metric that is a number": {"metrics": {"acc": 0.9}},
    "a metric with too long a name": {"metrics": {"a" * 61: told()["metrics"]["acc"]}},
    "a fault in words": {"fault": "no"},
    "data in words": {"dataset": "words"},
    "a value that is text": told(value="0.9"),
    "a value above its interval": told(value=0.99),
    "a value below its interval": told(value=0.1),
    "an interval of one": told(ci95=[0.8]),
    "an interval of text": told(ci95=["0.8", "0.95"]),
    "an interval that is a number": told(ci95=0.8),
    "more items than rows": told(n=41),
    "fewer items than none": told(n=-1),
    "a method that is a number": told(method=3),
    "a text with NUL": told(note="a\0b"),
    "half a character": {"note": "\ud800"},
}


@pytest.mark.parametrize("scores", MALFORMED.values(), ids=MALFORMED)
def test_a_signed_result_of_another_form_is_refused(one: Bench, spec: dict[str, Any], scores: dict[str, Any]) -> None:
    shards, body, fits = one.put_all(spec), results(spec, **scores), results(spec)
    fits["tasks"]["small_task"] |= {key: value for key, value in scores.items() if signable(key, value)}
    sent = {"results": body, "envelope": envelope(spec, fits, shards, one.signer), "shards": shards}
    answer = one.call("POST", one.at(spec, "/result"), sent)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_result"), answer.content
    assert not Result.objects.exists()


def signable(key: str, value: object) -> bool:
    return key != "metrics" or (isinstance(value, dict) and all(isinstance(one, dict) for one in value.values()))


@pytest.mark.parametrize("flag", ["limited", "unpinned"])
def test_a_flag_that_was_signed_cannot_be_left_out_beside(one: Bench, spec: dict[str, Any], flag: str) -> None:
    shards = one.put_all(spec)
    made = envelope(spec, results(spec, **{flag: True}), shards, one.signer)
    sent = {"results": results(spec), "envelope": made, "shards": shards}
    assert one.call("POST", one.at(spec, "/result"), sent).json()["what"] == f"{flag} of small_task"


def test_n_beside_the_signed_one_is_refused(one: Bench, spec: dict[str, Any]) -> None:
    shards = one.put_all(spec)
    made = envelope(spec, results(spec, limited=True), shards, one.signer)
    body = results(spec, limited=True)
    body["tasks"]["small_task"]["n"] = 20
    body["tasks"]["small_task"]["metrics"]["acc"]["n"] = 20
    sent = {"results": body, "envelope": made, "shards": shards}
    assert one.call("POST", one.at(spec, "/result"), sent).status_code == 422


def test_a_part_of_the_rows_is_taken_when_it_says_so(one: Bench, spec: dict[str, Any]) -> None:
    shards, body = one.put_all(spec), results(spec, limited=True)
    body["tasks"]["small_task"]["n"] = 35
    body["tasks"]["small_task"]["metrics"]["acc"]["n"] = 35
    sent = {"results": body, "envelope": envelope(spec, body, shards, one.signer), "shards": shards}
    assert one.call("POST", one.at(spec, "/result"), sent).status_code == 201
    assert (Score.objects.get().n, Score.objects.get().flags) == (35, ["limited"])


@pytest.mark.parametrize("tasks", [None, [], {}, "all", {"small_task": None}, {"small_task": []}])
def test_results_without_their_tasks_are_refused(one: Bench, spec: dict[str, Any], tasks: object) -> None:
    shards, fits = one.put_all(spec), results(spec)
    sent = {"results": fits | {"tasks": tasks}, "envelope": envelope(spec, fits, shards, one.signer), "shards": shards}
    answer = one.call("POST", one.at(spec, "/result"), sent)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_result"), answer.content


@pytest.mark.parametrize("data", ["words", ["words"], None])
def test_a_statement_of_another_form_is_refused(one: Bench, spec: dict[str, Any], data: object) -> None:
    shards = one.put_all(spec)
    said = [{"name": "small_task", "digest": "0" * 64, "dataset": data}]
    answer = one.result(spec, shards, tasks=said)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_result"), answer.content
