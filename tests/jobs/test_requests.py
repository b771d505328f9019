"""People and robots ask: one job per question, cancelled and run again by those who may."""

from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from landbridge.accounts.models import Organization, User
from landbridge.accounts.tokens import issue
from landbridge.core.errors import TransitionRefused
from landbridge.evaluations import queries, services
from landbridge.evaluations.errors import NoTaskFits
from landbridge.evaluations.machine import LIVE, TERMINAL, JobState
from landbridge.evaluations.models import Attempt, Evaluation, Job, Worker
from landbridge_registry.models import Commit, Ref, RefKind, Repo, Revision
from tests.jobs.ground import Bench, bench, model, queue, suite, task


@pytest.fixture
def one(db: None) -> Bench:
    return bench()


def token(user: User, *scopes: str) -> dict[str, str]:
    with transaction.atomic():
        _, text = issue(user=user, name="test", scopes=scopes)
    return {"Authorization": f"Bearer {text}"}


def committed(revision: Revision) -> Revision:
    """With a commit and a ``main`` that points at it, as the API resolves them."""
    commit = Commit.objects.create(
        repo=revision.repo, sha=revision.commit, tree="0" * 40, title="x", author="ada", date=revision.sealed_at
    )
    Ref.objects.create(repo=revision.repo, kind=RefKind.BRANCH, name="main", commit=commit)
    return revision


def post(client: Client, path: str, body: object = None, **headers: str) -> Any:  # noqa: ANN401 an answer
    return client.post(f"/api/v1/{path}", body or {}, content_type="application/json", headers=headers)


def test_the_same_question_twice_is_one_job(lumen: Organization, ada: User, one: Bench) -> None:
    able, on = model(), suite()
    first, again = (
        services.request_evaluation(revision_id=able.pk, suite_revision_id=on.pk, actor=ada) for _ in range(2)
    )
    assert first.pk == again.pk and Job.objects.count() == Evaluation.objects.count() == 1
    assert first.shards.count() == 1


def test_a_model_that_can_do_nothing_is_told_why(db: None, ada: User) -> None:
    with pytest.raises(NoTaskFits) as refusal:
        queue(ada, model("lumen/scorer", kinds=("embed",)), suite())
    assert "classify" in str(refusal.value) and not Job.objects.exists()


def test_a_member_asks_over_rest_and_is_told_where_to_look(lumen: Organization, ada: User, client: Client) -> None:
    committed(model()), suite()
    answer = post(client, "evaluations", {"model": "lumen/tester", "suite": "small"}, **token(ada, "evaluate"))
    body = answer.json()
    assert (answer.status_code, answer["Location"]) == (202, f"/api/v1/jobs/{body['id']}")
    assert body["state"] == "queued" and body["queue_position"] == 1
    assert body["reason"]["code"] == "no_worker_with_label" and "model:tester" in body["reason"]["text"]
    assert body["allowed_actions"] == ["cancel"]


def test_a_dry_run_says_what_would_happen_and_writes_nothing(lumen: Organization, ada: User, client: Client) -> None:
    committed(model()), suite()
    wanted = {"model": "lumen/tester", "suite": "small", "dry_run": True}
    answer = post(client, "evaluations", wanted, **token(ada, "evaluate"))
    assert answer.json()["items"] == 40 and answer.json()["tasks"] == ["small_task"]
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("wanted", "refused"),
    [
        ({"model": "lumen/tester", "suite": "no_such"}, (400, "unknown_suite")),
        ({"model": "lumen/none", "suite": "small"}, (404, "not_found")),
        ({"model": "lumen/tester", "suite": "small", "revision": "other"}, (404, "not_found")),
        ({"model": "nonsense", "suite": "small"}, (400, "invalid")),
        ({"model": "lumen/tester", "suite": "small", "color": "red"}, (400, "invalid")),
    ],
)
def test_what_is_not_there_is_named(
    lumen: Organization, ada: User, client: Client, wanted: dict[str, str], refused: tuple[int, str]
) -> None:
    committed(model()), suite()
    answer = post(client, "evaluations", wanted, **token(ada, "evaluate"))
    assert (answer.status_code, answer.json()["code"]) == refused, answer.content


def test_another_organization_may_not_spend_on_a_model_that_is_not_theirs(
    lumen: Organization, acme: Organization, carl: User, client: Client
) -> None:
    committed(model()), suite()
    answer = post(client, "evaluations", {"model": "lumen/tester", "suite": "small"}, **token(carl, "evaluate"))
    assert (answer.status_code, answer.json()["code"]) == (403, "role_missing")


def test_a_private_model_of_others_looks_absent(
    lumen: Organization, acme: Organization, carl: User, client: Client
) -> None:
    committed(model()), suite()
    Repo.objects.filter(name="tester").update(visibility="private")
    answer = post(client, "evaluations", {"model": "lumen/tester", "suite": "small"}, **token(carl, "evaluate"))
    assert answer.status_code == 404


def test_jobs_are_seen_by_their_organization_and_the_operator_only(
    lumen: Organization, ada: User, carl: User, olga: User, client: Client
) -> None:
    job = queue(ada)
    services.cancel_job(job_id=job.pk, actor=ada)  # so that its stream ends
    for user, status in ((ada, 200), (carl, 404), (olga, 200)):
        for what in ("", "/logs", "/events"):
            answer = client.get(f"/api/v1/jobs/{job.pk}{what}", headers=token(user, "read"))
            if answer.streaming:
                list(answer.streaming_content)  # type: ignore[attr-defined] # a stream
            assert answer.status_code == status, (user.username, what)
    assert client.get(f"/api/v1/jobs/{job.pk}").status_code in {401, 404}
    assert [one["id"] for one in client.get("/api/v1/jobs", headers=token(ada, "read")).json()["items"]] == [job.pk]
    assert client.get("/api/v1/jobs", headers=token(carl, "read")).json()["items"] == []


def put_in(state: str, one: Bench, job: Job) -> dict[str, Any] | None:
    """Bring ``job`` to ``state`` by the moves that lead there."""
    if state == JobState.QUEUED:
        return None
    spec: dict[str, Any] = one.lease(job.pk).json()
    if state in {JobState.RUNNING, JobState.FINALIZING}:
        one.beat(spec, "running")
    if state == JobState.FINALIZING:
        one.beat(spec, "finalizing")
    if state == JobState.DONE:
        one.done(spec)
    if state == JobState.FAILED:
        one.call("POST", one.at(spec, "/fault"), {"code": "plugin_fault", "text": "no"})
    if state == JobState.CANCELLED:
        services.cancel_job(job_id=job.pk, actor=job.requested_by)
        one.call("POST", one.at(spec, "/release"), {"reason": "cancel"})
    assert Job.objects.get(pk=job.pk).state == state
    return spec


@pytest.mark.parametrize("state", LIVE)
def test_cancel_ends_a_live_job_wherever_it_stands(one: Bench, ada: User, state: str) -> None:
    job = queue(ada)
    spec = put_in(state, one, job)
    services.cancel_job(job_id=job.pk, actor=ada)
    if spec is not None:
        assert Job.objects.get().state == state, "the worker obeys at its next call"
        assert one.beat(spec, state if state != "leased" else "leased").json()["directive"] == "cancel"
        one.call("POST", one.at(spec, "/release"), {"reason": "cancel"})
        assert Attempt.objects.get().outcome == "cancelled"
    assert Job.objects.get().state == JobState.CANCELLED
    services.cancel_job(job_id=job.pk, actor=ada)  # asked twice: harmless


@pytest.mark.parametrize("state", [JobState.DONE, JobState.FAILED])
def test_what_has_ended_cannot_be_cancelled(one: Bench, ada: User, state: str) -> None:
    job = queue(ada)
    put_in(state, one, job)
    with pytest.raises(TransitionRefused):
        services.cancel_job(job_id=job.pk, actor=ada)


@pytest.mark.parametrize("state", TERMINAL)
def test_a_rerun_is_a_new_job_for_the_same_question(one: Bench, ada: User, state: str) -> None:
    job = queue(ada)
    put_in(state, one, job)
    made = services.rerun_job(job_id=job.pk, actor=ada)
    assert made.pk != job.pk and made.rerun_of_id == job.pk and made.evaluation_id == job.evaluation_id
    assert services.rerun_job(job_id=job.pk, actor=ada).pk == made.pk, "asked twice, one re-run"


@pytest.mark.parametrize("state", LIVE)
def test_a_live_job_is_not_run_again(one: Bench, ada: User, state: str) -> None:
    job = queue(ada)
    put_in(state, one, job)
    with pytest.raises(TransitionRefused):
        services.rerun_job(job_id=job.pk, actor=ada)


@pytest.mark.parametrize("state", JobState.values)
def test_the_reason_is_never_empty(one: Bench, ada: User, state: str) -> None:
    job = queue(ada)
    put_in(state, one, job)
    standing = queries.standing_of(queries.jobs().get(pk=job.pk))
    assert standing.reason.code and standing.reason.text and standing.reason.who
    assert (standing.position is not None) == (state == JobState.QUEUED)


def test_the_reason_names_what_keeps_a_job_waiting(one: Bench, ada: User) -> None:
    first, second = queue(ada), queue(ada, model("lumen/second"))

    def code(job: Job) -> str:
        return queries.standing_of(queries.jobs().get(pk=job.pk)).reason.code

    assert (code(first), code(second)) == ("next_in_line", "workers_busy")
    Job.objects.filter(pk=first.pk).update(hold="agreement")
    assert code(first) == "hold_agreement"
    Worker.objects.update(stale=True)
    assert code(second) == "no_worker_with_label"
    assert queries.standing_of(queries.jobs().get(pk=second.pk)).position == 1, "nobody could take the other either"


def test_a_forecast_needs_finished_jobs_and_a_worker(one: Bench, ada: User) -> None:
    waiting = queue(ada, model("lumen/waiting"))
    assert queries.standing_of(queries.jobs().get(pk=waiting.pk)).eta is None
    Job.objects.filter(pk=waiting.pk).update(hold="operator")
    for number in range(3):
        queue(ada, model(f"lumen/m{number}"))
        one.done(one.lease().json())
    eta = queries.standing_of(queries.jobs().get(pk=waiting.pk)).eta
    assert eta is not None and 0 <= eta["low"] <= eta["seconds"] <= eta["high"]
    assert eta["basis"] == "3 finished jobs, 1 eligible slots"


def test_public_results_are_public_and_private_ones_are_not(one: Bench, ada: User, carl: User, client: Client) -> None:
    queue(ada)
    result = one.done(one.lease().json())
    assert client.get(f"/api/v1/results/{result}").json()["scores"][0]["score"]["value"] == 0.9
    signed = client.get(f"/api/v1/results/{result}/attestation")
    assert len(signed.json()["signatures"]) == 2 and "immutable" in signed["Cache-Control"]
    Repo.objects.filter(name="tester").update(visibility="private")
    for what in ("", "/attestation"):
        assert client.get(f"/api/v1/results/{result}{what}").status_code == 404
        assert client.get(f"/api/v1/results/{result}{what}", headers=token(carl, "read")).status_code == 404


def test_logs_are_read_from_a_byte_on(lumen: Organization, one: Bench, ada: User, client: Client) -> None:
    job = queue(ada)
    spec = one.lease().json()
    for offset, text in ((0, "first\n"), (6, "second\n")):
        one.call("POST", one.at(spec, "/logs"), {"offset": offset, "text": text})
    read = client.get(f"/api/v1/jobs/{job.pk}/logs", {"after": 6}, headers=token(ada, "read")).json()
    assert (read["text"], read["next"], read["attempt"]) == ("second\n", 13, 1)


def test_cancel_and_rerun_over_rest(lumen: Organization, ada: User, client: Client) -> None:
    job = queue(ada)
    rights = token(ada, "evaluate", "read")
    stopped = post(client, f"jobs/{job.pk}/cancel", **rights)
    assert (stopped.status_code, stopped.json()["state"], stopped.json()["allowed_actions"]) == (
        202,
        "cancelled",
        ["rerun"],
    )
    made = post(client, f"jobs/{job.pk}/rerun", **rights)
    assert made.status_code == 202 and made.json()["rerun_of"] == job.pk
    assert post(client, f"jobs/{made.json()['id']}/rerun", **rights).json()["code"] == "transition_refused"


def test_tasks_and_suites_are_public(db: None, client: Client) -> None:
    suite("small", task("one_task"), task("two_task"))
    names = [one["name"] for one in client.get("/api/v1/tasks").json()["items"]]
    assert names == ["one_task", "two_task"]
    assert client.get("/api/v1/suites/small").json()["tasks"][1]["name"] == "two_task"
    assert client.get("/api/v1/tasks/no_task").status_code == 404
    assert client.get("/api/v1/suites/no_suite").status_code == 404


def test_a_changed_suite_is_a_new_revision_and_an_equal_one_is_not(db: None) -> None:
    first = task("one_task")
    made = suite("small", first)
    assert suite("small", first).pk == made.pk
    assert suite("small", first, task("two_task")).number == 2
    assert queries.newest_revision("small").number == 2
