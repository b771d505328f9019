"""``results.json`` and ``samples.jsonl``: what a run leaves behind."""

import json
import platform
import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from landbridge_evaluation.datasets import SealedDataset
from landbridge_evaluation.scheduler.record import told
from landbridge_plugins import TaskSpec

if TYPE_CHECKING:
    from landbridge_evaluation.scoring import TaskScore
    from landbridge_evaluation.supervisor.job import JobResults

SCHEMA = "landbridge.results/1"
LIBRARIES = ("numpy", "scipy", "scikit-learn", "sacrebleu", "pillow", "pypinyin", "opencc-python-reimplemented")


def results_json(results: "JobResults") -> dict[str, Any]:
    """The whole of ``results.json``. ``tasks`` is byte-equal on repetition; times stand in the manifest."""
    spec = results.spec
    return {
        "schema": SCHEMA,
        "model": {
            "id": spec.model.repo,
            "revision": spec.model.revision,
            "digest": results.model.digest,
            "parameters": results.model.spec.parameters,
            "bytes": results.model.size,
            "dtype": results.facts.get("dtype", spec.dtype),
            "variant_of": results.model.spec.base,
        },
        "tasks": {task.name: task_json(task, results) for task in spec.tasks},
        "suites": {},
        "axes": axes_json(results),
        "manifest": manifest(results),
    }


def task_json(task: TaskSpec, results: "JobResults") -> dict[str, Any]:
    score, fault = results.scores.get(task.name), results.faults.get(task.name)
    value: dict[str, Any] = {
        "n": score.n if score else 0,
        "limited": score.limited if score else False,
        "unpinned": not pins(task, results),
        "small_n": score.small_n if score else False,
        "digest": task.digest(),
        "dataset": dataset_json(task, results.data.get(task.name)),
        "route": results.routes[task.name].value if task.name in results.routes else None,
        "primary": score.primary if score else task.primary.name,
        "metrics": {name: one.to_json() for name, one in score.metrics.items()} if score else {},
        "groups": groups_json(score) if score else {},
        "perturbations": {name: one.to_json() for name, one in score.variants.items()} if score else {},
        "near_ties": None,
        "truncated": int(results.counters.get(task.name, {}).get("truncated", 0)),
        "faulty_items": score.faulty if score else 0,
        "fault": fault.to_json() if fault else None,
    }
    if score:
        value["predictions_sha256"] = score.predictions_sha256
        value |= {"adaptation": score.notes} if score.notes else {}
    return value


def axes_json(results: "JobResults") -> dict[str, Any]:
    """What sums up a task's axis. Of robustness: the mean over rows of the worst that any variant gave."""
    found = {
        name: {
            "variants": len(score.variants),
            "worst": {"metric": score.worst[0], **score.worst[1].to_json()} if score.worst else None,
        }
        for name, score in results.scores.items()
        if score.variants
    }
    return {"robustness": found} if found else {}


def pins(task: TaskSpec, results: "JobResults") -> bool:
    """Whether a digest said before the run which data is meant: the task's own, or that of a job's sealed revision."""
    sealed = any(one.revision and one.digest and task.name in one.tasks for one in results.spec.data)
    return bool(task.dataset.digest) or sealed


def dataset_json(task: TaskSpec, data: SealedDataset | None) -> dict[str, Any]:
    if data is None:
        return {"ref": task.dataset.ref, "digest": task.dataset.digest}
    return {
        "ref": task.dataset.ref,
        "config": data.config,
        "split": task.dataset.split,
        "digest": data.digest,
        "labels_digest": data.labels_digest,
        "pinned": task.dataset.digest == data.digest,
        "license": data.license,
        "commercial": data.commercial,
    }


def groups_json(score: "TaskScore") -> dict[str, Any]:
    return {
        column: {value: {name: one.to_json() for name, one in scores.items()} for value, scores in values.items()}
        for column, values in score.groups.items()
    }


def manifest(results: "JobResults") -> dict[str, Any]:
    """What repeats the numbers. What the child said of itself stands under ``child``: informative, not trusted."""
    spec = results.spec
    return {
        "engine": {
            "version": package_version("landbridge"),
            **told(results.counters),
            "counters": results.counters,
        },
        "model": spec.model.to_json(),
        "tasks": {task.name: task.digest() for task in spec.tasks},
        "datasets": {
            name: {"digest": one.digest, "labels_digest": one.labels_digest} for name, one in results.data.items()
        },
        "seeds": list(spec.seeds),
        "device": spec.device,
        "dtype": spec.dtype,
        "batch_tokens": spec.batch_tokens,
        "child": results.facts,
        "python": sys.version.split()[0],
        "platform": platform.platform(),
        "libraries": {name: package_version(name) for name in LIBRARIES},
        "sandbox": results.sandbox,
        "peak_memory_mb": results.peak_mb,
        "times": {name: round(seconds, 3) for name, seconds in results.seconds.items()},
    }


def package_version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def write(results: "JobResults", folder: Path, extra: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Write both files, each whole or not at all, and return what ``results.json`` holds."""
    folder.mkdir(parents=True, exist_ok=True)
    value = results.to_json()
    value["manifest"] |= extra or {}
    replace(folder / "samples.jsonl", (dump(one) + "\n" for one in results.samples()))
    replace(folder / "results.json", [json.dumps(value, ensure_ascii=False, indent=1) + "\n"])
    return value


def dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def replace(path: Path, parts: Iterable[str]) -> None:
    aside = path.with_name(path.name + ".tmp")
    with aside.open("w", encoding="utf-8") as file:
        file.writelines(parts)
    aside.replace(path)
