"""Is this result the one that was leased, whole and signed by the worker that leased it? Pure: rows in, verdict out."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from landbridge.evaluations.errors import BadResult
from landbridge.evaluations.models import TaskRecord
from landbridge.evaluations.wellformed import FLAGS, an_object, check_count, check_storable, check_task
from landbridge_client import dsse
from landbridge_client.formats.errors import FormatError
from landbridge_evaluation.planning import test_rows
from landbridge_plugins import TaskSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the lease named."""

    job: str
    attempt: int
    model_digest: str
    public_key: str
    tasks: Sequence[TaskRecord]
    shards: Sequence[tuple[int, str]]  # index, SHA-256 of the stored bytes
    leased: Mapping[str, Any] = field(default_factory=dict)  # kind, pool, seeds and plugin, as the lease named them


def statement_of(envelope: Mapping[str, Any], expected: Expected) -> dict[str, Any]:
    """The statement in ``envelope``, signed by the expected key about the expected things; else ``BadResult``."""
    try:
        key = dsse.Key.from_hex(expected.public_key)
        verified = dsse.verify(envelope, [key])
    except FormatError as error:
        raise BadResult(f"The envelope cannot be trusted: {error}", what="envelope") from error
    if verified.keyids != (key.keyid,):
        raise BadResult("The envelope is not signed by this worker's registered key alone.", what="signature")
    check_storable(envelope, "envelope")
    statement = verified.statement
    predicate = statement.get("predicate")
    if statement.get("predicateType") != dsse.EVALUATION_RESULT or not isinstance(predicate, dict):
        raise BadResult("The statement is not about an evaluation's result.", what="predicateType")
    _same("subject", _subject(statement), [expected.model_digest])
    for name in ("job", "attempt"):
        _same(name, predicate.get(name), getattr(expected, name))
    for name, wanted in expected.leased.items():
        _same(name, predicate.get(name), wanted)
    _check_said(predicate)
    _same("shards", _shards(predicate.get("shards")), [list(one) for one in expected.shards])
    _check_tasks(predicate, expected.tasks)
    return statement


def leased(configuration: Mapping[str, Any], kind: str, pool: str) -> dict[str, Any]:
    """What a job's statement must repeat of its lease. ``plugin``: the lab's code by digest, or none."""
    named = configuration.get("plugin")
    plugin = {name: named.get(name) for name in PLUGIN} if named else None
    return {"kind": kind, "pool": pool, "seeds": list(configuration.get("seeds") or (0,)), "plugin": plugin}


PLUGIN = ("wheel_sha256", "name", "version")


def _check_said(predicate: Mapping[str, Any]) -> None:
    """What only the worker knows must be said: boards and re-runs go by it."""
    for name, keys in SAID.items():
        for key in keys:
            if not isinstance(_within(predicate, name, key), str):
                raise BadResult(f"The statement does not say {name}.{key}.", what=name)
    if not all(isinstance(predicate.get(name), str) for name in ("start", "end")):
        raise BadResult("The statement does not say when it started and ended.", what="end")


SAID = {"engine": ("version",), "environment": ("lock_sha256", "device_class", "dtype"), "sandbox": ("tier",)}


def device_class_of(predicate: Mapping[str, Any]) -> str:
    return str(_within(predicate, "environment", "device_class") or "")[:40]


def check_body(body: Mapping[str, Any], predicate: Mapping[str, Any], tasks: Iterable[TaskRecord]) -> None:
    """What was sent beside the statement is what was signed, and about as many items as were planned."""
    check_storable(body, "results")
    sent = an_object(body.get("tasks"), "results")
    signed = {str(task["name"]): task for task in predicate["tasks"]}
    _same("results", sorted(sent), sorted(signed))
    for task in tasks:
        name, said = task.name, signed[task.name]
        found = check_task(name, sent[name])
        _same(f"results of {name}", decimals(found.get("metrics") or {}), said.get("metrics"))
        _same(f"fault of {name}", bool(found.get("fault")), bool(said.get("fault")))
        _same(f"n of {name}", found.get("n") or 0, said.get("n"))
        for flag in FLAGS:
            _same(f"{flag} of {name}", flagged(found, flag), bool(said.get(flag)))
        if not found.get("fault"):
            _check_items(task, found)


def _check_items(record: TaskRecord, found: Mapping[str, Any]) -> None:
    """A part of the rows counts as a whole nowhere, and more than all of them there are not."""
    task = TaskSpec.from_json(record.spec)
    check_count(found.get("n"), f"n of {task.name}", most=test_rows(task, record.counts, None))
    whole = record.counts.get(task.dataset.split, 0)
    if found["n"] < whole and not task.dataset.where and not flagged(found, "limited"):
        said = f"{found['n']} of {whole} rows of {task.name} were run, and the result does not say that it is limited."
        raise BadResult(said, what=f"n of {task.name}")


def flagged(found: Mapping[str, Any], flag: str) -> bool:
    """Whether the part of one task says so, of itself or of its data; the worker signs the same."""
    return bool(found.get(flag) or (found.get("dataset") or {}).get(flag))


def failed_tasks(body: Mapping[str, Any]) -> set[str]:
    """Tasks whose result is a fault: it is signed with the rest, and such a task gets no score."""
    tasks = body.get("tasks")
    found = tasks.items() if isinstance(tasks, dict) else ()
    return {str(name) for name, task in found if isinstance(task, dict) and task.get("fault")}


def decimals(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Metrics as a statement carries them: decimals as strings (execution, section 8)."""
    return {name: {key: decimal(value) for key, value in metric.items()} for name, metric in metrics.items()}


def decimal(value: object) -> Any:  # noqa: ANN401 JSON
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, list):
        return [decimal(one) for one in value]
    if isinstance(value, dict):
        return {key: decimal(one) for key, one in value.items()}
    return value


def digest_of(envelope: Mapping[str, Any]) -> str:
    """SHA-256 of what was signed, the same before and after the platform's own signature."""
    return hashlib.sha256(str(envelope.get("payload", "")).encode()).hexdigest()


def _subject(statement: Mapping[str, Any]) -> list[str]:
    subjects = statement.get("subject")
    if not isinstance(subjects, list):
        return []
    return [str(_within(one, "digest", "sha256")) for one in subjects]


def _shards(value: object) -> list[list[object]]:
    if not isinstance(value, list):
        return []
    return [[one.get("index"), one.get("sha256")] for one in value if isinstance(one, dict)]


def _check_tasks(predicate: Mapping[str, Any], tasks: Iterable[TaskRecord]) -> None:
    said = predicate.get("tasks")
    if not isinstance(said, list) or not all(isinstance(one, dict) for one in said):
        raise BadResult("The statement names no tasks.", what="tasks")
    found = {str(one.get("name")): [one.get("digest"), *(_within(one, "dataset", key) for key in DATA)] for one in said}
    wanted = {task.name: [task.digest, task.data_digest, task.labels_digest] for task in tasks}
    _same("tasks", found, wanted)


def _within(value: object, *keys: str) -> object:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


DATA = ("digest", "labels_digest")


def _same(what: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise BadResult(f"{what}: the result is not about what was leased.", what=what)
