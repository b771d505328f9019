"""The whole path with a real child: questions in, predictions out, scores with intervals; labels stay outside."""

import json
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import psutil
import pytest

from landbridge_evaluation.errors import InfrastructureFault, LoadFault, NoIsolation, Stopped
from landbridge_evaluation.jobspec import Bounds, JobSpec
from landbridge_evaluation.supervisor import JobResults, Progress
from tests.evaluation.runs import Maker, Run

Rows = Sequence[dict[str, Any]]
PARITY: dict[str, Any] = {
    "kind": "classify",
    "prompt": {"input": {"column": "text"}, "target": {"column": "label"}},
    "metrics": ["acc", "macro_f1", "balanced_acc", "mcc", "brier", "log_loss", "ece"],
}
HEAD = {
    **PARITY,
    "adaptation": {"method": "head"},
    "dataset": {"ref": "file:rows", "split": "test", "train_split": "train"},
    "metrics": ["acc"],
}


def parity(count: int, start: int = 0) -> Rows:
    return [{"text": f"number {one}", "label": "odd" if one % 2 else "even"} for one in range(start, start + count)]


def metrics(results: JobResults, task: str = "a_task") -> dict[str, Any]:
    assert not results.faults, {name: str(one) for name, one in results.faults.items()}
    found: dict[str, Any] = results.to_json()["tasks"][task]["metrics"]
    return found


def children() -> list[int]:
    """Those that hold a model; a library's own helpers are none of ours."""
    found = list[int]()
    for one in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):  # it ended while it was looked at
            found += [one.pid] if "landbridge_evaluation.child" in one.cmdline() else []
    return found


def test_a_perfect_classifier_is_perfect_and_its_interval_is_not_a_point(run_of: Maker) -> None:
    results = run_of(PARITY, {"test": parity(60)}).go()
    found = metrics(results)
    assert found["acc"]["value"] == found["macro_f1"]["value"] == found["mcc"]["value"] == 1.0
    low, high = found["acc"]["ci95"]
    assert low == pytest.approx(0.9398, abs=1e-4) and high == 1.0 and found["acc"]["n"] == 60
    assert all(one["ci95"][0] <= one["value"] <= one["ci95"][1] for one in found.values())
    assert results.counters == {"a_task": {}} and not children()


def test_sorted_data_does_not_arrive_sorted_and_samples_come_in_the_rows_order(run_of: Maker) -> None:
    run = run_of(PARITY, {"test": parity(200)})
    results = run.go()
    (shard,) = [json.loads(frame) for frame in run.frames if b'"k":"shard"' in frame]
    rows = [one["text"] for one in parity(200)]
    assert sorted(shard["items"]) == sorted(rows) and shard["items"] != rows
    samples = list(results.samples())
    assert [one["index"] for one in samples] == list(range(200))
    assert samples[3] == {
        "task": "a_task",
        "index": 3,
        "item": 3,
        "variant": "clean",
        "prediction": "odd",
        "probability": pytest.approx(0.98, abs=0.01),
        "target": "odd",
        "scores": {"acc": 1.0, "brier": pytest.approx(0.0006, abs=1e-4), "log_loss": pytest.approx(0.0185, abs=1e-3)},
        "prompt_sha256": samples[3]["prompt_sha256"],
    }


def test_an_item_that_stands_in_many_rows_is_asked_once(run_of: Maker) -> None:
    run = run_of(PARITY, {"test": [*parity(40), *parity(40)]})
    assert metrics(run.go())["acc"]["n"] == 80
    assert run.sent().count("number 7") == 1


KINDS: list[tuple[dict[str, Any], Rows, str, float]] = [
    (
        {"kind": "loglikelihood", "metrics": ["acc", "acc_norm", "acc_bytes"],
         "prompt": {"input": "Q{{ q }} ", "choices": {"column": "c"}, "target": {"column": "SENTINEL"}}},
        [{"q": one, "c": [f"wrong {one}", f"right {one}"], "SENTINEL": 1} for one in range(40)], "acc", 1.0,
    ),
    (
        {"kind": "loglikelihood_rolling", "prompt": {"text": {"column": "text"}}, "metrics": ["bits_per_byte"]},
        [{"text": f"text {one} é"} for one in range(40)], "bits_per_byte", 1.0,
    ),
    (
        {"kind": "generate", "metrics": ["exact_match", "chrf"],
         "generation": {"stop": ["\n"], "filters": [{"name": "strip"}]},
         "prompt": {"input": "{{ one }}", "target": ["{{ answer }}", {"literal": "none"}]}},
        [{"one": one, "answer": f"{one + 1}"} for one in range(40)], "exact_match", 1.0,
    ),
    (
        {"kind": "extract_span", "metrics": ["f1", "exact_match"],
         "prompt": {"question": "which?", "context": {"column": "context"}, "answers": {"column": "answers"}}},
        [{"context": f"it is [{one}] there", "answers": {"text": [f"{one}"]}} for one in range(40)], "exact_match", 1.0,
    ),
    (
        {"kind": "embed", "metrics": ["bitext_acc"],
         "prompt": {"inputs": ["{{ one }} a", "{{ one }} b"]}},
        [{"one": one} for one in range(40)], "bitext_acc", 1.0,
    ),
    (
        {"kind": "embed", "metrics": ["ndcg_10", "recall_10", "mrr_10"],
         "prompt": {"inputs": ["ask {{ one }}", "told {{ one }}"], "relevance": "{{ one }}",
                    "role": ["query", "passage"]}},
        [{"one": one} for one in range(40)], "ndcg_10", 1.0,
    ),
    (
        {"kind": "rank", "metrics": ["ndcg_10"],
         "prompt": {"query": "{{ one }}", "candidates": {"column": "all"}, "relevant": {"column": "SENTINEL"}}},
        [{"one": one, "all": [f"{one + 5}", f"{one}", f"{one + 9}"], "SENTINEL": f"{one}"} for one in range(40)],
        "ndcg_10", 1.0,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("task", "rows", "metric", "value"), KINDS, ids=lambda one: str(one)[:40])
def test_each_kind_of_request_goes_the_whole_way(
    task: dict[str, Any], rows: Rows, metric: str, value: float, run_of: Maker
) -> None:
    found = metrics(run_of(task, {"test": rows}).go())
    assert found[metric]["value"] == pytest.approx(value, abs=1e-6)
    assert found[metric]["ci95"][0] <= found[metric]["value"] <= found[metric]["ci95"][1]


def test_similarity_is_ranked_against_gold(run_of: Maker) -> None:
    task = {
        "kind": "embed",
        "metrics": ["spearman"],
        "prompt": {"inputs": ["0", "{{ one }}"], "pair": {"column": "gold"}},
    }
    rows = [{"one": one, "gold": -one} for one in range(1, 4)] * 20
    assert metrics(run_of(task, {"test": rows}).go())["spearman"]["value"] == pytest.approx(1.0, abs=0.02)


def test_words_are_tagged_natively_and_by_a_linear_head(run_of: Maker) -> None:
    task = {
        "kind": "tag",
        "metrics": ["span_f1", "token_acc"],
        "prompt": {"tokens": {"column": "words"}, "tags": {"column": "tags"}},
    }
    rows = [{"words": ["a", "NAME", f"w{one}"], "tags": ["O", "B-X", "O"]} for one in range(40)]
    assert metrics(run_of(task, {"test": rows}, tags=True).go())["span_f1"]["value"] == 1.0
    headed = {
        **task,
        "adaptation": {"method": "head"},
        "dataset": {"ref": "file:rows", "split": "test", "train_split": "train"},
    }
    run = run_of(headed, {"test": rows, "train": rows}, slug="lumen-features")
    assert metrics(run.go())["span_f1"]["value"] == 1.0


def test_a_head_is_fitted_outside_and_the_child_sees_no_label_at_all(run_of: Maker) -> None:
    run = run_of(HEAD, {"train": parity(120), "test": parity(60, 500)}, slug="lumen-features")
    results = run.go()
    assert metrics(results)["acc"]["value"] == 1.0
    note = results.to_json()["tasks"]["a_task"]
    assert note["route"] == "head" and note["adaptation"]["head_train"] == 120
    assert '"even"' not in run.sent() and '"odd"' not in run.sent()


def test_a_learner_gets_training_labels_and_never_those_of_the_test(run_of: Maker) -> None:
    train = [{"text": f"train {one}", "label": f"TRAIN{one % 2}"} for one in range(30)]
    test = [{"text": f"train {one}", "label": f"TRAIN{one % 2}", "note": "SECRET"} for one in range(30)]
    run = run_of(HEAD, {"train": train, "test": test}, slug="lumen-learner")
    assert metrics(run.go())["acc"]["value"] == 1.0
    task, shard = (json.loads(frame) for frame in run.frames[1:])
    assert sorted(map(tuple, task["train"])) == sorted((one["text"], one["label"]) for one in train)
    assert "TRAIN" not in json.dumps(shard) and "SECRET" not in run.sent()


SENTINELS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("generate", {"input": "{{ q }}", "target": {"column": "gold"}}, {"q": "ask"}),
    ("extract_span", {"question": "q", "context": {"column": "q"}, "answers": {"column": "gold"}}, {"q": "context"}),
    ("embed", {"inputs": ["a {{ q }}", "b"], "relevance": {"column": "gold"}}, {"q": "x"}),
    ("loglikelihood", {"input": "q", "choices": ["a", "b"], "target": {"column": "place"}}, {"place": 1}),
]


@pytest.mark.parametrize(("kind", "prompt", "row"), SENTINELS, ids=[one[0] for one in SENTINELS])
def test_evaluation_labels_reach_the_child_in_no_frame(
    kind: str, prompt: dict[str, Any], row: dict[str, Any], run_of: Maker
) -> None:
    metric = {"generate": "chrf", "extract_span": "f1", "embed": "ndcg_10", "loglikelihood": "acc"}[kind]
    rows = [{**row, "q": f"{one}", "gold": f"SENTINEL{one}", "note": "SENTINEL"} for one in range(40)]
    run = run_of({"kind": kind, "prompt": prompt, "metrics": [metric], "cluster_by": "note"}, {"test": rows})
    assert not run.go().faults and run.shards_sent()
    assert "SENTINEL" not in run.sent()


def test_the_same_seed_twice_gives_equal_bytes(run_of: Maker) -> None:
    run = run_of(HEAD, {"train": parity(200), "test": parity(300, 99)}, slug="lumen-features")
    first = json.dumps(run.go().to_json()["tasks"])
    run.store.kept.clear()
    assert json.dumps(run.go().to_json()["tasks"]) == first and len(run.shards_sent()) == 2


def test_a_child_killed_in_mid_task_repeats_at_most_one_shard(run_of: Maker) -> None:
    run = run_of(PARITY, {"test": parity(5000)})
    planned = [plan.index for plan in run.spec.shards]
    assert len(planned) == 5

    def kill(progress: Progress) -> None:
        if progress.shards_done == 2:
            for pid in children():
                os.kill(pid, signal.SIGKILL)

    with pytest.raises(InfrastructureFault) as caught:
        run.go(progress=kill)
    assert caught.value.kind == "child_killed" and caught.value.retryable
    kept = dict(run.store.kept)
    assert sorted(kept) in (planned[:2], planned[:3]) and not children()  # it may have answered before it died
    results = run.go()
    assert metrics(results)["acc"] == metrics(run_again(run))["acc"] and metrics(results)["acc"]["n"] == 5000
    assert all(run.store.kept[index] == kept[index] for index in kept)
    asked = run.shards_sent()
    assert set(asked) == set(planned) and len(asked) <= len(planned) + 1


def run_again(run: Run) -> JobResults:
    """Everything is kept already: no child is started."""
    before = len(run.frames)
    results: JobResults = run.go()
    assert len(run.frames) == before
    return results


def test_a_wish_to_stop_ends_the_child_at_once(run_of: Maker) -> None:
    run = run_of(PARITY, {"test": parity(20)}, slug="lumen-hostile", spin=True)
    wishes = iter([None] * 40)
    with pytest.raises(Stopped, match="cancel"):
        run.go(stop=lambda: next(wishes, "cancel"))
    assert not children()


@pytest.mark.parametrize(
    ("habits", "code"),
    [
        ({"raise": "my bug"}, "plugin_fault"),
        ({"exit": 3}, "child_exited"),
        ({"rows": [1, 2, 3]}, "wrong_shape"),
        ({"rows": [1, float("nan")]}, "not_finite"),
        ({"write": '{"k":"p","i":0,"v":[0,0]}\n'}, "bad_frames"),
        ({"write": '{"k":"s","n":0}\n'}, "bad_frames"),
        ({"write": "not json\n"}, "bad_frames"),
        ({"write": '{"k":"p","i":99,"v":[0,0]}\n'}, "bad_frames"),
        ({"write": '{"k":"r"}\n'}, "bad_frames"),
    ],
)
def test_what_a_plugin_breaks_is_its_own_fault_and_scores_nothing(
    habits: dict[str, Any], code: str, run_of: Maker
) -> None:
    run = run_of(PARITY, {"test": parity(20)}, slug="lumen-hostile", **habits)
    results = run.go()
    assert results.faults["a_task"].kind == code and results.faults["a_task"].who == "lab"
    task = results.to_json()["tasks"]["a_task"]
    assert task["metrics"] == {} and task["fault"]["code"] == code and not run.store.kept and not children()


def test_a_bound_of_time_and_one_of_memory_hold(run_of: Maker) -> None:
    run = run_of(PARITY, {"test": parity(20)}, slug="lumen-hostile", bounds=Bounds(wall_s=2), spin=True)
    assert run.go().faults["a_task"].kind == "wall"
    run = run_of(PARITY, {"test": parity(20)}, slug="lumen-hostile", bounds=Bounds(memory_mb=700), hog=True)
    assert run.go().faults["a_task"].kind == "memory"


def test_the_child_has_an_empty_environment_no_stdin_and_no_descriptors_of_ours(
    run_of: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANDBRIDGE_TOKEN", "lb_secret")
    run = run_of(PARITY, {"test": parity(20)}, slug="lumen-hostile", look=True)
    run.go()
    seen = json.loads(b"".join(run.log).decode().strip().splitlines()[-1])
    assert "lb_secret" not in json.dumps(seen) and "LANDBRIDGE_TOKEN" not in seen["env"]
    assert seen["stdin"] == "" and len(seen["fds"]) <= 6


def test_a_model_that_cannot_load_says_why(run_of: Maker) -> None:
    with pytest.raises(LoadFault, match="these weights are odd"):
        run_of(PARITY, {"test": parity(20)}, slug="lumen-unloadable").go()
    assert not children()


def test_lab_code_is_refused_where_no_probe_holds(run_of: Maker) -> None:
    run = run_of(PARITY, {"test": parity(20)})
    run.spec = JobSpec.from_json({**run.spec.to_json(), "plugin": {"wheel_sha256": "0" * 64}})
    with pytest.raises(NoIsolation, match="runs only where it is contained") as caught:
        run.go()
    assert caught.value.kind == "no_isolation" and not run.frames


def test_what_stood_first_among_candidates_does_not_stand_first_when_asked(run_of: Maker) -> None:
    rows = [{"q": f"q{n}", "all": [f"gold {n}", f"a {n}", f"b {n}", f"c {n}"], "right": f"gold {n}"} for n in range(40)]
    prompt = {"query": "{{ q }}", "candidates": {"column": "all"}, "relevant": {"column": "right"}}
    run = run_of({"kind": "rank", "prompt": prompt, "metrics": ["ndcg_10"]}, {"test": rows})
    run.go()
    items = [one for line in run.frames if (sent := json.loads(line))["k"] == "shard" for one in sent["items"]]
    places = [one["candidates"].index(f"gold {one['query'][1:]}") for one in items]
    assert len(places) == 40 and all(places.count(place) >= 3 for place in range(4))


def test_a_limit_keeps_the_first_rows_and_says_so(run_of: Maker) -> None:
    results = run_of(PARITY, {"test": parity(100)}, bounds=Bounds(items=10)).go()
    task = results.to_json()["tasks"]["a_task"]
    assert (task["n"], task["limited"], task["small_n"]) == (10, True, True)


def test_a_job_spec_comes_back_from_its_own_json(run_of: Maker) -> None:
    spec = run_of(PARITY, {"test": parity(20)}).spec
    assert JobSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec
