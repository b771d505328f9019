"""Under a lease: heartbeats, shards, logs, faults and the retry budget."""

import gzip
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import Settings

from landbridge.accounts.models import User
from landbridge.core import sweeps, time
from landbridge.evaluations.machine import JobState
from landbridge.evaluations.models import Attempt, Job, JobEvent, LogChunk, Shard
from tests.jobs.ground import LABELS, Bench, bench, queue, shard, suite, task


@pytest.fixture
def one(db: None) -> Bench:
    return bench()


@pytest.fixture
def spec(one: Bench, ada: User) -> dict[str, Any]:
    """A lease of a job of three shards."""
    suite("small", task("big_task", rows=2500))
    queue(ada)
    leased: dict[str, Any] = one.lease().json()
    assert [plan["index"] for plan in leased["shards"]] == [0, 1, 2]
    return leased


def test_the_first_beat_of_a_running_child_moves_the_job(one: Bench, spec: dict[str, Any]) -> None:
    answer = one.beat(spec, "running", stage="loading_model")
    assert answer.json()["directive"] == "continue" and 0 < answer.json()["lease_s"] <= 45
    assert Job.objects.get().state == JobState.RUNNING


def test_a_beat_extends_the_lease_and_the_life_of_the_token(
    one: Bench, spec: dict[str, Any], settings: Settings
) -> None:
    before = Job.objects.get().lease_until
    for seconds in (20, 40, 60, 64, 80, 100):
        settings.LANDBRIDGE_CLOCK_SHIFT = timedelta(seconds=seconds)
        assert one.beat(spec, "running", items_done=seconds, stage="task:big_task").status_code == 200
    job, attempt = Job.objects.get(), Attempt.objects.select_related("token").get()
    assert job.lease_until is not None and before is not None and job.lease_until > before + timedelta(seconds=90)
    assert attempt.token is not None and attempt.token.expires_at >= job.lease_until
    assert job.progress["items_done"] == 100


def test_beats_in_between_write_nothing(one: Bench, spec: dict[str, Any]) -> None:
    one.beat(spec, "running", items_done=1)
    seen = Job.objects.get().seen_at
    one.beat(spec, "running", items_done=2)
    assert Job.objects.get().seen_at == seen


def test_the_first_valid_write_of_a_shard_stands(one: Bench, spec: dict[str, Any]) -> None:
    first, again = one.put(spec, 0), one.put(spec, 0, gzip.compress(b'{"i":0,"v":1}\n'))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["kept"] == again.json()["kept"]
    assert one.call("GET", one.at(spec, "/shards/0")).content == shard(0)


def test_what_is_missing_is_told_to_the_next_attempt(one: Bench, spec: dict[str, Any]) -> None:
    one.put(spec, 1)
    one.call("POST", one.at(spec, "/release"), {"reason": "drain"})
    again = one.lease().json()
    said = one.call("GET", one.at(again)).json()
    assert (again["attempt"], said["missing"], [kept["index"] for kept in said["shards"]]) == (2, [0, 2], [1])
    assert one.call("GET", one.at(again, "/shards/1")).content == shard(1)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"not gzip", "bad_shard"),
        (gzip.compress(b'{"i":0}')[:-6], "bad_shard"),
        (gzip.compress(b'{"i":0}'), "bad_shard"),
        (b"", "bad_shard"),
        (gzip.compress(b"0" * (65 << 20)), "bad_shard"),
    ],
    ids=["no gzip", "cut", "no line end", "empty", "bomb"],
)
def test_a_shard_that_is_not_whole_is_not_kept(one: Bench, spec: dict[str, Any], body: bytes, code: str) -> None:
    answer = one.put(spec, 0, body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert not Shard.objects.exclude(sha256="").exists()


def test_a_shard_whose_digest_does_not_fit_is_not_kept(one: Bench, spec: dict[str, Any]) -> None:
    answer = one.put(spec, 0, digest="sha-256=:AAAA:")
    assert (answer.status_code, answer.json()["code"]) == (422, "digest")


def test_a_shard_that_was_not_planned_is_refused(one: Bench, spec: dict[str, Any]) -> None:
    assert one.put(spec, 9).status_code == 422


def test_logs_are_taken_by_byte_offset_and_no_line_twice(one: Bench, spec: dict[str, Any]) -> None:
    def send(offset: int, text: str) -> Any:  # noqa: ANN401 an answer
        return one.call("POST", one.at(spec, "/logs"), {"offset": offset, "text": text})

    assert send(0, "grüße\n").json() == {"next": 8}
    assert send(0, "grüße\n").json() == {"next": 8}, "the answer was lost: the same again is harmless"
    gap = send(20, "later\n")
    assert (gap.status_code, gap.json()["code"], gap.json()["next"]) == (409, "gap", 8)
    assert send(5, "xe\nmore\n").json() == {"next": 13}, "an overlap brings only what is new"
    assert "".join(LogChunk.objects.values_list("text", flat=True)) == "grüße\nmore\n"


def test_control_characters_do_not_reach_a_terminal(one: Bench, spec: dict[str, Any]) -> None:
    one.call("POST", one.at(spec, "/logs"), {"offset": 0, "text": "\x1b[31mred\n"})
    assert "\x1b" not in LogChunk.objects.get().text


def test_a_release_is_not_counted_and_waits_for_nothing(one: Bench, spec: dict[str, Any]) -> None:
    answer = one.call("POST", one.at(spec, "/release"), {"reason": "drain"})
    job = Job.objects.get()
    assert answer.json() == {"state": "queued"}
    assert job.no_progress == 0 and job.not_before is not None and job.not_before <= time.db_now()
    again = one.call("POST", one.at(spec, "/release"), {"reason": "drain"})
    assert (again.status_code, again.json()) == (200, {"state": "queued"}), "its answer was lost: told again"


def fail(one: Bench, spec: dict[str, Any], code: str, *, retryable: bool) -> str:
    answer = one.call(
        "POST", one.at(spec, "/fault"), {"code": code, "text": "it broke", "retryable": retryable, "who": ""}
    )
    assert answer.status_code == 200, answer.content
    return str(answer.json()["state"])


def again(one: Bench) -> dict[str, Any]:
    Job.objects.update(not_before=None)
    leased: dict[str, Any] = one.lease().json()
    return leased


def test_memory_is_tried_once_more_at_half_the_token_budget(one: Bench, spec: dict[str, Any]) -> None:
    assert spec["batch_tokens"] is None
    assert fail(one, spec, "memory", retryable=False) == "queued"
    Job.objects.update(not_before=None)
    again = one.lease().json()
    assert again["batch_tokens"] == 256, "half of the least that a processor takes"
    assert fail(one, again, "memory", retryable=False) == "failed"
    assert (Job.objects.get().fault["who"], Attempt.objects.count()) == ("lab", 2)


def test_what_a_worker_cannot_isolate_goes_elsewhere_and_counts_against_nobody(
    one: Bench, spec: dict[str, Any]
) -> None:
    assert fail(one, spec, "no_isolation", retryable=True) == "queued"
    job = Job.objects.get()
    assert (job.no_progress, Attempt.objects.get().outcome, Attempt.objects.get().counted) == (0, "released", False)
    assert job.not_before is not None and job.not_before > time.db_now(), "it does not go round in circles"


def test_what_has_begun_on_one_class_of_device_goes_on_there(one: Bench, ada: User) -> None:
    suite("small", task("big_task", rows=2500))
    queue(ada)
    gpu, cpu = bench("gpu", labels=(*LABELS, "class:cuda:sm90")), bench("cpu", labels=(*LABELS, "class:cpu"))
    spec = gpu.lease().json()
    gpu.put(spec, 0)
    gpu.call("POST", gpu.at(spec, "/release"), {"reason": "drain"})
    assert Job.objects.get().needs_key == "class:cuda:sm90,model:tester"
    assert cpu.lease().status_code == 204, "scores of two classes never mix"
    assert gpu.lease().json()["attempt"] == 2


@pytest.mark.parametrize("code", ["plugin_fault", "model_not_loaded", "entitlement_lost", "content_changed"])
def test_what_another_attempt_cannot_help_is_final(one: Bench, spec: dict[str, Any], code: str) -> None:
    assert fail(one, spec, code, retryable=True) == "failed", "the worker's wish alone decides nothing"
    job = Job.objects.get()
    assert job.fault["code"] == code and job.ended_at is not None and Attempt.objects.get().outcome == "failed"


def test_three_attempts_without_a_new_shard_end_the_job(one: Bench, spec: dict[str, Any]) -> None:
    assert fail(one, spec, "child_killed", retryable=True) == "queued"
    assert fail(one, again(one), "child_killed", retryable=True) == "queued"
    assert fail(one, again(one), "child_killed", retryable=True) == "failed"
    job = Job.objects.get()
    assert (job.fault["code"], job.fault["who"]) == ("no_progress", "operator")
    assert "it broke" in job.fault["text"]


def test_a_new_shard_starts_the_count_anew(one: Bench, spec: dict[str, Any]) -> None:
    for index in range(3):
        assert fail(one, spec, "child_killed", retryable=True) == "queued"
        spec = again(one)
        assert fail(one, spec, "child_killed", retryable=True) == "queued"
        spec = again(one)
        one.put(spec, index)
    assert Job.objects.get().attempt == 7


def test_thirty_attempts_are_the_end(one: Bench, spec: dict[str, Any]) -> None:
    Job.objects.update(attempt=30)
    Attempt.objects.update(number=30)
    spec["attempt"] = 30
    assert fail(one, spec, "child_killed", retryable=True) == "failed"


def test_each_wait_is_longer_than_the_last_at_most_a_minute(one: Bench, spec: dict[str, Any]) -> None:
    fail(one, spec, "child_killed", retryable=True)
    job = Job.objects.get()
    assert job.not_before is not None
    assert timedelta(seconds=0.3) < job.not_before - time.db_now() < timedelta(seconds=1.1)


def test_every_event_has_the_next_number(one: Bench, spec: dict[str, Any]) -> None:
    one.beat(spec)
    one.call("POST", one.at(spec, "/logs"), {"offset": 0, "text": "a line\n"})
    fail(one, spec, "child_killed", retryable=True)
    one.done(again(one))
    seqs = list(JobEvent.objects.values_list("seq", flat=True))
    assert seqs == list(range(1, len(seqs) + 1)) and Job.objects.get().event_seq == len(seqs)


def test_a_worker_that_is_silent_for_long_counts_as_gone(one: Bench, settings: Settings) -> None:
    settings.LANDBRIDGE_CLOCK_SHIFT = timedelta(minutes=5)
    assert sweeps.run_once()["workers.stale"] == 1
    one.lease()
    one.worker.refresh_from_db()
    assert not one.worker.stale, "its next call clears the mark"
