"""The kill loop: SIGKILL at random, but only what lives, and never a job that would then rightly count as poison."""

import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import psutil

from tests.faults.parts import Part, kill_for_sure, lives
from tests.faults.site import Site

SHARES = {"worker": 10, "child": 10, "sweeper": 3, "web": 4, "broker": 3}  # of 30 kills
PATIENCE_S = 15.0  # for a victim of the wanted kind; then another kind's turn comes first
PAUSE_S = (0.4, 1.2)  # between kills
CHILD = "landbridge_evaluation.child"


@dataclass
class KillLoop:
    """Kills parts of ``site``. ``broker`` is the part that a kill of the broker hits."""

    site: Site
    dice: random.Random
    workers: tuple[str, ...]
    broker: Part
    hit: Counter[str] = field(default_factory=Counter)
    hits_of: dict[str, tuple[int, int]] = field(default_factory=dict)  # job → (shards in, hits since that many)
    pause: threading.Event = field(default_factory=threading.Event)

    def plan(self, kills: int) -> list[str]:
        """``kills`` kinds of victims in the shares above, shuffled."""
        whole = sum(SHARES.values())
        kinds = [kind for kind, share in SHARES.items() for _ in range(-(-kills * share // whole))]
        self.dice.shuffle(kinds)
        return kinds[:kills]

    def one(self, wanted: str) -> str:
        """Kill one live process, of the ``wanted`` kind if there is one in time; the kind that was hit."""
        until = time.monotonic() + PATIENCE_S
        while True:
            for kind in [wanted] if time.monotonic() < until else ["sweeper", "worker", "web", "broker"]:
                victim = self.victim(kind)
                if victim is not None and kill_for_sure(victim):
                    self.hit[kind] += 1
                    return kind
            assert time.monotonic() < until + 60, f"nothing to kill: {self.site.desk('jobs')}"
            self.pause.wait(0.03)

    def rest(self) -> None:
        self.pause.wait(self.dice.uniform(*PAUSE_S))

    def victim(self, kind: str) -> psutil.Process | None:
        if kind == "broker":
            return self.broker.main()
        if kind == "sweeper":
            return self.site.part("sweeper").main()
        active = [one for one in self.site.desk("jobs") if one["state"] in {"leased", "running", "finalizing"}]
        if kind == "web":
            web = self.site.part("web")
            found = [one for one in (web.main(), *web.descendants()) if one is not None and lives(one)]
            return self.dice.choice(found) if found and self.spare(active) else None
        name = self.dice.choice(self.workers)
        theirs = [one for one in active if one["worker"] == name]
        if not theirs:  # an idle worker is no fair target
            return None
        part = self.site.part(name)
        found = children(part) if kind == "child" else [one for one in [part.main()] if one is not None]
        return self.dice.choice(found) if found and self.spare(theirs) else None

    def spare(self, jobs: list[dict[str, Any]]) -> bool:
        """Whether all of ``jobs`` may be hit, which is then noted.

        Three attempts without a new shard end a job for good. A lease of two seconds runs out by itself on a busy
        machine, so a job that was hit since its last shard is left alone.
        """
        for job in jobs:
            shards, hits = self.hits_of.get(job["job"], (0, 0))
            if job["no_progress"] >= 1 or (hits >= 1 and job["shards_in"] <= shards):
                return False
        for job in jobs:
            self.hits_of[job["job"]] = (job["shards_in"], 1)
        return True


def children(part: Part) -> list[psutil.Process]:
    """The models' processes of this run's own worker: not their wrappers."""
    found = []
    for one in part.descendants():
        try:
            if one.name().startswith("python") and any(CHILD in word for word in one.cmdline()) and lives(one):
                found.append(one)
        except psutil.Error:
            continue
    return found
