"""Perturbations in a run: the clean numbers stay as they are, and each variant is paired with them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from landbridge_baselines.building import build
from landbridge_evaluation import variants
from landbridge_evaluation.cli import main
from landbridge_evaluation.jobspec import JobSpec
from landbridge_evaluation.metrics.base import mean, proportion
from landbridge_evaluation.perturbing import Disturber
from landbridge_evaluation.planning import Route, plan_shards
from landbridge_evaluation.rendering import packed, packed_sound
from landbridge_evaluation.robustness import newcombe, paired, worst
from landbridge_evaluation.supervisor import JobResults
from landbridge_evaluation.variants import Variant, variants_of
from landbridge_plugins import PerturbationSpec, Perturbed, SpecError, TaskSpec
from tests.evaluation.runs import Maker

PARITY: dict[str, Any] = {
    "kind": "classify",
    "prompt": {"input": {"column": "text"}, "target": {"column": "label"}},
    "metrics": ["acc", "macro_f1"],
}
USES = [{"name": "char_swap", "strengths": [1, 3]}, {"name": "upper", "strengths": [2]}, {"name": "zh_shape"}]
NAMES = ["char_swap@1", "char_swap@3", "upper@2", "zh_shape@1", "zh_shape@2", "zh_shape@3"]
TRAINED = {"ref": "file:rows", "split": "test", "train_split": "train"}


def parity(count: int) -> list[dict[str, Any]]:
    return [{"text": f"the number {one} here", "label": "odd" if one % 2 else "even"} for one in range(count)]


def tasks(results: JobResults) -> dict[str, Any]:
    assert not results.faults, {name: str(one) for name, one in results.faults.items()}
    found: dict[str, Any] = results.to_json()["tasks"]["a_task"]
    return found


def shards(frames: list[bytes]) -> list[list[Any]]:
    return [one["items"] for one in map(json.loads, frames) if one["k"] == "shard"]


@pytest.mark.parametrize(
    ("task", "slug"),
    [
        (PARITY, "lumen-perfect"),
        ({**PARITY, "dataset": TRAINED}, "lumen-learner"),
        ({**PARITY, "dataset": TRAINED, "adaptation": {"method": "head"}}, "lumen-features"),
    ],
)
def test_the_clean_numbers_do_not_change_by_a_byte(run_of: Maker, task: dict[str, Any], slug: str) -> None:
    rows = {"test": parity(40), "train": parity(60)}
    alone = run_of(task, rows, slug)
    bare = alone.go()
    beside = run_of({**task, "perturbations": USES}, rows, slug)
    results = beside.go()
    clean, both = tasks(bare), tasks(results)
    assert clean["perturbations"] == {} and list(both["perturbations"]) == NAMES
    digests = clean.pop("digest"), both.pop("digest")
    assert digests[0] != digests[1]
    assert json.dumps({**both, "perturbations": {}}) == json.dumps(clean)
    lines = list(results.samples())
    assert [one for one in lines if one["variant"] == "clean"] == list(bare.samples())
    assert {one["variant"] for one in lines} == {"clean", *NAMES} and len(lines) == 7 * 40
    count = len(alone.frames)
    assert beside.frames[:count] == alone.frames  # what the child is asked first is what it was asked
    assert not any(name in beside.sent() for name in ("char_swap", "upper", "zh_shape"))


def test_each_variant_is_paired_with_the_clean_items(run_of: Maker) -> None:
    task = {**PARITY, "dataset": TRAINED, "perturbations": USES}
    run = run_of(task, {"test": parity(60), "train": parity(60)}, "lumen-learner")  # it knows texts by heart
    found = tasks(run.go())["perturbations"]
    lost = found["char_swap@1"]
    assert (lost["n"], lost["changed"], lost["value"], lost["drop"]) == (60, 60, 0.5, 0.5)
    assert lost["consistency"] == 0.5 and (lost["method"], lost["drop_method"]) == ("wilson", "paired_newcombe")
    for one in found.values():
        assert one["ci95"][0] <= one["value"] <= one["ci95"][1]
        assert one["drop_ci95"][0] <= one["drop"] <= one["drop_ci95"][1]
    same = found["zh_shape@2"]  # there is nothing Chinese in it
    assert (same["changed"], same["drop"], same["consistency"]) == (0, 0.0, 1.0)
    low, high = same["drop_ci95"]
    assert -0.1 < low < 0.0 < high < 0.1


def test_equal_questions_are_asked_once_and_a_finished_run_asks_nothing(run_of: Maker) -> None:
    run = run_of({**PARITY, "perturbations": USES}, {"test": parity(40)})
    first = run.go().to_json()["tasks"]
    asked = [item for items in shards(run.frames) for item in items]
    assert len(asked) == len(set(asked)) and 4 * 39 <= len(asked) <= 4 * 40  # of zh_shape no one
    run.frames.clear()
    second = run.go().to_json()["tasks"]
    assert not run.frames and json.dumps(first) == json.dumps(second)


def test_the_worst_variant_of_each_row_is_averaged(run_of: Maker) -> None:
    run = run_of({**PARITY, "perturbations": USES}, {"test": parity(40)})
    axes = run.go().to_json()["axes"]["robustness"]["a_task"]
    assert axes["variants"] == 6 and (axes["worst"]["metric"], axes["worst"]["value"]) == ("acc", 1.0)
    run = run_of({**PARITY, "metrics": ["macro_f1", "acc"], "perturbations": USES}, {"test": parity(40)})
    assert run.go().to_json()["axes"]["robustness"]["a_task"]["worst"]["metric"] == "acc"


def test_spans_are_found_where_they_were(run_of: Maker) -> None:
    task = {
        "kind": "extract_span",
        "prompt": {"question": "Which?", "context": {"column": "text"}, "answers": {"column": "answer"}},
        "metrics": ["f1", "exact_match"],
        "perturbations": [{"name": "char_drop"}, {"name": "spaces"}, {"name": "distractor"}, {"name": "zh_spaces"}],
    }
    rows = [{"text": f"In the year {one} [somebody] wrote.", "answer": "[somebody]"} for one in range(20)]
    rows += [{"text": f"第{one}年，[某一个人]写了它。", "answer": "[某一个人]"} for one in range(20)]  # noqa: RUF001
    run = run_of(task, {"test": rows})
    results = run.go()
    for name, one in tasks(results)["perturbations"].items():
        assert (one["value"], one["drop"]) == (1.0, 0.0), name
    lines = [one for one in results.samples() if one["variant"] == "char_drop@3"]
    text = rows[0]["text"]
    assert lines[0]["span"] == [text.index("["), text.index("]") + 1]
    assert any("[somebody]" not in context for items in shards(run.frames) for _, context in items if "[s" in context)


def test_words_keep_their_tags(run_of: Maker) -> None:
    task = {
        "kind": "tag",
        "prompt": {"tokens": {"column": "words"}, "tags": {"column": "tags"}},
        "metrics": ["span_f1", "token_acc"],
        "perturbations": [{"name": "char_swap"}, {"name": "homoglyph"}, {"name": "char_drop"}, {"name": "spaces"}],
    }
    words = ["maybe", "LUMEN", "comes", "to", "BERLIN", "today"]
    rows = [{"words": [*words, str(one)], "tags": ["O", "B-X", "O", "O", "B-X", "O", "O"]} for one in range(20)]
    run = run_of(task, {"test": rows}, tags=True)
    found = tasks(run.go())["perturbations"]
    assert all(one["value"] == 1.0 for one in found.values())
    assert found["char_swap@1"]["changed"] == 20
    assert all(len(item) == 7 for items in shards(run.frames) for item in items)


def test_choices_stay_and_their_context_is_one(run_of: Maker) -> None:
    task = {
        "kind": "loglikelihood",
        "prompt": {"input": {"column": "text"}, "choices": {"column": "choices"}, "target": {"column": "target"}},
        "metrics": ["acc"],
        "perturbations": [{"name": "typo_keyboard", "strengths": [2]}],
    }
    rows = [{"text": f"The answer to {one} is", "choices": ["wrong", "right"], "target": 1} for one in range(20)]
    run = run_of(task, {"test": rows})
    assert tasks(run.go())["perturbations"]["typo_keyboard@2"]["changed"] == 20
    contexts: dict[str, set[str]] = {}
    for items in shards(run.frames):
        for context, choice in items:
            contexts.setdefault(context, set()).add(choice)
    assert len(contexts) == 40 and all(found == {" wrong", " right"} for found in contexts.values())


OTHERS: list[tuple[dict[str, Any], list[dict[str, Any]]]] = [
    (
        {"kind": "generate", "prompt": {"input": "{{text}} plus one is", "target": {"column": "target"}},
         "metrics": ["exact_match"],
         "generation": {"filters": [{"name": "first_line"}]}},
        [{"text": f"number {one}", "target": str(one + 1)} for one in range(20)],
    ),
    (
        {"kind": "embed", "prompt": {"inputs": [{"column": "text"}, {"column": "other"}], "pair": {"column": "same"}},
         "metrics": ["spearman"]},
        [{"text": f"number {one}", "other": f"number {one % 7}", "same": float(one % 5)} for one in range(20)],
    ),
    (
        {"kind": "embed", "prompt": {"inputs": [{"column": "text"}, {"column": "text"}],
                                     "relevance": {"column": "text"}},
         "metrics": ["recall_10"]},
        [{"text": f"number {one}"} for one in range(20)],
    ),
    (
        {"kind": "rank", "prompt": {"query": {"column": "text"}, "candidates": {"column": "near"},
                                    "relevant": {"column": "text"}}, "metrics": ["ndcg_10"]},
        [{"text": f"number {one}", "near": [f"number {one + step}" for step in range(5)]} for one in range(20)],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("task", "rows"), OTHERS)
def test_the_other_kinds_are_disturbed_in_what_is_asked(
    run_of: Maker, task: dict[str, Any], rows: list[dict[str, Any]]
) -> None:
    run = run_of({**task, "perturbations": [{"name": "char_repeat", "strengths": [3]}]}, {"test": rows})
    results = run.go()
    one = tasks(results)["perturbations"]["char_repeat@3"]  # the model reads numbers alone: nothing is lost
    assert (one["n"], one["changed"], one["drop"]) == (20, 20, 0.0)
    assert one["drop_ci95"][0] <= 0.0 <= one["drop_ci95"][1] and one["drop_method"].startswith("paired_")
    assert (one["consistency"] is None) == (task["kind"] != "generate")


def test_a_running_text_has_no_variants(run_of: Maker) -> None:
    task = {"kind": "loglikelihood_rolling", "prompt": {"text": {"column": "text"}}, "metrics": ["bits_per_byte"]}
    run = run_of(task, {"test": [{"text": f"some words {one}"} for one in range(5)]})
    run.spec = replace(run.spec, axes=("robustness",))
    assert tasks(run.go())["perturbations"] == {}
    with pytest.raises(SpecError):
        variants_of(replace(run.spec.tasks[0], perturbations=task_of(perturbations=[{"name": "lower"}]).perturbations))


def task_of(**more: object) -> TaskSpec:
    return TaskSpec.from_json({"name": "a_task", "dataset": {"ref": "file:rows", "split": "test"}, **PARITY, **more})


def test_pieces_are_disturbed_as_the_model_gets_them_and_alike_whatever_the_task_asks_beside() -> None:
    one = Disturber(task_of(), variants_of(task_of(perturbations=USES))[0])
    other = Disturber(task_of(perturbations=USES), one.variant)
    assert one.piece("some longer words").item == other.piece("some longer words").item != "some longer words"
    pair = one.row([["some longer words", "and others again"]]).items[0]
    assert pair[0] == one.piece("some longer words").item and pair[1] != "and others again"
    shout = packed(np.full((4, 4, 1), 200, np.uint8))
    assert one.row([shout]).items == (shout,)  # slips of letters are about texts
    noise = Disturber(task_of(modalities=["image"]), Variant(variants.brought()["image_noise"], 2))
    made = noise.row([shout]).items[0]
    assert made["image"] == [4, 4, 1] and made != shout and noise.row([shout]).items[0] == made
    quiet = Disturber(task_of(modalities=["audio"]), Variant(variants.brought()["audio_gain"], 1))
    sound = packed_sound(np.ones(4, np.float32))
    assert quiet.row([sound]).items[0] == packed_sound(np.full(4, 10 ** (-6 / 20), np.float32))


def test_a_perturbation_that_fails_is_named_and_fails_its_task(run_of: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_item: object, _rng: object, _strength: int) -> Perturbed:
        raise ValueError("a lab's bug")

    known = {"broken": PerturbationSpec(name="broken", apply=broken)}
    run = run_of({**PARITY, "perturbations": [{"name": "char_swap"}]}, {"test": parity(40)})
    monkeypatch.setattr(variants, "brought", lambda: known)
    assert "no perturbation" in str(run.go().faults["a_task"])
    run.spec = replace(run.spec, tasks=(task_of(perturbations=[{"name": "broken"}]),))
    fault = run.go().faults["a_task"]
    assert "broken@1" in str(fault) and "a lab's bug" in str(fault)


@pytest.mark.parametrize(
    ("more", "pointer", "words"),
    [
        ({"perturbations": [{"name": "char_swop"}]}, "/perturbations/0/name", '"char_swap"'),
        ({"perturbations": [{"name": "lower", "strengths": [0]}]}, "/perturbations/0/strengths", "1 to 3"),
        ({"perturbations": [{"name": "lower"}, {"name": "lower"}]}, "/perturbations/1/strengths", "twice"),
        ({"perturbations": [{"name": "image_blur"}]}, "/perturbations/0/name", "image"),
    ],
)
def test_what_cannot_be_run_is_said_with_a_pointer(more: dict[str, Any], pointer: str, words: str) -> None:
    with pytest.raises(SpecError) as caught:
        variants_of(task_of(**more))
    assert caught.value.pointer == pointer and words in caught.value.message


def test_the_default_set_has_at_least_twelve_for_each_modality_and_language() -> None:
    assert variants_of(task_of()) == ()
    for more in (
        {},
        {"languages": ["en"]},
        {"languages": ["zh-Hans"]},
        {"modalities": ["image"]},
        {"modalities": ["audio"]},
    ):
        found = variants_of(task_of(**more), ["robustness"])
        assert len(found) == len({one.name for one in found}) >= 12, more
    english = {one.spec.name for one in variants_of(task_of(languages=["en"]), ["robustness"])}
    chinese = {one.spec.name for one in variants_of(task_of(languages=["zh"]), ["robustness"])}
    assert "typo_keyboard" in english - chinese and "zh_homophone" in chinese - english
    named = task_of(perturbations=[{"name": "lower", "strengths": [1]}])
    assert [one.name for one in variants_of(named, ["robustness"])] == ["lower@1"]


def test_variants_come_behind_the_clean_rows_which_are_cut_as_before() -> None:
    counts = {"train": 600, "test": 1500}
    for task, route in ((task_of(), Route.NATIVE), (task_of(dataset=TRAINED), Route.HEAD)):
        clean, both = plan_shards(task, counts, route), plan_shards(task, counts, route, variants=3)
        assert both[: len(clean)] == clean and both[-1].stop == clean[-1].stop + 3 * 1500
        assert [one.start for one in both[1:]] == [one.stop for one in both[:-1]]
    named = task_of(perturbations=[{"name": "lower"}])
    assert plan_shards(named, counts, Route.NATIVE) == plan_shards(named, counts, Route.NATIVE, variants=3)


def test_a_job_says_its_axes() -> None:
    spec = JobSpec.from_json(
        {"job": "j", "attempt": 1, "model": {"repo": "a/b", "revision": "", "digest": ""}, "tasks": [], "data": [],
         "shards": [], "axes": ["robustness"]}
    )  # fmt: skip
    assert JobSpec.from_json(spec.to_json()).axes == ("robustness",)


def test_the_difference_of_paired_proportions_is_that_of_the_published_example() -> None:
    clean, other = [1] * 36 + [1] * 12 + [0] * 2, [1] * 36 + [0] * 12 + [1] * 2  # Newcombe 1998, table II
    assert newcombe(np.array(clean), np.array(other)) == pytest.approx((0.0569, 0.3404), abs=5e-4)
    low, high = newcombe(np.ones(50), np.ones(50))
    assert low == -high and 0.05 < high < 0.1


def test_a_drop_is_positive_where_it_is_worse_and_clusters_widen_it() -> None:
    rng = np.random.default_rng(0)
    clean, other = rng.normal(1.0, 1.0, 100), rng.normal(0.5, 1.0, 100)
    rows = [np.column_stack([one, np.ones(100)]) for one in (clean, other)]
    score = mean("score", lambda _said, _target: 0.0, range=(None, None))
    loss = mean("loss", lambda _said, _target: 0.0, higher_is_better=False, range=(None, None))
    up, down = paired(score, *rows, key="k"), paired(loss, *rows, key="k")
    assert up.value == -down.value == pytest.approx(float((clean - other).mean()))
    assert (up.low, up.high) == pytest.approx((-down.high, -down.low)) and up.method == "paired_t"
    groups = [str(one // 10) for one in range(100)]
    assert paired(score, *rows, key="k", clusters=groups).method == "paired_cluster_t"
    right = proportion("right", lambda _said, _target: True)
    assert worst(right, [np.array([[1, 1], [0, 1]]), np.array([[1, 1], [1, 1]])]).tolist() == [[1, 1], [0, 1]]
    assert worst(loss, [np.array([[1, 1], [0, 1]]), np.array([[1, 1], [1, 1]])]).tolist() == [[1, 1], [1, 1]]


@pytest.fixture(scope="module")
def centroid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    list(build(folder, ["char-ngram"]))
    return folder / "char-ngram"


def test_the_axis_adds_a_default_set_to_a_task_that_names_none(
    tmp_path: Path, centroid: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rows").mkdir()
    texts = ("Where is my new card?", "银行卡丢失了，怎么办？")  # noqa: RUF001
    rows = [{"text": f"{texts[one % 2]} {one}", "label": ("card", "lost")[one % 2]} for one in range(40)]
    for split in ("train", "test"):
        (tmp_path / "rows" / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "tasks.json").write_text(json.dumps({"name": "mine", "dataset": TRAINED, **PARITY}))

    def run(output: str, *more: str) -> dict[str, Any]:
        given = ["--model", str(centroid), "--tasks", str(tmp_path / "tasks.json"), "--output", str(tmp_path / output)]
        assert main(["run", *given, "--device", "cpu", *more]) == 0
        found: dict[str, Any] = json.loads((tmp_path / output / "results.json").read_text())
        return found

    clean, both = run("clean"), run("both", "--axes", "accuracy,robustness")
    assert "mine: char_swap@2 loses" in capsys.readouterr().err
    assert len(both["tasks"]["mine"]["perturbations"]) >= 12 and both["axes"]["robustness"]["mine"]["worst"]
    assert json.dumps({**both["tasks"]["mine"], "perturbations": {}}) == json.dumps(clean["tasks"]["mine"])
    assert clean["axes"] == {} and clean["tasks"]["mine"]["perturbations"] == {}
    first = (tmp_path / "clean" / "samples.jsonl").read_text()
    assert (tmp_path / "both" / "samples.jsonl").read_text().startswith(first)
    given = ["--model", str(centroid), "--tasks", str(tmp_path / "tasks.json")]
    assert main(["run", *given, "--output", str(tmp_path / "clean"), "--axes", "robustness"]) == 2
    with pytest.raises(SystemExit) as caught:
        main(["run", *given, "--output", str(tmp_path / "other"), "--axes", "robustnes"])
    assert caught.value.code == 2 and "robustness" in capsys.readouterr().err


def test_pictures_are_disturbed_too(tmp_path: Path) -> None:
    list(build(tmp_path, ["majority-image"]))
    given = ["--model", str(tmp_path / "majority-image"), "--tasks", "digits_linear", "--output", str(tmp_path / "out")]
    assert main(["run", *given, "--device", "cpu", "--limit", "20", "--axes", "robustness"]) == 0
    found = json.loads((tmp_path / "out" / "results.json").read_text())["tasks"]["digits_linear"]["perturbations"]
    assert len(found) == 14 and all(one["changed"] >= 18 and one["drop"] == 0.0 for one in found.values())
