"""The gate: jobs go in while parts are killed; afterwards each must have ended once, and right."""

import random
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import httpx2

from tests.faults.killing import KillLoop
from tests.faults.model import ROWS, TASKS, Deeds, right
from tests.faults.parts import Part, wait_until
from tests.faults.site import ENDED, Site

WORKERS = ("first", "second")
PAUSE = 0.006  # seconds an item takes the model; in a long proof more, so that there is something to hit
LONG_PAUSE = 0.02
END_S = 300.0
LIVE = 4  # jobs that are there while kills go on


@dataclass
class Outcome:
    """What a run of the gate found."""

    seed: int
    jobs: int
    hit: dict[str, int]
    seconds: float
    attempts: int
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "kills": sum(self.hit.values())}


def run(  # noqa: PLR0913 a gate has these sizes
    site: Site, broker: Part | None, *, jobs: int, kills: int, seed: int, pause: float = PAUSE
) -> Outcome:
    """Start ``site``, send it ``jobs`` jobs while ``kills`` of its processes are killed, and look at what came out.

    More jobs go in where there would be nothing left to hit. Without a broker that is a process (the embedded one is a
    folder), the control worker is killed in its place.
    """
    began = time.monotonic()
    start(site)
    loop = KillLoop(site, random.Random(seed), WORKERS, broker or site.part("control"))  # noqa: S311 a plan to repeat
    token = site.desk("account", name="ada", organization="lumen")
    models: list[Deeds] = []
    made: list[str] = []
    for number, kind in enumerate(loop.plan(kills)):
        due = min(jobs, 8 + jobs * (number + 1) // kills)
        for _ in range(max(due - len(made), LIVE - live(site), 0)):
            models.append(Deeds(seed=seed * 10_000 + len(models), pause=pause))
            made.append(submit(site, token, models[-1]))
        loop.one(kind)
        loop.rest()
    wait_until(lambda: ended(site), "all jobs to end", END_S, 0.3)
    outcome = judge(site, made, models)
    outcome.seed, outcome.hit, outcome.seconds = seed, dict(loop.hit), round(time.monotonic() - began, 1)
    return outcome


def start(site: Site) -> None:
    site.suite = site.desk("plant")
    site.add_web()
    site.add_sweeper()
    solo = ("-P", "solo", "--without-mingle", "--without-gossip", "--without-heartbeat", "-l", "warning")
    site.add("control", "-m", "celery", "-A", "landbridge.celery", "worker", "-Q", "control", "-n", "control@%h", *solo)
    for name in WORKERS:
        site.add_worker(name)
    site.keeper.begin()


def submit(site: Site, token: str, model: Deeds) -> str:
    """Ask as a lab's script would: again until there is an answer, so some ask twice; the job's id."""
    site.desk("publish_model", deeds=asdict(model))
    body = {"model": f"lumen/proof-{model.seed}", "suite": "proof"}
    found: list[str] = []

    def taken() -> bool:
        try:
            answer = httpx2.post(
                f"{site.url}/api/v1/evaluations", json=body, headers={"Authorization": f"Bearer {token}"}, timeout=5
            )
        except httpx2.HTTPError:
            return False
        if answer.status_code == 202:
            found.append(answer.json()["id"])
        else:
            assert answer.status_code >= 500, answer.text
        return bool(found)

    wait_until(taken, "a submission to be taken", 60, 0.2)
    return found[0]


def live(site: Site) -> int:
    return sum(one["state"] not in ENDED for one in site.desk("jobs"))


def ended(site: Site) -> bool:
    return live(site) == 0


def judge(site: Site, made: Sequence[str], models: Sequence[Deeds]) -> Outcome:
    """Compare what is kept with what was asked, counted independently."""
    rows = {one["job"]: one for one in site.desk("jobs")}
    outcome = Outcome(0, len(made), {}, 0.0, sum(one["attempt"] for one in rows.values()))
    outcome.doubled += [job for job in rows if job not in made] + [job for job in set(made) if made.count(job) > 1]
    for job, model in zip(made, models, strict=True):
        kept, row = site.record(job), rows[job]
        if row["state"] != "done" or not kept["results"]:
            outcome.lost.append(f"{job} is {row['state']}: {row['fault']}")
            continue
        if len(kept["results"]) != 1 or [one["outcome"] for one in kept["attempts"]].count("done") != 1:
            outcome.doubled.append(job)
        said = {one["task"]: (one["value"], one["n"]) for one in kept["scores"]}
        if said != {task: (right(model.seed, task) / ROWS, ROWS) for task in TASKS}:
            outcome.wrong.append(f"{job}: {said}")
        if [one["seq"] for one in kept["events"]] != list(range(1, len(kept["events"]) + 1)):
            outcome.wrong.append(f"{job}: its events have a gap")
    outcome.wrong += [
        f"{one['namespace']} is said to run {one['running']}" for one in site.desk("shares") if one["running"]
    ]
    return outcome
