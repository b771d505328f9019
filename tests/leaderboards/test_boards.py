"""Boards over real results: taken in once, shown as JSON and CSV, the same few statements however long."""

import csv
import io
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from landbridge.accounts.clock import clock
from landbridge.accounts.models import Organization, User
from landbridge.accounts.services import issue_token
from landbridge.core import outbox, sweeps
from landbridge.evaluations.models import Result, TaskRecord
from landbridge.hub import services as hub
from landbridge.leaderboards import services, tasks, wire
from landbridge.leaderboards.models import Board, Entry
from landbridge_registry.models import Repo
from tests.jobs.ground import Bench, bench, model, queue, revision, suite, task


@pytest.fixture
def one(db: None) -> Bench:
    return bench()


def measured(one: Bench, ada: User, name: str, value: float | None = 0.9, n: int = 40, **more: Any) -> str:  # noqa: ANN401 of the results
    """A model with a result; the result's id."""
    job = queue(ada, model(f"lumen/{name}"))
    return one.done(one.lease(job.pk).json(), value=value, n=n, **more)


def board() -> Board:
    sweeps.run_once()
    return Board.objects.get()


def places(on: str = "small_task") -> dict[str, int | str | None]:
    rows = Entry.objects.filter(task__name=on).select_related("model")
    return {row.model.name: row.rank or row.missing_reason for row in rows}


def test_a_result_takes_its_honest_place(one: Bench, ada: User) -> None:
    for name, value in (("good", 0.9), ("better", 0.95), ("equal", 0.9), ("last", 0.2)):
        measured(one, ada, name, value)
    board()
    assert places() == {"better": 1, "good": 2, "equal": 2, "last": 4}


def test_what_must_not_rank_is_shown_with_the_reason(one: Bench, ada: User) -> None:
    measured(one, ada, "good")
    measured(one, ada, "nan", None)
    measured(one, ada, "tiny", 1.0, n=12)
    measured(one, ada, "part", 1.0, limited=True)
    measured(one, ada, "loose", 1.0, unpinned=True)
    board()
    assert places() == {"good": 1, "nan": "not_finite", "tiny": "small_n", "part": "limited", "loose": "unpinned"}
    assert all(row.missing_text for row in Entry.objects.exclude(missing_reason=""))


def test_a_lab_s_own_run_is_never_ranked_as_independent(one: Bench, ada: User, lumen: Organization) -> None:
    measured(one, ada, "good")
    own = bench("lab-box", pool="lab")
    type(own.worker).objects.update(organization=lumen)
    job = queue(ada, model("lumen/own"))
    type(job).objects.filter(pk=job.pk).update(pool="lab", organization=lumen)
    own.done(own.lease(job.pk).json(), value=1.0)
    board()
    assert places() == {"good": 1, "own": "self_run"}


def test_the_newest_result_of_a_model_counts(one: Bench, ada: User) -> None:
    measured(one, ada, "good", 0.5)
    board()
    repo = Repo.objects.get(name="good")
    later = revision("lumen/good", capabilities=repo.revisions.get().capabilities)
    job = queue(ada, later)
    one.done(one.lease(job.pk).json(), value=0.7)
    sweeps.run_once()
    entry = Entry.objects.get(task__name="small_task")
    assert (entry.value, entry.revision_id) == (0.7, later.pk)


def test_where_less_is_better_less_ranks_first(one: Bench, ada: User) -> None:
    suite("bits", task("bits_task", higher_is_better=False))
    measured(one, ada, "many", 0.8)
    measured(one, ada, "few", 0.1)
    board()
    assert places("bits_task") == {"few": 1, "many": 2}


def test_a_changed_task_makes_old_results_superseded(one: Bench, ada: User) -> None:
    measured(one, ada, "good")
    board()
    suite("small", task("small_task", rows=41, description="changed data"))
    for found in Board.objects.all():
        services.open_board(suite_id=found.suite_id, actor=clock())
    assert TaskRecord.objects.filter(name="small_task").count() == 2
    assert places() == {"good": "superseded"}


def test_the_message_and_the_sweep_come_to_the_same(one: Bench, ada: User) -> None:
    measured(one, ada, "good")
    found = board()
    again = measured(one, ada, "other", 0.8)
    tasks.refresh(again)
    by_message = list(Entry.objects.order_by("model__name", "task__name").values("model__name", "rank", "value"))
    services.refresh_board(board_id=found.pk, actor=clock())
    assert by_message == list(
        Entry.objects.order_by("model__name", "task__name").values("model__name", "rank", "value")
    )
    assert not Result.objects.filter(boarded_at=None).exists()
    assert sweeps.run_once()["boards.refresh"] == 0


def test_an_accepted_result_is_announced(one: Bench, ada: User, django_capture_on_commit_callbacks: Any) -> None:  # noqa: ANN401 pytest-django's
    with django_capture_on_commit_callbacks(execute=True):
        result = measured(one, ada, "good")
    assert outbox.Message(tasks.REFRESH, result, "control") in outbox.kept


def test_the_board_over_rest(one: Bench, ada: User, client: Client) -> None:
    measured(one, ada, "good")
    measured(one, ada, "nan", None)
    found = board()
    body = client.get(f"/api/v1/leaderboards/{found.slug}").json()
    assert body["tasks"][0]["name"] == "small_task" and body["method"].startswith("Competition")
    rows = {row["model"]: row for row in body["entries"] if row["task"] == "small_task"}
    assert rows["lumen/good"]["rank"] == 1 and rows["lumen/good"]["score"]["n"] == 40
    assert rows["lumen/nan"]["score"] is None and rows["lumen/nan"]["missing"]["code"] == "not_finite"
    items = client.get(f"/api/v1/leaderboards/{found.slug}/entries", {"task": "overall"}).json()["items"]
    assert [(row["model"], row["rank"]) for row in items] == [("lumen/good", 1), ("lumen/nan", None)]
    assert client.get("/api/v1/leaderboards").json()["items"][0]["board"] == found.slug
    assert client.get("/api/v1/leaderboards/none").status_code == 404
    assert client.get(f"/api/v1/leaderboards/{found.slug}", {"color": "red"}).status_code == 400


def test_the_board_as_csv(one: Bench, ada: User, client: Client) -> None:
    measured(one, ada, "good")
    answer = client.get(f"/api/v1/leaderboards/{board().slug}", {"format": "csv"})
    assert answer["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert {row["task"] for row in rows} == {"overall", "small_task"}
    assert rows[1]["model"] == "lumen/good" and float(rows[1]["ci95_low"]) == pytest.approx(0.85)


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1", "-1", "@x", "\tx"])
def test_a_cell_never_starts_a_formula(text: str) -> None:
    assert str(wire.safe(text)).startswith("'")
    assert wire.safe(-0.5) == -0.5, "numbers stay numbers"


def test_a_private_model_is_on_the_board_for_its_own_people_only(one: Bench, ada: User, client: Client) -> None:
    measured(one, ada, "good")
    measured(one, ada, "secret", 0.99)
    Repo.objects.filter(name="secret").update(visibility="private")
    body = client.get(f"/api/v1/leaderboards/{board().slug}").json()
    assert {row["model"] for row in body["entries"]} == {"lumen/good"}


def test_a_private_model_takes_no_place_and_its_own_people_read_why(
    one: Bench, ada: User, lumen: Organization, client: Client
) -> None:
    measured(one, ada, "good", 0.8)
    measured(one, ada, "secret", 0.99)
    measured(one, ada, "broken", None)
    Repo.objects.filter(name__in=["secret", "broken"]).update(visibility="private")
    found = board()
    assert places() == {"good": 1, "secret": "private", "broken": "private"}
    whole = {row.model.name: row.rank or row.missing_reason for row in Entry.objects.filter(task=None)}
    assert whole == {"good": 1, "secret": "private", "broken": "private"}
    assert Entry.objects.get(task=None, model__name="good").rank_hi == 1, "nor does it widen an interval"
    client.force_login(ada)
    rows = client.get(f"/api/v1/leaderboards/{found.slug}/entries", {"task": "small_task"}).json()["items"]
    secret = next(row for row in rows if row["model"] == "lumen/secret")
    assert secret["score"]["value"] == 0.99 and secret["missing"]["code"] == "private" and secret["missing"]["text"]


@pytest.mark.parametrize("by", ["message", "sweep"])
def test_a_board_follows_a_model_that_is_closed_and_opened_again(
    one: Bench,
    ada: User,
    by: str,
    django_capture_on_commit_callbacks: Any,  # noqa: ANN401 pytest-django's
) -> None:
    measured(one, ada, "good", 0.8)
    measured(one, ada, "best", 0.99)
    board()
    repo = Repo.objects.get(name="best")
    for visibility, standing in (("private", {"good": 1, "best": "private"}), ("public", {"best": 1, "good": 2})):
        outbox.kept.clear()
        with django_capture_on_commit_callbacks(execute=True):
            hub.change_settings(actor=ada, repo=repo, visibility=visibility)
        assert outbox.Message(tasks.FOLLOW, str(repo.pk), "control") in outbox.kept
        if by == "message":
            tasks.follow_visibility(str(repo.pk))
        assert sweeps.run_once()["boards.refresh"] == (0 if by == "message" else 1)
        assert places() == standing
        assert sweeps.run_once()["boards.refresh"] == 0


def test_a_gate_alone_moves_no_board(ada: User, django_capture_on_commit_callbacks: Any) -> None:  # noqa: ANN401 pytest-django's
    repo = model("lumen/good").repo
    with django_capture_on_commit_callbacks(execute=True):
        hub.change_settings(actor=ada, repo=repo, gate="manual")
    assert not [message for message in outbox.kept if message.task == tasks.FOLLOW]


def test_a_token_without_read_sees_only_what_is_public(
    one: Bench, ada: User, lumen: Organization, olga: User, client: Client
) -> None:
    result = measured(one, ada, "secret", 0.99)
    Repo.objects.filter(name="secret").update(visibility="private")
    places_to_look = (f"/api/v1/leaderboards/{board().slug}", f"/api/v1/results/{result}")
    for user in (ada, olga):
        for scopes, seen in ((["webhooks"], False), (["submit", "repo.read"], False), (["read"], True)):
            text = issue_token(actor=user, name="narrow", scopes=scopes).text
            on_board, alone = (client.get(url, headers={"Authorization": f"Bearer {text}"}) for url in places_to_look)
            assert bool(on_board.json()["entries"]) is seen, (user, scopes)
            assert alone.status_code == (200 if seen else 404), (user, scopes)


def test_a_board_takes_the_same_few_statements_however_long(one: Bench, ada: User, client: Client) -> None:
    counts = []
    for number in (1, 4):
        for each in range(number):
            measured(one, ada, f"m{number}{each}", 0.1 * each + 0.1)
        found = board()
        with CaptureQueriesContext(connection) as captured:
            client.get(f"/api/v1/leaderboards/{found.slug}")
        counts.append(sum("SAVEPOINT" not in str(query["sql"]) for query in captured.captured_queries))
    assert counts[0] == counts[1] <= 10
