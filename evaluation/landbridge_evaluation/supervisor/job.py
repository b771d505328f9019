"""One attempt at a job: ask what is missing, shard by shard, then score. Used by the command line and the worker."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from landbridge_evaluation import workload
from landbridge_evaluation.datasets import SealedDataset, open_sealed
from landbridge_evaluation.errors import (
    ContentChanged,
    Fault,
    InfrastructureFault,
    LoadFault,
    NoIsolation,
    Stopped,
    TaskFault,
)
from landbridge_evaluation.jobspec import JobSpec
from landbridge_evaluation.planning import Route, route_for, why_not
from landbridge_evaluation.questions import class_names
from landbridge_evaluation.sandbox import Inputs, Probe
from landbridge_evaluation.scoring import TaskScore, score_task
from landbridge_evaluation.supervisor.asking import Asker, lines_of, values_of
from landbridge_evaluation.supervisor.model import ModelFolder, open_model
from landbridge_evaluation.supervisor.progress import Progress
from landbridge_evaluation.supervisor.session import Session
from landbridge_evaluation.supervisor.store import ShardStore
from landbridge_evaluation.variants import Variant, variants_of
from landbridge_plugins import ModelSpec, SpecError, TaskSpec

LONGEST_S = 24 * 3600.0  # of lab code, where the job does not say
UNPROBED = "The containment of this machine was not probed: python -m landbridge_evaluation doctor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What only operators and tests set."""

    paths: tuple[Path, ...] = ()  # of further plugin distributions, last on the child's ``sys.path``
    specs: Mapping[str, ModelSpec] = field(default_factory=dict)  # of the models that those bring
    plugin: Path | None = None  # the lab's own code, installed
    isolation: str = "trusted"  # "required" is what ``plugin`` and the job can only tighten
    probe: Probe | None = None  # one that holds lets children be contained
    devices: tuple[str, ...] = ()  # the slot's GPU device files
    env: Mapping[str, str] = field(default_factory=dict)  # what the slot adds: which GPUs are seen
    threads: int | None = None
    log: Callable[[bytes], None] = lambda _piece: None
    tap: Callable[[bytes], None] | None = None  # sees every frame that goes into the child
    verify_data: bool = True


@dataclass(slots=True, kw_only=True)
class JobResults:
    """What an attempt found. ``faults`` by task; a task stands in ``scores`` or in ``faults``."""

    spec: JobSpec
    model: ModelFolder
    scores: dict[str, TaskScore] = field(default_factory=dict)
    faults: dict[str, Fault] = field(default_factory=dict)
    data: dict[str, SealedDataset] = field(default_factory=dict)
    routes: dict[str, Route] = field(default_factory=dict)
    counters: dict[str, dict[str, float]] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    peak_mb: int = 0
    sandbox: str = "none"  # the tier that its children ran in

    def to_json(self) -> dict[str, Any]:
        """``results.json``."""
        from landbridge_evaluation.results import results_json

        return results_json(self)

    def samples(self) -> Iterator[dict[str, Any]]:
        """The lines of ``samples.jsonl``; a blind run has none."""
        if not self.spec.blind:
            for score in self.scores.values():
                yield from score.samples
                for one in score.variants.values():
                    yield from one.samples


def run_job(  # noqa: PLR0913 the one door, each argument by name
    spec: JobSpec,
    *,
    model_dir: Path,
    data_dirs: Mapping[str, Path],
    store: ShardStore,
    progress: Callable[[Progress], None] = lambda _progress: None,
    stop: Callable[[], str | None] = lambda: None,
    work_dir: Path | None = None,
    options: Options | None = None,
) -> JobResults:
    """Run what ``store`` still misses, and score all of ``spec``'s tasks.

    A task's own fault (its data, or the plugin at that task) stands in the results. Raised are ``LoadFault`` (the model
    cannot load), ``ContentChanged`` (weights are not the pinned ones), ``InfrastructureFault`` (to be repeated) and
    ``Stopped`` (with ``stop``'s reason); the child and all it started are gone then, and finished shards are kept.
    """
    job = Job(spec, store, progress, stop, options or Options())
    with folder(work_dir) as place:
        return job.run(model_dir, data_dirs, place)


@contextmanager
def folder(wanted: Path | None) -> Iterator[Path]:
    if wanted is not None:
        wanted.mkdir(parents=True, exist_ok=True)
        yield wanted
    else:
        with tempfile.TemporaryDirectory(prefix="landbridge-") as made:
            yield Path(made)


class Job:
    def __init__(
        self,
        spec: JobSpec,
        store: ShardStore,
        progress: Callable[[Progress], None],
        stop: Callable[[], str | None],
        options: Options,
    ) -> None:
        self.spec, self.store, self.progress, self.stop, self.options = spec, store, progress, stop, options
        self.missing = set(store.missing())
        self.asker: Asker | None = None
        self.session: Session | None = None

    def run(self, model_dir: Path, data_dirs: Mapping[str, Path], work_dir: Path) -> JobResults:
        tier = self.tier()
        model = open_model(model_dir, self.options.specs, plugin_spec(self.spec.plugin))
        if self.spec.model.digest and self.spec.model.digest != model.digest:
            raise ContentChanged(f"The model should be {self.spec.model.digest}, the folder gives {model.digest}.")
        results = JobResults(spec=self.spec, model=model, sandbox=tier)
        try:
            for task in self.spec.tasks:
                self.task(task, data_dirs[task.name], work_dir, results)
        finally:
            self.hang_up(results)
        return results

    def tier(self) -> str:
        """How children are contained. Raises ``NoIsolation`` where they must be and cannot."""
        probe, strict = self.options.probe, "required" in (self.options.isolation, self.spec.isolation)
        if probe is not None and probe.passed:
            return probe.tier
        if strict or self.spec.plugin is not None or self.options.plugin is not None:
            raise NoIsolation(f"Lab code runs only where it is contained. {probe.why if probe else UNPROBED}")
        return "none"

    def inputs(self, model: ModelFolder) -> Inputs:
        limits, strict = self.spec.limits, self.options.plugin is not None
        return Inputs(
            model=model.path,
            plugin=self.options.plugin,
            paths=tuple(path.resolve() for path in self.options.paths),
            threads=self.options.threads or os.cpu_count() or 1,
            memory_mb=limits.memory_mb or (psutil.virtual_memory().total * 4 // 5 >> 20 if strict else None),
            wall_s=limits.wall_s or (LONGEST_S if strict else None),
            devices=self.options.devices,
            env=self.options.env,
        )

    def task(self, task: TaskSpec, data_dir: Path, work_dir: Path, results: JobResults) -> None:
        """Answer and score one task; a fault of its own ends only this task (and this child)."""
        began = time.perf_counter()
        try:
            load = self.prepare(task, data_dir, results)
            self.answer(load, work_dir, results)
            self.report("scoring", 1.0)
            results.scores[task.name] = score_task(load, self.answers(load, results), seed=self.spec.seeds[0])
        except (LoadFault, ContentChanged, InfrastructureFault, Stopped):
            raise
        except Fault as fault:
            fault.stage = fault.stage or f"task:{task.name}"
            results.faults[task.name] = fault
            self.hang_up(results)
        results.seconds[task.name] = time.perf_counter() - began

    def prepare(self, task: TaskSpec, data_dir: Path, results: JobResults) -> workload.Workload:
        data = open_sealed(data_dir)
        if self.options.verify_data:
            data.verify()
        if task.dataset.digest and task.dataset.digest != data.digest:
            raise TaskFault(
                f"{task.name} pins the data {task.dataset.digest}, the files give {data.digest}.",
                code="content_changed",
            )
        results.data[task.name] = data
        able = results.model.capabilities
        route = route_for(task, able, class_names_or_none(task, data))
        if route is None:
            raise TaskFault(
                why_not(task, able) or f"{task.name}: the model's labels are not the task's.", code="not_able"
            )
        results.routes[task.name] = route
        return workload.build(
            task,
            route,
            data,
            seed=self.spec.seeds[0],
            limit=self.spec.limits.items,
            variants=self.variants(task),
        )

    def variants(self, task: TaskSpec) -> tuple[Variant, ...]:
        try:
            return variants_of(task, self.spec.axes)
        except SpecError as error:
            raise TaskFault(f"{task.name}{error.pointer}: {error.message}", code="perturbation") from error

    def answer(self, load: workload.Workload, work_dir: Path, results: JobResults) -> None:
        plans = self.spec.shards_of(load.task.name)
        if not plans:
            raise TaskFault(f"{load.task.name}: the job plans no shards.", code="no_shards")
        rows, prepared = max(plan.stop for plan in plans), False
        for plan in plans:
            if plan.index not in self.missing:
                continue
            asker = self.connect(work_dir, results)
            if not prepared:
                self.report(f"task:{load.task.name}", 0.0)
                asker.prepare(load, self.spec.batch_tokens)
                prepared = True
            places = load.shard(plan, rows)
            values, counters = asker.shard(load, plan, places, partial(self.report_items, load, plan))
            self.store.put(plan.index, lines_of(values, counters))
            self.missing.discard(plan.index)

    def answers(self, load: workload.Workload, results: JobResults) -> dict[int, Any]:
        """Every item's answer, from the store: what the scores rest on is what was kept."""
        found: dict[int, Any] = {}
        sums = results.counters.setdefault(load.task.name, {})
        for plan in self.spec.shards_of(load.task.name):
            values, counters = values_of(self.store.get(plan.index))
            found |= values
            for name, value in counters.items():
                sums[name] = sums.get(name, 0) + value
        lacking = len(load.items) - len(found)
        if lacking or any(place not in found for place in range(len(load.items))):
            raise TaskFault(f"{load.task.name}: the kept shards lack {lacking} answers.", code="shards_incomplete")
        return found

    def connect(self, work_dir: Path, results: JobResults) -> Asker:
        """The child, started and with the model loaded, once."""
        if self.asker is None:
            self.report("loading_model", 0.0)
            self.session = Session(
                self.inputs(results.model),
                tier=results.sandbox,
                work_dir=work_dir,
                stop=self.stop,
                log=self.options.log,
                tap=self.options.tap,
            )
            self.asker = Asker(self.session)
            began = time.perf_counter()
            results.facts = self.asker.load(results.model, self.spec)
            results.seconds["loading_model"] = time.perf_counter() - began
        return self.asker

    def hang_up(self, results: JobResults) -> None:
        if self.session is not None:
            results.peak_mb = max(results.peak_mb, self.session.peak_mb)
            self.session.close()
        self.session = self.asker = None

    def report_items(self, load: workload.Workload, plan: Any, done: int) -> None:  # noqa: ANN401 a ShardPlan
        rows = len(load.rows) + sum(len(copies) for copies in load.variants.values())
        share = done / max(1, len(load.items)) * max(1, rows)
        self.report(f"task:{load.task.name}", min(share, plan.stop - plan.start))

    def report(self, stage: str, extra: float) -> None:
        """Progress in planned rows: those of finished shards, and ``extra`` of the one under way."""
        done = [plan for plan in self.spec.shards if plan.index not in self.missing]
        total = sum(plan.stop - plan.start for plan in self.spec.shards)
        finished = sum(plan.stop - plan.start for plan in done)
        self.progress(
            Progress(
                stage=stage,
                items_done=min(total, finished + int(extra)) if stage.startswith("task:") else finished,
                items_total=total,
                shards_done=len(done),
                shards_total=len(self.spec.shards),
                memory_mb=self.session.peak_mb if self.session is not None else 0,
            )
        )


def plugin_spec(plugin: Mapping[str, Any] | None) -> ModelSpec | None:
    """The model that the lab's plugin brings, as screening found it."""
    said = (plugin or {}).get("spec")
    return ModelSpec.from_json(said) if said else None


def class_names_or_none(task: TaskSpec, data: SealedDataset) -> tuple[str, ...] | None:
    from landbridge_evaluation.rendering import compile_field

    name = {"classify": "target", "tag": "tags"}.get(task.kind.value)
    if name is None:
        return None
    return class_names(task, data, {name: compile_field(task.prompt[name], data, name)})
