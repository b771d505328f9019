"""The platform's side of a test that kills: a process that plants jobs and reads rows, asked by JSON lines.

It is no part of the running site, so nothing that the test kills takes its answers along.
"""

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django

from tests.faults.model import TASKS, Deeds, words

Json = dict[str, Any]


def plant() -> str:
    """The suite of three sealed tasks, each one shard; its revision's id."""
    from landbridge.accounts.clock import clock  # noqa: PLC0415 needs loaded apps, as below
    from landbridge.evaluations import services  # noqa: PLC0415
    from landbridge_plugins import SuiteSpec, SuiteTask  # noqa: PLC0415

    records = [task_record(name) for name in TASKS]
    spec = SuiteSpec(name="proof", title="Proof", tasks=tuple(SuiteTask(task=name) for name in TASKS))
    return str(services.publish_suite(suite=spec, tasks=records, actor=clock()).pk)


def task_record(name: str) -> Any:  # noqa: ANN401 models are imported late
    from landbridge.accounts.clock import clock  # noqa: PLC0415
    from landbridge.evaluations import services  # noqa: PLC0415
    from landbridge.evaluations.management.publishing import Folder, publish  # noqa: PLC0415
    from landbridge_evaluation.datasets import seal  # noqa: PLC0415
    from landbridge_plugins import DatasetRef, Kind, MetricUse, TaskSpec  # noqa: PLC0415

    task = TaskSpec(
        name=name,
        kind=Kind.CLASSIFY,
        dataset=DatasetRef(ref="file:words.jsonl", split="test", license="MIT", commercial=True),
        prompt={"input": {"column": "text"}, "target": {"column": "label"}},
        metrics=(MetricUse(name="acc", primary=True),),
    )
    with tempfile.TemporaryDirectory() as made:
        place = Path(made)
        rows = ({"text": word, "label": "yes" if word.endswith("y") else "no"} for word in words(name))
        (place / "words.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        data = seal(task, place / "sealed", base=place)
        contents = {path.relative_to(data.path).as_posix(): path for path in data.path.rglob("*") if path.is_file()}
        folder = Folder(
            kind="dataset", namespace="landbridge", name=name, contents=contents, message="Words", facts=data.to_json()
        )
        revision = publish(folder, actor=clock())
    return services.publish_task(
        task=task, dataset_id=revision.pk, facts=data.to_json(), labels=("no", "yes"), metric="acc",
        higher_is_better=True, actor=clock(),
    )  # fmt: skip


def publish_model(deeds: Json, namespace: str = "lumen") -> str:
    """A sealed model that does ``deeds``; its revision's id."""
    from landbridge.accounts.clock import clock  # noqa: PLC0415
    from landbridge.evaluations.management.publishing import Folder, publish  # noqa: PLC0415

    folder = Folder(
        kind="model",
        namespace=namespace,
        name=f"proof-{deeds['seed']}",
        contents=Deeds(**deeds).contents(),
        message="A model for a proof",
        capabilities={"kinds": ["classify"], "modality": "text", "slug": "proof", "adapts": False},
    )
    return str(publish(folder, actor=clock()).pk)


def queue(suite: str, deeds: Json) -> str:
    """A job for the model that does ``deeds``; its id."""
    from landbridge.accounts.clock import clock  # noqa: PLC0415
    from landbridge.evaluations import services  # noqa: PLC0415

    revision = publish_model(deeds)
    return str(services.request_evaluation(revision_id=revision, suite_revision_id=suite, actor=clock()).pk)


def cancel(job: str) -> str:
    from landbridge.accounts.clock import clock  # noqa: PLC0415
    from landbridge.evaluations import services  # noqa: PLC0415

    return str(services.cancel_job(job_id=job, actor=clock()).state)


def token(name: str) -> str:
    from landbridge.accounts.clock import clock  # noqa: PLC0415
    from landbridge.accounts.services import create_worker_account  # noqa: PLC0415

    return create_worker_account(actor=clock(), name=name, pool="operator").text


def account(name: str, organization: str) -> str:
    """A token of an owner of a lab."""
    from io import StringIO  # noqa: PLC0415

    from django.core.management import call_command  # noqa: PLC0415

    out = StringIO()
    call_command(
        "create_account", name, "--organization", organization, "--kind", "lab", "--role", "owner", "--json", stdout=out
    )
    return str(json.loads(out.getvalue())["token"])


def jobs(only: list[str] | None = None) -> list[Json]:
    """Every job as its row says, with its worker's name and its shards that are in."""
    from django.db.models import Count, Q  # noqa: PLC0415

    from landbridge.evaluations.models import Job  # noqa: PLC0415

    rows = Job.objects.annotate(shards_in=Count("shards", filter=~Q(shards__sha256="")))
    rows = rows.filter(pk__in=only) if only else rows
    names = ("state", "attempt", "no_progress", "shards_in", "fault", "progress", "cancel_requested")
    return [
        {"job": row.pk, "worker": row.worker.name if row.worker else "", **{name: getattr(row, name) for name in names}}
        for row in rows.select_related("worker").order_by("submitted_at", "pk")
    ]


def record(job: str) -> Json:
    """All that is kept of a job: results, scores, attempts, shards, logs, events. Times in seconds."""
    from landbridge.evaluations.models import Attempt, JobEvent, LogChunk, Result, Score, Shard  # noqa: PLC0415

    def at(moment: Any) -> float | None:  # noqa: ANN401 a moment or none
        return moment.timestamp() if moment else None

    scores = Score.objects.filter(result__job=job, primary=True).select_related("task")
    return {
        "results": [
            {"id": one.pk, "attempt": one.attempt, "at": at(one.accepted_at), "worker": one.worker.name}
            for one in Result.objects.filter(job=job).select_related("worker")
        ],
        "scores": [{"task": one.task.name, "value": one.value, "n": one.n} for one in scores],
        "attempts": [
            {"number": one.number, "outcome": one.outcome, "counted": one.counted, "started": at(one.started_at),
             "ended": at(one.ended_at), "worker": one.worker.name, "log_next": one.log_next, "fault": one.fault}
            for one in Attempt.objects.filter(job=job).select_related("worker").order_by("number")
        ],
        "shards": [
            {"index": one.index, "attempt": one.attempt, "sha256": one.sha256, "at": at(one.kept_at)}
            for one in Shard.objects.filter(job=job)
        ],
        "logs": [
            {"attempt": one.attempt, "offset": one.offset, "text": one.text, "at": at(one.at)}
            for one in LogChunk.objects.filter(job=job)
        ],
        "events": [
            {"seq": one.seq, "kind": one.kind, "data": one.data, "at": at(one.at)}
            for one in JobEvent.objects.filter(job=job)
        ],
    }  # fmt: skip


def shares() -> list[Json]:
    """What each organization is said to run now."""
    from landbridge.evaluations.models import Share  # noqa: PLC0415

    return [{"namespace": str(one.namespace), "running": one.running} for one in Share.objects.all()]


def now() -> float:
    from landbridge.core import time  # noqa: PLC0415

    return float(time.db_now().timestamp())


DEEDS: dict[str, Callable[..., Any]] = {
    one.__name__: one for one in (plant, publish_model, queue, cancel, token, account, jobs, record, shares, now)
}


def main() -> None:
    """A question a line, ``{"call", "with"}``; an answer a line, ``{"said"}`` or ``{"error"}``."""
    answers = sys.stdout
    sys.stdout = sys.stderr
    django.setup()
    from django.db import connections  # noqa: PLC0415

    for line in sys.stdin:
        asked = json.loads(line)
        try:
            said = {"said": DEEDS[asked["call"]](**asked["with"])}
        except Exception as error:  # noqa: BLE001 the asking test tells it
            said = {"error": f"{type(error).__name__}: {error}"}
        connections.close_all()  # a database that was restarted meanwhile gets a new connection
        answers.write(json.dumps(said) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
