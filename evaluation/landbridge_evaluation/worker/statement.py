"""The signed statement of a result: what was measured on what, by whom, under which job (execution, section 8)."""

import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from landbridge_client import dsse
from landbridge_evaluation.jobspec import JobSpec

FLAGS = ("limited", "unpinned")


def envelope(  # noqa: PLR0913 what a statement is about
    spec: JobSpec,
    results: Mapping[str, Any],
    shards: list[dict[str, object]],
    signer: dsse.Signer,
    *,
    worker: str,
    started: datetime,
    facts: Mapping[str, Any],
) -> dict[str, Any]:
    """A DSSE envelope with the worker's signature; the platform adds its own."""
    predicate = {
        "job": spec.job,
        "attempt": spec.attempt,
        "attempts": spec.attempt,
        "worker": {"name": worker, "keyid": signer.keyid},
        "pool": facts.get("pool", ""),
        "model": {"repo": spec.model.repo, "revision": spec.model.revision},
        "tasks": [task(one, results["tasks"][one["name"]]) for one in named(spec)],
        "shards": shards,
        "engine": decimals(dict(results["manifest"]["engine"])),
        "environment": environment(results["manifest"]),
        "seeds": list(spec.seeds),
        "sandbox": {"tier": str(results["manifest"].get("sandbox", "none"))},
        "self_reported": False,
        "start": text(started),
        "end": text(datetime.now(UTC)),
    }
    statement = dsse.make_statement(
        subjects={spec.model.repo: spec.model.digest}, predicate_type=dsse.EVALUATION_RESULT, predicate=predicate
    )
    return dsse.sign(statement, signer)


def named(spec: JobSpec) -> list[dict[str, Any]]:
    """Each task with the dataset it reads."""
    data = {name: one for one in spec.data for name in one.tasks}
    return [
        {"name": one.name, "digest": one.digest(), "split": one.dataset.split, "data": data[one.name]}
        for one in spec.tasks
    ]


def task(one: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    data = one["data"]
    return {
        "name": one["name"],
        "digest": one["digest"],
        "split": one["split"],
        "dataset": {
            "repo": data.repo,
            "revision": data.revision,
            "digest": data.digest,
            "labels_digest": data.labels_digest,
        },
        "n": int(found.get("n") or 0),
        **{flag: flagged(found, flag) for flag in FLAGS},
        "route": found.get("route"),
        "metrics": decimals(found.get("metrics") or {}),
        "predictions_sha256": found.get("predictions_sha256"),
        "fault": decimals(found.get("fault")),
    }


def flagged(found: Mapping[str, Any], flag: str) -> bool:
    """Whether the results say so of the task or of its data: such a number never ranks."""
    return bool(found.get(flag) or (found.get("dataset") or {}).get(flag))


def environment(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The machine and the libraries. What the child says of itself is informative, and marked so."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "device": str(manifest.get("device")),
        "dtype": str(manifest.get("dtype")),
        "batch_tokens": manifest.get("batch_tokens"),
        "libraries": decimals(manifest.get("libraries") or {}),
        "child_says": decimals(manifest.get("child") or {}),
    }


def decimals(value: Any) -> Any:  # noqa: ANN401 JSON
    """Decimals as strings, so that the canonical form has no floats."""
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, Mapping):
        return {str(key): decimals(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [decimals(one) for one in value]
    return value


def text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
