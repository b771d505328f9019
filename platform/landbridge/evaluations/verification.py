"""Is this result the one that was leased, whole and signed by the worker that leased it? Pure: rows in, verdict out."""

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from landbridge.evaluations.errors import BadResult
from landbridge.evaluations.models import TaskRecord
from landbridge_client import dsse
from landbridge_client.formats.errors import FormatError


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the lease named."""

    job: str
    attempt: int
    model_digest: str
    public_key: str
    tasks: Sequence[TaskRecord]
    shards: Sequence[tuple[int, str]]  # index, SHA-256 of the stored bytes


def statement_of(envelope: Mapping[str, Any], expected: Expected) -> dict[str, Any]:
    """The statement in ``envelope``, signed by the expected key about the expected things; else ``BadResult``."""
    try:
        key = dsse.Key.from_hex(expected.public_key)
        verified = dsse.verify(envelope, [key])
    except FormatError as error:
        raise BadResult(f"The envelope cannot be trusted: {error}", what="envelope") from error
    if verified.keyids != (key.keyid,):
        raise BadResult("The envelope is not signed by this worker's registered key alone.", what="signature")
    statement = verified.statement
    predicate = statement.get("predicate")
    if statement.get("predicateType") != dsse.EVALUATION_RESULT or not isinstance(predicate, dict):
        raise BadResult("The statement is not about an evaluation's result.", what="predicateType")
    _same("subject", _subject(statement), [expected.model_digest])
    for name in ("job", "attempt"):
        _same(name, predicate.get(name), getattr(expected, name))
    _same("shards", _shards(predicate.get("shards")), [list(one) for one in expected.shards])
    _check_tasks(predicate, expected.tasks)
    return statement


def check_body(body: Mapping[str, Any], predicate: Mapping[str, Any]) -> None:
    """The numbers that were sent beside the statement are those that were signed."""
    tasks = body.get("tasks")
    if not isinstance(tasks, dict):
        raise BadResult("The results hold no tasks.", what="results")
    signed = {str(task["name"]): task for task in predicate["tasks"]}
    _same("results", sorted(tasks), sorted(signed))
    for name, task in signed.items():
        _same(f"results of {name}", decimals(tasks[name].get("metrics") or {}), task.get("metrics"))
        _same(f"fault of {name}", bool(tasks[name].get("fault")), bool(task.get("fault")))


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


def finite(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _subject(statement: Mapping[str, Any]) -> list[str]:
    subjects = statement.get("subject")
    if not isinstance(subjects, list):
        return []
    return [str((one.get("digest") or {}).get("sha256")) for one in subjects if isinstance(one, dict)]


def _shards(value: object) -> list[list[object]]:
    if not isinstance(value, list):
        return []
    return [[one.get("index"), one.get("sha256")] for one in value if isinstance(one, dict)]


def _check_tasks(predicate: Mapping[str, Any], tasks: Iterable[TaskRecord]) -> None:
    said = predicate.get("tasks")
    if not isinstance(said, list) or not all(isinstance(one, dict) for one in said):
        raise BadResult("The statement names no tasks.", what="tasks")
    found = {
        str(one.get("name")): [one.get("digest"), *((one.get("dataset") or {}).get(key) for key in DATA)]
        for one in said
    }
    wanted = {task.name: [task.digest, task.data_digest, task.labels_digest] for task in tasks}
    _same("tasks", found, wanted)


DATA = ("digest", "labels_digest")


def _same(what: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise BadResult(f"{what}: the result is not about what was leased.", what=what)
