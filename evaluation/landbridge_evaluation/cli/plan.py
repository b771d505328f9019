"""What ``run`` does before any weights load: seal the data, choose routes, cut shards, guard the output folder."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from landbridge_evaluation.catalog import Catalog
from landbridge_evaluation.cli.fetch import fetch
from landbridge_evaluation.datasets import SealedDataset, seal
from landbridge_evaluation.errors import ContentChanged, TaskFault
from landbridge_evaluation.jobspec import Bounds, DataRef, JobSpec, ModelRef
from landbridge_evaluation.planning import ShardPlan, plan_shards, route_for
from landbridge_evaluation.supervisor.job import class_names_or_none
from landbridge_evaluation.supervisor.model import open_model
from landbridge_evaluation.variants import variants_of
from landbridge_plugins import SpecError, TaskSpec
from landbridge_plugins.errors import nearest

KEY = "run.json"  # what an output folder belongs to


@dataclass(slots=True, kw_only=True)
class Prepared:
    spec: JobSpec
    model_dir: Path
    data_dirs: dict[str, Path]


def prepare(asked: argparse.Namespace, tasks: Sequence[TaskSpec], known: Catalog) -> Prepared:
    """Raises ``LoadFault`` (the model), ``SpecError`` or ``TaskFault`` (tasks, data, output folder)."""
    named = fetch(asked.model, asked.revision, asked.output / "model")
    model = open_model(named.path)
    asked.output.mkdir(parents=True, exist_ok=True)
    sealed = {task.name: sealed_data(task, asked.output / "data", known.base) for task in tasks}
    shards = list[ShardPlan]()
    for task in tasks:
        check(task, known.pointers.get(task.name, ""), sealed[task.name])
        route = route_for(task, model.capabilities, class_names_or_none(task, sealed[task.name]))
        if route is not None:  # else the run itself says why not
            counts = sealed[task.name].counts
            copies = len(variants_of(task, asked.axes))
            shards += plan_shards(task, counts, route, first_index=len(shards), limit=asked.limit, variants=copies)
    spec = JobSpec(
        job="run",
        attempt=1,
        model=ModelRef(repo=named.repo, revision=named.revision, digest=model.digest),
        tasks=tuple(tasks),
        data=tuple(data_refs(sealed)),
        shards=tuple(shards),
        seeds=(asked.seed,),
        device=asked.device,
        dtype=asked.dtype,
        batch_tokens=asked.batch_tokens,
        limits=Bounds(items=asked.limit),
        isolation="trusted",
        axes=asked.axes,
    )
    guard(asked.output, spec)
    return Prepared(spec=spec, model_dir=model.path, data_dirs={name: one.path for name, one in sealed.items()})


def sealed_data(task: TaskSpec, folder: Path, base: Path) -> SealedDataset:
    data = seal(task, folder / task.name, base=base)
    if task.dataset.digest and task.dataset.digest != data.digest:
        text = f"{task.name} pins the data {task.dataset.digest}, what is here gives {data.digest}. Nothing was run."
        raise ContentChanged(text)
    return data


def check(task: TaskSpec, pointer: str, data: SealedDataset) -> None:
    """Splits and columns are there. Raises ``SpecError`` with the nearest names."""
    for split in task.dataset.splits:
        if split not in data.counts:
            known = nearest(split, data.counts)
            raise SpecError(f"{pointer}/dataset/split", f'{task.dataset.ref} has no split "{split}".{known}')
    if not data.counts[task.dataset.split]:
        raise SpecError(f"{pointer}/dataset/split", f'"{task.dataset.split}" is empty.')
    columns(task, pointer, data)


def columns(task: TaskSpec, pointer: str, data: SealedDataset) -> None:
    for name in task.prompt:
        for column in task.columns(name):
            if column not in data.features:
                known = nearest(column, data.features)
                raise SpecError(f"{pointer}/prompt/{name}", f'{task.dataset.ref} has no column "{column}".{known}')


def data_refs(sealed: dict[str, SealedDataset]) -> list[DataRef]:
    return [
        DataRef(repo=one.ref, revision="", digest=one.digest, labels_digest=one.labels_digest, tasks=(name,))
        for name, one in sealed.items()
    ]


def guard(output: Path, spec: JobSpec) -> None:
    """Raises ``TaskFault`` where the folder holds another run's shards: results of two models are not mixed."""
    key: dict[str, Any] = {
        "model": spec.model.digest,
        "tasks": {task.name: task.digest() for task in spec.tasks},
        "data": [[one.digest, one.labels_digest] for one in spec.data],
        "shards": [plan.to_json() for plan in spec.shards],
        "seeds": list(spec.seeds),
        "device": spec.device,
        "dtype": spec.dtype,
        "batch_tokens": spec.batch_tokens,
        "limit": spec.limits.items,
    }
    key |= {"axes": list(spec.axes)} if spec.axes else {}
    path = output / KEY
    if path.is_file():
        if json.loads(path.read_text(encoding="utf-8")) != key:
            raise TaskFault(
                f"{output} belongs to a run of another model, task or setting. Choose another folder.", code="other_run"
            )
        return
    path.write_text(json.dumps(key, indent=1) + "\n", encoding="utf-8")
