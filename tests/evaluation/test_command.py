"""``run`` from the outside: files it leaves, exit codes, and what it says to bad input before any weights load."""

import json
import subprocess  # noqa: TID251 to look at a fresh interpreter
import sys
from pathlib import Path
from typing import Any

import pytest

from landbridge_baselines.building import build
from landbridge_client.hub.client import HubClient
from landbridge_evaluation.cli import main
from tests.client.server import TOKEN, running

TASK: dict[str, Any] = {
    "name": "mine",
    "kind": "classify",
    "dataset": {"ref": "file:rows", "split": "test", "train_split": "train"},
    "prompt": {"input": {"column": "text"}, "target": {"column": "label"}},
    "metrics": ["acc", "macro_f1"],
}


@pytest.fixture(scope="session")
def majority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    list(build(folder, ["majority"]))
    return folder / "majority"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    rows = [{"text": f"row {one}", "label": "yes" if one % 4 else "no"} for one in range(60)]
    (tmp_path / "rows").mkdir()
    for split in ("train", "test"):
        (tmp_path / "rows" / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def run(place: Path, model: Path, value: object = None, *more: str, tasks: str = "") -> int:
    if value is not None:
        (place / "tasks.json").write_text(json.dumps(value))
    named = tasks or str(place / "tasks.json")
    return main(["run", "--model", str(model), "--tasks", named, "--output", str(place / "out"), *more])


def test_a_run_leaves_results_samples_and_says_nothing_but_data_on_stdout(
    place: Path, majority: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(place, majority, TASK, "--json", "--device", "cpu") == 0
    out = capsys.readouterr()
    value = json.loads((place / "out" / "results.json").read_text())
    assert json.loads(out.out) == value and "mine: acc 0.7500" in out.err
    assert value["schema"] == "landbridge.results/1"
    task = value["tasks"]["mine"]
    assert task["n"] == 60 and task["route"] == "adapt" and not task["limited"] and task["fault"] is None
    acc = task["metrics"]["acc"]
    assert (acc["value"], acc["n"], acc["method"]) == (0.75, 60, "wilson")
    assert acc["ci95"] == pytest.approx([0.6276, 0.8422], abs=1e-4)
    manifest = value["manifest"]
    assert manifest["sandbox"] in {"none", "bwrap"}
    assert manifest["seeds"] == [0] and manifest["tasks"]["mine"] == task["digest"]
    samples = [json.loads(line) for line in (place / "out" / "samples.jsonl").read_text().splitlines()]
    assert len(samples) == 60 and {one["prediction"] for one in samples} == {"yes"}


def test_a_run_again_asks_nothing_and_gives_equal_bytes(place: Path, majority: Path) -> None:
    assert run(place, majority, TASK) == 0
    first = json.loads((place / "out" / "results.json").read_text())
    assert run(place, majority, TASK) == 0
    second = json.loads((place / "out" / "results.json").read_text())
    assert json.dumps(first["tasks"]) == json.dumps(second["tasks"]) and second["manifest"]["child"] == {}


def test_a_folder_of_another_task_is_refused_not_mixed(
    place: Path, majority: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(place, majority, TASK) == 0
    assert run(place, majority, {**TASK, "metrics": ["macro_f1"]}) == 2
    assert "Choose another folder" in capsys.readouterr().err


def test_a_limited_run_says_so(place: Path, majority: Path) -> None:
    assert run(place, majority, TASK, "--limit", "10") == 0
    task = json.loads((place / "out" / "results.json").read_text())["tasks"]["mine"]
    assert (task["n"], task["limited"], task["small_n"]) == (10, True, True)


def test_a_task_that_the_model_cannot_do_fails_alone(
    place: Path, majority: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = {"name": "other", "kind": "loglikelihood_rolling", "dataset": {"ref": "file:rows", "split": "test"},
            "prompt": {"text": {"column": "text"}}, "metrics": ["bits_per_byte"]}  # fmt: skip
    assert run(place, majority, {"schema": "landbridge.tasks/1", "tasks": [text, TASK]}) == 1
    tasks = json.loads((place / "out" / "results.json").read_text())["tasks"]
    assert tasks["other"]["fault"]["code"] == "not_able" and tasks["mine"]["metrics"]["acc"]["n"] == 60
    assert "other: failed" in capsys.readouterr().err


def changed(**changes: object) -> dict[str, Any]:
    return {"schema": "landbridge.tasks/1", "tasks": [{**TASK, **changes}]}


BAD: list[tuple[object, str, str]] = [
    (changed(knid="classify"), "#/tasks/0/knid", 'Did you mean "kind"'),
    (changed(kind="classfy"), "#/tasks/0/kind", 'Did you mean "classify"'),
    (changed(metrics=["acc", "macro_f2"]), "#/tasks/0/metrics/1/name", 'Did you mean "macro_f1"'),
    (changed(metrics=[{"name": "acc"}]), "#/tasks/0/metrics", "primary"),
    (changed(prompt={"input": {"column": "txet"}, "target": {"column": "label"}}), "#/tasks/0/prompt/input", '"text"'),
    (changed(dataset={**TASK["dataset"], "split": "tset"}), "#/tasks/0/dataset/split", 'Did you mean "test"'),
    (changed(dataset={**TASK["dataset"], "ref": "file:nowhere"}), "", "nowhere"),
    (changed(dataset={**TASK["dataset"], "digest": "0" * 64}), "", "0" * 64),
    (changed(fewshot={"k": 2, "split": "train"}), "#/tasks/0/fewshot", "few-shot"),
    (changed(perturbations=[{"name": "typo_keybord"}]), "#/tasks/0/perturbations/0/name", '"typo_keyboard"'),
    (changed(perturbations=[{"name": "lower", "strengths": [4]}]), "#/tasks/0/perturbations/0/strengths", "1 to 3"),
    (changed(perturbations=[{"name": "audio_gain"}]), "#/tasks/0/perturbations/0/name", "audio"),
    ({"schema": "landbridge.tasks/9", "tasks": []}, "#/schema", "landbridge.tasks/1"),
    ({"schema": "landbridge.tasks/1", "task": []}, "#/task", 'Did you mean "tasks"'),
    ({"schema": "landbridge.tasks/1", "tasks": []}, "#/tasks", "at least one"),
    ({**TASK, "dataset": {**TASK["dataset"], "split": "tset"}}, "#/dataset/split", 'Did you mean "test"'),
]


@pytest.mark.parametrize(("value", "pointer", "words"), BAD)
def test_bad_input_ends_with_2_a_pointer_and_the_nearest_names(  # noqa: PLR0913, PLR0917 a table and its tools
    value: object, pointer: str, words: str, place: Path, majority: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(place, majority, value) == 2
    said = capsys.readouterr()
    assert pointer in said.err and words in said.err and said.out == ""
    assert not (place / "out" / "results.json").exists() and not (place / "out" / "child.log").exists()


def test_a_name_that_is_nearly_right_is_answered_with_the_right_one(
    place: Path, majority: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(place, majority, tasks="django_lnagid") == 2
    assert "django_langid" in capsys.readouterr().err


def test_an_empty_split_is_said_so(place: Path, majority: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "rows" / "test.jsonl").write_text("")
    assert run(place, majority, TASK) == 2
    assert "empty" in capsys.readouterr().err


def test_a_device_that_is_not_there_ends_with_2_and_the_remedy(
    place: Path, majority: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    assert run(place, majority, TASK, "--device", "cuda") == 2
    assert "--device cpu" in capsys.readouterr().err


def test_a_model_that_is_none_ends_with_3(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert run(place, tmp_path / "empty", TASK) == 3
    assert "neither config.json nor landbridge.json" in capsys.readouterr().err
    assert run(place, tmp_path / "nowhere", TASK) == 3


def test_a_model_on_the_hub_is_fetched_verified_and_named_by_its_commit(
    place: Path, majority: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with running() as server:
        monkeypatch.setenv("LANDBRIDGE_ENDPOINT", server.url)
        monkeypatch.setenv("LANDBRIDGE_TOKEN", TOKEN)
        with HubClient(server.url, TOKEN) as hub:
            hub.create_repo("lumen/majority")
            commit = hub.upload_folder("lumen/majority", "model", majority, message="Add")
        (place / "tasks.json").write_text(json.dumps(TASK))
        assert run(place, Path("lumen/majority"), TASK) == 0
        assert run(place, Path("lumen/nothing"), TASK) == 3
    model = json.loads((place / "out" / "results.json").read_text())["model"]
    assert (model["id"], model["revision"]) == ("lumen/majority", commit)
    assert "lumen/nothing cannot be fetched" in capsys.readouterr().err


def test_faulty_rows_beyond_one_in_a_hundred_fail_the_task(
    place: Path, majority: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (place / "rows" / "test.jsonl").open("a") as file:
        file.write('{"text": "odd", "label": "never seen"}\n')
    assert run(place, majority, TASK) == 1
    assert "1 of 61 rows are faulty" in capsys.readouterr().err


def test_a_template_that_fails_names_the_row_and_the_field(
    place: Path, majority: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(place, majority, {**TASK, "prompt": {**TASK["prompt"], "input": "{{ text.nothing.at_all }}"}}) == 1
    assert "test row 0: prompt/input" in capsys.readouterr().err


def test_tasks_are_listed_as_text_and_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tasks"]) == 0
    assert "digits_linear" in capsys.readouterr().out
    assert main(["tasks", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert {one["name"] for one in listed["tasks"]} >= {"digits_linear", "django_langid", "pydoc_lm"}
    assert all(len(one["digest"]) == 64 for one in (*listed["tasks"], *listed["suites"]))


def test_usage_is_2_and_help_is_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == main(["nothing"]) == 2
    assert main(["--help"]) == 0
    assert "run" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        "import landbridge_evaluation",
        "import landbridge_evaluation.supervisor, landbridge_evaluation.cli.run, landbridge_evaluation.scoring",
        "import landbridge_evaluation.capabilities, landbridge_evaluation.planning, landbridge_evaluation.jobspec",
        "from landbridge_evaluation.catalog import installed; installed()",
    ],
)
def test_the_supervisor_and_what_the_platform_calls_import_neither_torch_nor_django(words: str) -> None:
    code = f"import sys; {words}; sys.exit(bool({{'torch', 'django', 'transformers'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-I", "-c", code], check=False).returncode == 0  # noqa: S603 our own words
