"""What installed plugins declare becomes tasks, suites, boards and models of this instance; again changes nothing."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from pytest_django import Settings

from landbridge.accounts.models import Membership, Organization, User
from landbridge.evaluations.machine import JobState
from landbridge.evaluations.models import Job, Suite, SuiteRevision, TaskRecord
from landbridge.leaderboards.models import Board
from landbridge_client.formats.cards import parse_card
from landbridge_client.formats.digest import tree_digest
from landbridge_evaluation.capabilities import Capabilities
from landbridge_plugins import TaskSpec
from landbridge_registry import queries
from landbridge_registry.models import Commit, Repo, RepoType, Revision
from landbridge_registry.storage import open_blob
from tests.jobs.ground import bench, queue


def run(command: str, *arguments: str) -> str:
    out = StringIO()
    call_command(command, *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def content(revision: Revision, path: str) -> bytes:
    commit = Commit.objects.get(repo=revision.repo, sha=revision.commit)
    entry = queries.entry_at(commit, path)
    with open_blob(queries.content_of(revision.repo, entry.sha256).blob.location) as file:
        return file.read()


@pytest.fixture
def demo(db: None) -> str:
    return run("sync_benchmarks", "--suite", "offline_demo")


def test_the_demo_suite_gets_its_tasks_its_data_and_its_board(demo: str) -> None:
    assert "board demo" in demo
    assert Board.objects.get().suite.name == "offline_demo"
    tasks = {task.name: task for task in TaskRecord.objects.select_related("dataset__repo__namespace")}
    assert {"digits_linear", "django_langid", "pydoc_lm", "django_bitext"} <= set(tasks)
    digits = tasks["digits_linear"]
    assert str(digits.dataset.repo) == "landbridge/digits" and digits.counts["test"] == 450
    assert digits.labels == [str(number) for number in range(10)] and digits.higher_is_better
    assert not tasks["pydoc_lm"].higher_is_better, "fewer bits are better"


def test_labels_lie_in_files_of_their_own(demo: str) -> None:
    task = TaskRecord.objects.select_related("dataset__repo").get(name="django_langid")
    first, label = (content(task.dataset, f"{part}/test.jsonl").splitlines()[0] for part in ("data", "labels"))
    assert "language" in json.loads(label) and "language" not in json.loads(first)


def test_a_sealed_dataset_is_what_its_files_say(demo: str) -> None:
    for revision in Revision.objects.select_related("repo"):
        commit = Commit.objects.get(repo=revision.repo, sha=revision.commit)
        files = [(path, sha256, size) for path, sha256, size, _ in queries.files_of(commit)]
        assert revision.tree_digest == tree_digest(files)
        assert revision.facts["schema"] == "landbridge.dataset/1"


def test_a_published_task_reads_back_as_it_was_declared(demo: str) -> None:
    for record in TaskRecord.objects.all():
        assert TaskSpec.from_json(record.spec).digest() == record.digest


def test_synchronizing_again_changes_nothing(demo: str) -> None:
    before = list(Revision.objects.order_by("pk").values_list("pk", "commit"))
    run("sync_benchmarks", "--suite", "offline_demo")
    assert list(Revision.objects.order_by("pk").values_list("pk", "commit")) == before
    assert SuiteRevision.objects.count() == Suite.objects.count() == 1
    assert Commit.objects.filter(repo__name="digits").count() == 2, "the first commit and the data"


def test_models_of_plugins_stand_in_the_catalog_with_a_card(db: None) -> None:
    run("sync_plugins")
    majority = Revision.objects.select_related("repo__namespace").get(repo__name="majority")
    assert str(majority.repo) == "plugins/majority" and majority.repo.type == RepoType.MODEL
    able = Capabilities.from_json(majority.capabilities)
    assert (able.slug, able.adapts, able.kinds) == ("majority", True, ("classify",))
    assert json.loads(content(majority, "landbridge.json"))["slug"] == "majority"
    card = parse_card(content(majority, "README.md").decode())
    assert card.data["library_name"] == "landbridge" and card.licenses
    assert majority.repo.license and majority.repo.summary, "the cached head knows the card"
    commits = Commit.objects.count()
    run("sync_plugins")
    assert Commit.objects.count() == commits


def test_nobody_is_a_member_of_the_platforms_own_namespaces(demo: str) -> None:
    assert Organization.objects.filter(slug="landbridge").exists()
    assert not Membership.objects.filter(organization__slug__in=["landbridge", "plugins"]).exists()
    assert Repo.objects.filter(namespace__name="landbridge").exists()


def test_a_suite_that_nobody_registers_is_named(db: None) -> None:
    errors = StringIO()
    call_command("sync_benchmarks", "--suite", "no_such", stdout=StringIO(), stderr=errors)
    assert "no_such" in errors.getvalue() and not Suite.objects.exists()


def test_one_round_of_the_sweeper_tells_what_it_did(ada: User, settings: Settings) -> None:
    one = bench()
    queue(ada)
    one.lease()
    settings.LANDBRIDGE_CLOCK_SHIFT = timedelta(minutes=2)
    assert "jobs.take_back: 1" in run("sweep", "--once")
    assert Job.objects.get().state == JobState.QUEUED
