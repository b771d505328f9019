"""A screening attempt: the conformance kit over a lab's wheel, in the sandbox, and what it found, signed.

What the process says is the plugin's own word: it is read as strictly as predictions are, and proves nothing but that
the plugin runs. The sandbox protects everyone else from it.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from landbridge_client import dsse
from landbridge_evaluation.errors import NoIsolation
from landbridge_evaluation.frames import BadFrame
from landbridge_evaluation.jobspec import JobSpec
from landbridge_evaluation.sandbox import Inputs, Probe
from landbridge_evaluation.supervisor.session import Session
from landbridge_evaluation.worker import environment, statement
from landbridge_plugins import Finding, ModelSpec, SpecError

SCHEMA: Final = "landbridge.screening/1"
WALL_S, MEMORY_MB = 300.0, 4096
ANSWER, TEXT, MOST = 1 << 20, 1000, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a screening runs with."""

    probe: Probe | None
    threads: int
    work_dir: Path
    stop: Callable[[], str | None]
    log: Callable[[bytes], None]


def screen(spec: JobSpec, model: Path, plugin: Path, setting: Setting) -> dict[str, Any]:
    """Run the kit over the installed ``plugin``; the results as they are delivered.

    Raises ``PluginFault`` where the plugin breaks the run (the lab must act), ``NoIsolation`` without a probe that
    holds, ``Stopped``.
    """
    probe = setting.probe
    if probe is None or not probe.passed:
        raise NoIsolation(f"Lab code runs only where it is contained. {probe.why if probe else ''}".strip())
    inputs = Inputs(
        model=model,
        plugin=plugin,
        threads=setting.threads,
        memory_mb=spec.limits.memory_mb or MEMORY_MB,
        wall_s=spec.limits.wall_s or WALL_S,
        module="landbridge_evaluation.child.conformance",
        arguments=("/plugin", "/model"),
    )
    with Session(inputs, tier=probe.tier, work_dir=setting.work_dir, stop=setting.stop, log=setting.log) as session:
        session.line_cap = ANSWER
        said = session.line()
    return results(spec, said)


def results(spec: JobSpec, line: bytes) -> dict[str, Any]:
    """What the process said, read strictly. Raises ``BadFrame`` for anything else."""
    try:
        said = json.loads(line)
        models, findings = said["models"], said["findings"]
        specs = [ModelSpec.from_json(one) for one in models[:MOST]]
        seen = [Finding.from_json(one) for one in findings[:MOST]]
    except (ValueError, KeyError, TypeError, RecursionError, SpecError) as error:
        raise BadFrame(f"What the plugin's process answered cannot be read: {str(error)[:200]}") from error
    if not specs and not any(one.blocking for one in seen):
        seen.append(
            Finding(code="no_models", message="It registers no model. Answer register_models().", blocking=True)
        )
    kept = [
        {"code": clean(one.code)[:60], "message": clean(one.message)[:TEXT], "blocking": one.blocking} for one in seen
    ]
    plugin = {name: (spec.plugin or {}).get(name) for name in ("name", "version", "wheel_sha256")}
    return {"schema": SCHEMA, "plugin": plugin, "models": [one.to_json() for one in specs], "findings": kept}


def clean(text: str) -> str:
    return "".join(one if one.isprintable() or one == "\n" else "\ufffd" for one in text)


def envelope(
    spec: JobSpec, found: Mapping[str, Any], signer: dsse.Signer, *, started: datetime, facts: Mapping[str, Any]
) -> dict[str, Any]:
    """A DSSE envelope about the wheel's repository, signed by this worker."""
    probe = facts.get("probe")
    predicate = {
        "job": spec.job,
        "attempt": spec.attempt,
        "kind": spec.kind,
        "worker": {"name": facts.get("worker", ""), "keyid": signer.keyid},
        "pool": facts.get("pool", ""),
        "model": {"repo": spec.model.repo, "revision": spec.model.revision},
        "plugin": found["plugin"],
        "screening": statement.decimals({"models": found["models"], "findings": found["findings"]}),
        "engine": {"version": environment.library(environment.OURS), "commit": environment.commit()},
        "sandbox": statement.sandbox(probe.tier if probe else "none", probe),
        "start": statement.text(started),
        "end": statement.text(datetime.now(UTC)),
    }
    made = dsse.make_statement(
        subjects={spec.model.repo: spec.model.digest}, predicate_type=dsse.SCREENING_RESULT, predicate=predicate
    )
    return dsse.sign(made, signer)
