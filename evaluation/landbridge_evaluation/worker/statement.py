"""The signed statement of a result: what was measured on what, by whom, under which job (execution, section 8)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from landbridge_client import dsse
from landbridge_evaluation.jobspec import JobSpec
from landbridge_evaluation.sandbox import Probe
from landbridge_evaluation.worker import environment
from landbridge_plugins import Kind

FLAGS = ("limited", "unpinned")
CLAIMED = frozenset({Kind.ROLLING})  # probabilities that nobody outside can check


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
        "attempts": int(facts.get("attempts") or spec.attempt),  # so far, this one included
        "kind": spec.kind,
        "worker": {"name": worker, "keyid": signer.keyid},
        "pool": facts.get("pool", ""),
        "model": {"repo": spec.model.repo, "revision": spec.model.revision},
        "plugin": plugin(spec),
        "tasks": [task(one, results["tasks"][one["name"]], code=spec.plugin is not None) for one in named(spec)],
        "shards": shards,
        "engine": {**decimals(dict(results["manifest"]["engine"])), "commit": environment.commit()},
        "environment": decimals(
            environment.environment(
                results["manifest"],
                facts.get("threads"),
                str(facts.get("device_class") or ""),
                code=spec.plugin is not None,
            )
        ),
        "seeds": list(spec.seeds),
        "sandbox": sandbox(str(results["manifest"].get("sandbox", "none")), facts.get("probe")),
        "self_reported": spec.plugin is not None and any(one.kind in CLAIMED for one in spec.tasks),
        "rounding": None,  # of a blind evaluation
        "differential_privacy": None,
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
        {
            "name": one.name,
            "kind": one.kind,
            "digest": one.digest(),
            "split": one.dataset.split,
            "data": data[one.name],
        }
        for one in spec.tasks
    ]


def task(one: Mapping[str, Any], found: Mapping[str, Any], *, code: bool = False) -> dict[str, Any]:
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
        "self_reported": code and one.get("kind") in CLAIMED,
        **{flag: flagged(found, flag) for flag in FLAGS},
        "route": found.get("route"),
        "metrics": decimals(found.get("metrics") or {}),
        "predictions_sha256": found.get("predictions_sha256"),
        "fault": decimals(found.get("fault")),
    }


def flagged(found: Mapping[str, Any], flag: str) -> bool:
    """Whether the results say so of the task or of its data: such a number never ranks."""
    return bool(found.get(flag) or (found.get("dataset") or {}).get(flag))


def plugin(spec: JobSpec) -> dict[str, Any] | None:
    """The lab's code that ran, as the job named it."""
    if spec.plugin is None:
        return None
    return {name: spec.plugin.get(name) for name in ("wheel_sha256", "name", "version")}


def sandbox(tier: str, probe: Probe | None) -> dict[str, Any]:
    """What contained the child, and the probe that showed that it holds."""
    if tier == "none" or probe is None:
        return {"tier": tier, "profile_sha256": None, "probe": None}
    probed = {"sha256": probe.sha256, "passed_at": probe.passed_at}
    return {"tier": tier, "profile_sha256": probe.profile_sha256, "probe": probed}


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
