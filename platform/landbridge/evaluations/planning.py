"""What a job will do, fixed when it is queued: which tasks, in which shards, and what a worker must have."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from landbridge.accounts.models import Organization
from landbridge.evaluations.errors import NoTaskFits
from landbridge.evaluations.models import Pool, SuiteRevision, TaskRecord
from landbridge_client.formats.canonical import canonical_json
from landbridge_evaluation.capabilities import Capabilities
from landbridge_evaluation.planning import ShardPlan, plan_shards, route_for, why_not
from landbridge_plugins import TaskSpec
from landbridge_registry.models import Repo, Revision, Visibility

ISOLATED = "isolated"  # carried by workers whose containment was probed and holds
DEVICE = "class:"  # a slot carries one: its device class
LABEL = "model:"  # a worker carries one per model that its plugins can load


@dataclass(slots=True)
class Plan:
    tasks: list[TaskRecord] = field(default_factory=list)
    shards: list[tuple[TaskRecord, ShardPlan]] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)

    @property
    def items(self) -> int:
        return sum(plan.stop - plan.start for _, plan in self.shards)


def plan_job(
    revision: Revision,
    tasks: Iterable[TaskRecord],
    *,
    pool: str = Pool.OPERATOR,
    organization: Organization | None = None,
) -> Plan:
    """The shards of every task that the model can do, and machines of ``pool`` may run; why not the others.

    Raises ``NoTaskFits``.
    """
    able = capabilities_of(revision)
    made = Plan()
    for record in tasks:
        if why := kept_from(record, pool, organization):
            made.skipped[record.name] = why
            continue
        task = TaskSpec.from_json(record.spec)
        route = route_for(task, able, tuple(record.labels) or None)
        if route is None:
            made.skipped[record.name] = why_not(task, able) or "The model cannot do this task."
            continue
        made.tasks.append(record)
        plans = plan_shards(task, record.counts, route, first_index=len(made.shards))
        made.shards += [(record, plan) for plan in plans]
    if not made.shards:
        why = "; ".join(dict.fromkeys(made.skipped.values())) or "The suite has no tasks."
        raise NoTaskFits(f"{revision.repo} can do none of these tasks here. {why}", tasks=made.skipped)
    return made


def capabilities_of(revision: Revision) -> Capabilities:
    if not revision.capabilities:
        return Capabilities(reason="This version was sealed without a look at what it can do.")
    return Capabilities.from_json(revision.capabilities)


def joined(labels: Iterable[str]) -> str:
    """``labels`` as a job's ``needs_key``: sorted, each once."""
    return ",".join(sorted(set(filter(None, labels))))


def needs_of(revision: Revision, more: Iterable[str] = ()) -> str:
    """The labels a worker must carry, as one sorted key. A lab's own code needs isolation, and brings its model."""
    if revision.facts.get("plugin"):
        return joined({ISOLATED, *more})
    slug = capabilities_of(revision).slug
    return joined({f"{LABEL}{slug}" if slug else "", *more})


def parameters_of(revision: Revision) -> int:
    """How many the model's weights hold; 0 where nobody counted."""
    found = revision.facts.get("parameters")
    return found if isinstance(found, int) else 0


def kept_from(record: TaskRecord, pool: str, organization: Organization | None) -> str:
    """Why a machine of ``organization`` may not have this task's data; empty where it may."""
    repo = record.dataset.repo
    if pool == Pool.LAB and repo.visibility != Visibility.PUBLIC:
        return "Its data is not public: only the operator's machines run it."
    own = organization is not None and repo.namespace_id == organization.namespace_id
    if pool == Pool.ADOPTER and not own:
        return "Its data is not your organization's own: only the operator's machines run it."
    return ""


def content_key(
    revision: Revision, suite_revision: SuiteRevision, configuration: Mapping[str, Any], nonce: str, kind: str
) -> str:
    """What makes two requests the same job: SHA-256 of all that can change a number, and the re-run's nonce."""
    said = {
        "kind": kind,
        "repo": str(revision.repo_id),
        "revision": revision.tree_digest,
        "suite": suite_revision.digest,
        "configuration": dict(configuration),
        "nonce": nonce,
    }
    return hashlib.sha256(canonical_json(said)).hexdigest()


def screening_key(repo: Repo, tree_digest: str, configuration: Mapping[str, Any], nonce: str) -> str:
    """What makes two screenings the same job."""
    said = {
        "kind": "screening",
        "repo": str(repo.pk),
        "revision": tree_digest,
        "configuration": dict(configuration),
        "nonce": nonce,
    }
    return hashlib.sha256(canonical_json(said)).hexdigest()


def configuration_of(suite_revision: SuiteRevision, revision: Revision) -> dict[str, Any]:
    """The plan that all models of a board run under, and the lab's plugin that loads this one, if it has one."""
    plan = suite_revision.spec.get("plan") or {}
    plugin = revision.facts.get("plugin")
    return {
        **({"plugin": plugin} if plugin else {}),
        "seeds": list(plan.get("seeds") or (0,)),
        "dtype": plan.get("dtype") or "auto",
        "batch_tokens": plan.get("batch_tokens"),
        "device": "auto",
    }
