"""Published tasks stay as they are, and ask for columns that are there."""

import json

import pytest

from landbridge_benchmarks.catalog import LOCK, digests, suites, tasks
from landbridge_benchmarks.sources import at_hand, open_source
from landbridge_plugins import TaskSpec

TASKS = {task.name: task for task in tasks()}
BUNDLED = sorted(name for name, task in TASKS.items() if task.dataset.ref.startswith("bundled:"))


def test_a_published_task_never_changes() -> None:
    assert digests() == json.loads(LOCK.read_text()), "A published task was changed: give it a new name instead."


@pytest.mark.parametrize("name", TASKS)
def test_a_task_reads_columns_that_its_dataset_has_and_shows_no_label(name: str) -> None:
    task = TASKS[name]
    if not at_hand(task.dataset.ref):
        pytest.skip("LANDBRIDGE_DATA does not hold this dataset")
    source = open_source(task.dataset.ref, task.dataset.config)
    shown = set(task.columns()) - set(task.target_columns)
    assert set(task.columns()) <= set(source.features)
    assert not shown & set(source.label_columns), "an input column stands among the labels"
    assert set(task.target_columns) <= set(source.label_columns), "a target would reach the model"
    assert set(task.dataset.splits) <= set(source.splits)
    assert (task.dataset.license, task.dataset.commercial) == (source.license, source.commercial)


@pytest.mark.parametrize("name", BUNDLED)
def test_a_bundled_task_has_rows_enough_to_rank(name: str) -> None:
    dataset = TASKS[name].dataset
    assert len(list(open_source(dataset.ref, dataset.config).splits[dataset.split]())) >= 30


def test_chance_is_the_share_of_the_commonest_label() -> None:
    labels = [row["label"] for row in open_source("bundled:digits").splits["test"]()]
    assert TASKS["digits_linear"].chance == pytest.approx(max(map(labels.count, set(labels))) / len(labels), abs=5e-4)


def test_suites_name_known_tasks_and_the_offline_one_needs_no_data() -> None:
    by_name = {suite.name: [one.task for one in suite.tasks] for suite in suites()}
    assert set().union(*by_name.values()) <= set(TASKS)
    assert set(by_name["offline_demo"]) <= set(BUNDLED)
    assert {"customer_service", "finance", "retrieval_matching", "vision_speech"} <= set(by_name)


def test_tasks_survive_a_trip_through_json() -> None:
    assert all(TaskSpec.from_json(json.loads(json.dumps(task.to_json()))) == task for task in tasks())
