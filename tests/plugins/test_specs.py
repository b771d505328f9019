"""Declarations: strict on the way in, whole on the way out, digests of what can change a number."""

from typing import Any

import pytest

from landbridge_plugins import Kind, Method, Modality, ModelSpec, SpecError, SuiteSpec, TaskSpec

TASK: dict[str, Any] = {
    "name": "my_mc",
    "title": "Mine",
    "kind": "loglikelihood",
    "dataset": {"ref": "file:data/mc", "config": "default", "split": "test"},
    "metrics": ["acc", "acc_norm"],
    "limits": {"max_length": 2048},
    "prompt": {
        "input": {"column": "context"},
        "choices": {"column": "choices"},
        "target": {"column": "label"},
        "delimiter": " ",
    },
}


def changed(**changes: object) -> dict[str, Any]:
    return {**TASK, **changes}


def test_a_task_comes_back_from_its_own_json() -> None:
    task = TaskSpec.from_json(TASK)
    assert TaskSpec.from_json(task.to_json()) == task
    assert task.primary.name == "acc" and [one.primary for one in task.metrics] == [True, False]
    assert task.target_columns == ("label",) and task.columns("input", "choices") == ("context", "choices")


def test_the_catalogs_words_change_no_digest_and_all_else_does() -> None:
    digest = TaskSpec.from_json(TASK).digest()
    same = changed(title="Other", title_zh="别的", tags=["x"], status="published", name="other_name")
    licensed = changed(dataset={**TASK["dataset"], "license": "MIT", "commercial": True})
    assert TaskSpec.from_json(same).digest() == TaskSpec.from_json(licensed).digest() == digest
    others = [
        changed(metrics=["acc_norm", "acc"]),
        changed(limits={"max_length": 1024}),
        changed(dataset={**TASK["dataset"], "split": "validation"}),
        changed(adaptation={"method": "head"}),
        changed(chance=0.25),
    ]
    assert len({TaskSpec.from_json(one).digest() for one in others} | {digest}) == len(others) + 1


@pytest.mark.parametrize(
    ("value", "pointer", "words"),
    [
        (changed(kind="loglikelihod"), "/kind", 'Did you mean "loglikelihood"'),
        (changed(dataset={"ref": "file:x", "splitt": "test", "split": "t"}), "/dataset/splitt", 'Did you mean "split"'),
        (changed(datset={}), "/datset", 'Did you mean "dataset"'),
        (changed(prompt={**TASK["prompt"], "chices": []}), "/prompt/chices", 'Did you mean "choices"'),
        (changed(prompt={"input": "x"}), "/prompt/choices", "is required"),
        (changed(prompt={**TASK["prompt"], "input": {"col": "x"}}), "/prompt/input/col", "unknown key"),
        (changed(prompt={**TASK["prompt"], "input": ["x", 7]}), "/prompt/input/1", "must be"),
        (changed(metrics=[]), "/metrics", "at least one"),
        (changed(metrics=[{"name": "acc"}, {"name": "acc_norm"}]), "/metrics", "exactly one metric must be primary"),
        (changed(metrics=["acc", "acc"]), "/metrics/1", "twice"),
        (changed(limits={"max_length": "long"}), "/limits/max_length", "must be an integer"),
        (changed(limits={"max_length": True}), "/limits/max_length", "must be an integer"),
        (changed(dataset={"ref": "http://x", "split": "t"}), "/dataset/ref", "must start with"),
        (changed(name="My task"), "/name", "must be"),
        ({name: one for name, one in TASK.items() if name != "dataset"}, "/dataset", "is required"),
        (["a list"], "", "must be an object"),
    ],
)
def test_what_is_wrong_is_named_with_its_place_and_what_was_probably_meant(
    value: object, pointer: str, words: str
) -> None:
    with pytest.raises(SpecError) as caught:
        TaskSpec.from_json(value)
    assert caught.value.pointer == pointer and words in caught.value.message


def test_a_suite_takes_bare_names_and_keeps_weights() -> None:
    suite = SuiteSpec.from_json({"name": "demo", "title": "Demo", "tasks": ["one_task", {"task": "two", "weight": 2}]})
    assert [(one.task, one.weight) for one in suite.tasks] == [("one_task", 1.0), ("two", 2.0)]
    assert SuiteSpec.from_json(suite.to_json()) == suite


def test_a_model_spec_keeps_its_words() -> None:
    spec = ModelSpec(slug="a-b", title="A", modality=Modality.IMAGE, license="MIT", kinds=("classify",))
    assert ModelSpec.from_json(spec.to_json()) == spec
    with pytest.raises(SpecError):
        ModelSpec(slug="A B", title="A", modality=Modality.TEXT, license="MIT")


def test_there_are_nine_kinds_and_six_ways_to_adapt() -> None:
    assert len(Kind) == 9 and len(Method) == 6
