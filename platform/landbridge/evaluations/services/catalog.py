"""Publishing tasks and suites. A change is a new row; what results hang on stays as it was."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max

from landbridge.accounts.models import User
from landbridge.core import ledger, outbox
from landbridge.evaluations.models import Suite, SuiteRevision, TaskRecord
from landbridge.evaluations.models.catalog import SuiteTaskRow
from landbridge_client.formats.canonical import canonical_json
from landbridge_plugins import SuiteSpec, TaskSpec
from landbridge_registry.models import Revision


@transaction.atomic(durable=True)
def publish_task(  # noqa: PLR0913 what a task is published with
    *,
    task: TaskSpec,
    dataset_id: str,
    facts: Mapping[str, Any],
    labels: Sequence[str],
    metric: str,
    higher_is_better: bool,
    actor: User,
) -> TaskRecord:
    """The record of a task on a sealed dataset, made if there is none, and from now on the current one of its name."""
    dataset = Revision.objects.get(pk=dataset_id)
    record, created = TaskRecord.objects.get_or_create(
        name=task.name,
        digest=task.digest(),
        dataset=dataset,
        defaults={
            "spec": task.to_json(),
            "data_digest": facts["digest"],
            "labels_digest": facts["labels_digest"],
            "counts": dict(facts["counts"]),
            "labels": list(labels),
            "metric": metric,
            "higher_is_better": higher_is_better,
            "status": task.status.value,
            "current": False,
        },
    )
    if not record.current:
        TaskRecord.objects.filter(name=task.name, current=True).update(current=False)
        TaskRecord.objects.filter(pk=record.pk).update(current=True)
        record.refresh_from_db()
    if created:
        ledger.record("task.published", subject=record, actor=actor, name=task.name, digest=record.digest)
    return record


@transaction.atomic(durable=True)
def publish_suite(*, suite: SuiteSpec, tasks: Sequence[TaskRecord], actor: User) -> SuiteRevision:
    """The revision of a suite over these records. The same list again gives the same revision."""
    named = {task.name: task for task in tasks}
    kept = [(use, named[use.task]) for use in suite.tasks if use.task in named]
    members = [[task.digest, task.dataset.tree_digest] for _, task in kept]
    digest = hashlib.sha256(canonical_json({"suite": suite.digest(), "tasks": members})).hexdigest()
    row, _ = Suite.objects.get_or_create(name=suite.name, defaults={"title": suite.title, "title_zh": suite.title_zh})
    Suite.objects.filter(pk=row.pk).update(title=suite.title, title_zh=suite.title_zh)
    found = SuiteRevision.objects.filter(suite=row, digest=digest).first()
    if found is not None:
        return found
    last = SuiteRevision.objects.filter(suite=row).aggregate(last=Max("number"))["last"] or 0
    made = SuiteRevision.objects.create(suite=row, number=last + 1, digest=digest, spec=suite.to_json())
    SuiteTaskRow.objects.bulk_create(
        SuiteTaskRow(revision=made, task=task, place=place, weight=use.weight) for place, (use, task) in enumerate(kept)
    )
    outbox.publish("suite.published", row.pk)
    ledger.record("suite.published", subject=made, actor=actor, name=suite.name, number=made.number)
    return made
