"""Machines and the queue as pages show them: words for states and reasons, and how old a verdict is."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from landbridge.evaluations import fleet
from landbridge.evaluations.fleet import Waiting
from landbridge.evaluations.models import Job, Worker
from landbridge.portal.words import Look, Text

MODEL: Final = "model:"
ENDING: Final = 50  # leases that the page lists
LOOKS: Final[dict[str, Look]] = {
    "ready": Look("good", "circle-check", _("Takes jobs")),
    "draining": Look("warn", "hourglass", _("Draining")),
    "silent": Look("bad", "triangle-alert", _("Silent")),
    "off": Look("", "ban", _("Switched off")),
    "new": Look("info", "circle", _("Never started")),
}
POOLS: Final[dict[str, Text]] = {
    "operator": pgettext_lazy("pool", "Operator"),
    "lab": pgettext_lazy("pool", "Own machine of a lab"),
    "adopter": pgettext_lazy("pool", "Own machine of an adopter"),
}
TIERS: Final[dict[int, Text]] = {
    0: _("acceptance of a contract"),
    1: _("screening"),
    2: _("submission"),
    3: _("run again, and bulk"),
}
WHY: Final[dict[str, Text]] = {
    "held": _("They wait for people, not for a worker."),
    "workers_busy": _("Workers are there; it is a matter of time."),
    "workers_silent": _("Workers that could run them are silent, draining or off. Start one again."),
    "no_isolated_worker": _("No worker proves that it contains code of labs. Start one that the doctor clears."),
    "no_worker_with_label": _("No worker has the labels they need. Start one that has."),
}
ACTIONS: Final[dict[str, tuple[str, ...]]] = {
    "ready": ("drain", "disable", "revoke"),
    "silent": ("drain", "disable", "revoke"),
    "new": ("disable", "revoke"),
    "draining": ("enable", "disable", "revoke"),
    "off": ("enable", "revoke"),
}
DEEDS: Final[dict[str, Text]] = {
    "drain": _("Drain"),
    "enable": _("Let it take jobs"),
    "disable": _("Switch off"),
    "revoke": _("Revoke"),
}


@dataclass(frozen=True, slots=True)
class Deed:
    action: str
    label: Text


@dataclass(frozen=True, slots=True)
class ShownWorker:
    row: Worker
    look: Look
    pool: Text
    labels: tuple[str, ...]
    models: int  # labels that name a model it can load
    isolated: bool
    why: str  # the containment's own sentence, where it does not hold
    probed_at: datetime | None
    gpus: tuple[dict[str, Any], ...]
    jobs: tuple[Job, ...]
    deeds: tuple[Deed, ...]


@dataclass(frozen=True, slots=True)
class ShownWaiting:
    row: Waiting
    tier: Text
    pool: Text
    why: Text


@dataclass(frozen=True, slots=True)
class Fleet:
    workers: tuple[ShownWorker, ...]
    queue: tuple[ShownWaiting, ...]
    leases: tuple[Job, ...]
    running: int


def show() -> Fleet:
    """The whole page in three statements."""
    machines = list(fleet.workers()[: fleet.MOST])
    running = list(fleet.leased()[: fleet.MOST])
    waiting = fleet.waiting(machines)
    shown = tuple(
        ShownWaiting(one, TIERS.get(one.tier, str(one.tier)), POOLS.get(one.pool, one.pool), WHY[one.reason])
        for one in waiting
    )
    return Fleet(tuple(show_workers(machines, running)), shown, tuple(running[:ENDING]), len(running))


def show_workers(machines: Sequence[Worker], running: Iterable[Job]) -> list[ShownWorker]:
    held: dict[str, list[Job]] = defaultdict(list)
    for job in running:
        held[str(job.worker_id)].append(job)
    return [_worker(one, held[one.pk]) for one in machines]


def show_own(machines: Sequence[Worker]) -> list[ShownWorker]:
    """For the organization that they belong to, which may only take their tokens away."""
    ids = {one.pk for one in machines}
    running = fleet.leased().filter(worker__in=ids)[: fleet.MOST]
    only = (Deed("revoke", DEEDS["revoke"]),)
    return [replace(one, deeds=only if one.row.enabled else ()) for one in show_workers(machines, running)]


def _worker(row: Worker, jobs: Sequence[Job]) -> ShownWorker:
    state = fleet.state_of(row)
    labels = [one for one in row.labels if not one.startswith(MODEL)]
    return ShownWorker(
        row=row,
        look=LOOKS[state],
        pool=POOLS.get(row.pool, row.pool),
        labels=tuple(labels),
        models=len(row.labels) - len(labels),
        isolated="isolated" in row.labels,
        why=str(row.sandbox.get("why") or ""),
        probed_at=_probed(row),
        gpus=tuple(row.devices),
        jobs=tuple(jobs),
        deeds=tuple(Deed(action, DEEDS[action]) for action in ACTIONS[state]),
    )


def _probed(row: Worker) -> datetime | None:
    said = (row.sandbox.get("probe") or {}).get("passed_at")
    try:
        return datetime.fromisoformat(str(said)) if said else None
    except ValueError:
        return None
