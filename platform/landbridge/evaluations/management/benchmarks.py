"""Tasks and suites of the installed plugins: their data sealed as repositories, their records published."""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from landbridge.accounts.models import User
from landbridge.evaluations import services
from landbridge.evaluations.management.publishing import Folder, publish
from landbridge.evaluations.models import SuiteRevision, TaskRecord
from landbridge_evaluation.datasets import SealedDataset, seal
from landbridge_evaluation.errors import TaskFault
from landbridge_evaluation.metrics import measures_of
from landbridge_evaluation.supervisor.job import class_names_or_none
from landbridge_plugins import Status, SuiteSpec, TaskSpec, build_manager, call_each

NAMESPACE: Final = "landbridge"
Say = Callable[[str], object]


@dataclass(slots=True)
class Sync:
    """One round. ``say`` is told what is left out, and why."""

    actor: User
    say: Say
    sealed: dict[tuple[str, str], tuple[str, str]] = field(default_factory=dict)  # repository name → digests

    def run(self, names: Sequence[str] = ()) -> list[SuiteRevision]:
        """Publish the suites called ``names`` (all, if none is named) as far as their data is at hand."""
        tasks = {task.name: task for task in registered("register_tasks", TaskSpec)}
        suites = [suite for suite in registered("register_suites", SuiteSpec) if not names or suite.name in names]
        for name in sorted(set(names) - {suite.name for suite in suites}):
            self.say(f"No installed plugin registers the suite {name}.")
        wanted = dict.fromkeys(use.task for suite in suites for use in suite.tasks)
        records = dict(self._records(tasks, wanted))
        made = []
        for suite in suites:
            known = [records[use.task] for use in suite.tasks if use.task in records]
            if known:
                made.append(services.publish_suite(suite=suite, tasks=known, actor=self.actor))
            else:
                self.say(f"Suite {suite.name}: none of its tasks has data here.")
        return made

    def _records(self, tasks: Mapping[str, TaskSpec], wanted: Mapping[str, Any]) -> Iterator[tuple[str, TaskRecord]]:
        for name in wanted:
            task = tasks.get(name)
            if task is None or task.status is not Status.PUBLISHED:
                self.say(f"Task {name}: not published by any installed plugin.")
                continue
            record = self._publish(task)
            if record is not None:
                yield name, record

    def _publish(self, task: TaskSpec) -> TaskRecord | None:
        """The task on data that was sealed now; where the data is gone, on what was sealed before."""
        with tempfile.TemporaryDirectory(prefix="landbridge-seal-") as place:
            try:
                data = seal(task, Path(place))
                labels = class_names_or_none(task, data) or ()
            except TaskFault as fault:
                self.say(f"Task {task.name}: {fault}")
                return TaskRecord.objects.filter(name=task.name, current=True, digest=task.digest()).first()
            revision = publish(self._folder(task, data), actor=self.actor)
        primary = task.metrics.index(task.primary)
        measure = measures_of(task, tuple(labels))[primary]
        return services.publish_task(
            task=task,
            dataset_id=revision.pk,
            facts=data.to_json(),
            labels=labels,
            metric=measure.name,
            higher_is_better=measure.higher_is_better,
            actor=self.actor,
        )

    def _folder(self, task: TaskSpec, data: SealedDataset) -> Folder:
        files = [path for path in sorted(data.path.rglob("*")) if path.is_file()]
        return Folder(
            kind="dataset",
            namespace=NAMESPACE,
            name=self._name(task, data),
            contents={path.relative_to(data.path).as_posix(): path for path in files},
            message=f"Seal {task.dataset.ref}",
            facts=data.to_json(),
            license=data.license,
        )

    def _name(self, task: TaskSpec, data: SealedDataset) -> str:
        """The dataset's own name; where two tasks hide different columns of it, the second one's name beside it."""
        name = repo_name(task)
        digests = (data.digest, data.labels_digest)
        if self.sealed.setdefault((name, ""), digests) == digests:
            return name
        return f"{name}-{task.name}"


def repo_name(task: TaskSpec) -> str:
    config = task.dataset.config
    name = task.dataset.ref.partition(":")[2].replace("/", "-")
    return name if config in {None, "default"} else f"{name}-{config}"


def registered(hook: str, kind: type[Any]) -> list[Any]:
    """What every plugin registers; a broken one is left out, the rest stays."""
    manager, _ = build_manager()
    answers = [answer for _, answer in call_each(manager, hook) if isinstance(answer, tuple)]
    return [one for answer in answers for one in answer if isinstance(one, kind)]
