"""Where a job should run, as an installed plugin chooses: asked before a job is queued, outside of any transaction."""

import logging
import re
from functools import lru_cache
from typing import Any, Final

import pluggy

from landbridge.evaluations import planning
from landbridge.evaluations.models import SuiteRevision
from landbridge_plugins import QueueChoice, build_manager
from landbridge_plugins.manager import Fault, call_each
from landbridge_registry.models import Revision

log = logging.getLogger(__name__)
MAY_NAME: Final = re.compile(r"(cpu|gpu|isolated|gpus?\.[1-9][0-9]{0,3}|class:[a-z0-9:.]{1,40})\Z")


@lru_cache(maxsize=1)
def installed() -> pluggy.PluginManager:
    """The operator's own plugins; lab code is never among them."""
    return build_manager()[0]


def chosen(revision: Revision, suite: SuiteRevision, *, pool: str = "operator") -> tuple[str, ...]:
    """Labels that a worker must carry besides the platform's own.

    A plugin narrows who may run a job and opens nothing: another pool than the job's, labels that no worker can say of
    itself, and a plugin that fails count as no choice.
    """
    job = public_part(revision, suite)
    for plugin, answer in call_each(installed(), "choose_queue", job=job):
        if isinstance(answer, Fault):
            log.warning("choose_queue of %s failed: %s", plugin, answer.error)
            continue
        found = answer[0] if answer and isinstance(answer[0], QueueChoice) else None
        if found is not None and found.pool == pool and all(MAY_NAME.match(one) for one in found.needs):
            return found.needs
        if answer:
            log.warning("choose_queue of %s chose what it may not: %r", plugin, answer[0])
    return ()


def public_part(revision: Revision, suite: SuiteRevision) -> dict[str, Any]:
    """What a plugin is told of a job."""
    return {
        "kind": "evaluation",
        "model": {"repo": str(revision.repo), "revision": revision.commit, "digest": revision.tree_digest},
        "parameters": planning.parameters_of(revision),
        "code": bool(revision.facts.get("plugin")),
        "suite": suite.suite.name,
        "tasks": [row.task.spec for row in suite.rows.select_related("task")],
    }
