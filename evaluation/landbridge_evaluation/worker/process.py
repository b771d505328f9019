"""The process: registers, keeps its slots busy, ends without losing what runs."""

import dataclasses
import importlib.util
import logging
import os
import queue
import random
import shutil
import sys
import threading
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from landbridge_client import dsse
from landbridge_evaluation.capabilities import HUGGINGFACE
from landbridge_evaluation.supervisor.model import registered_models
from landbridge_evaluation.worker import containment
from landbridge_evaluation.worker.api import AttemptApi, Refused, Terms, Unreachable, WorkerApi
from landbridge_evaluation.worker.attempt import Bench, run_attempt
from landbridge_evaluation.worker.cache import Cache
from landbridge_evaluation.worker.clock import Deadline, now
from landbridge_evaluation.worker.containment import Containment
from landbridge_evaluation.worker.devices import Slot
from landbridge_evaluation.worker.leftovers import bring_logs
from landbridge_evaluation.worker.meter import Meter
from landbridge_evaluation.worker.shelves import LIMIT, Shelves
from landbridge_evaluation.worker.signals import DRAIN, Drain

log = logging.getLogger(__name__)
LONGEST_POLL = 10.0
GROWTH = 1.5
LONG_POLL_S = 10.0  # that a platform may hold the question for work; a drain waits for its answer
ROOM_AGAIN_S = 30.0  # seconds between two looks at a full disk
MODEL, CLASS = "model:", "class:"
ISOLATED = "isolated"  # children are contained here: a lab's code may run
ENDS = frozenset({"replaced", "worker_disabled", "token_kind", "token_invalid", "authentication_failed", "protocol"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What the command line says."""

    url: str
    token: str
    home: Path
    name: str = ""
    slots: tuple[Slot, ...] = (Slot(number=0),)
    labels: tuple[str, ...] = ()
    plugins: tuple[Path, ...] = ()
    threads: int = 1
    woken: bool = False  # a broker brings wake-ups: no question is held open
    cache_bytes: int = LIMIT
    reserve_bytes: int | None = None


@dataclass(slots=True)
class Worker:
    setup: Setup
    instance: str = field(default_factory=lambda: str(uuid.uuid4()))
    drain: Drain = field(default_factory=Drain)
    pokes: "queue.Queue[str]" = field(default_factory=lambda: queue.Queue(1000))
    broken: threading.Event = field(default_factory=threading.Event)  # the platform wants this process to end
    threads: list[threading.Thread] = field(default_factory=list)
    containment: Containment = field(init=False)
    models: set[str] = field(default_factory=set)
    told: bool = False  # the platform, that children are contained here

    def start(self) -> None:
        """Register and start the slots. Raises ``Refused``; waits for a platform that is not up yet, and for room."""
        self.setup.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        bring_logs(self.setup.home / "work", lambda instance: WorkerApi(self.setup.url, self.setup.token, instance))
        shutil.rmtree(self.setup.home / "work", ignore_errors=True)  # of attempts that died with an earlier process
        shelves = Shelves(self.setup.home / "cache", self.setup.cache_bytes, self.setup.reserve_bytes)
        shelves.tidy()
        self.wait_for_room(shelves)
        sys.path.extend(str(path) for path in self.setup.plugins if str(path) not in sys.path)
        signer = load_key(self.setup.home / "key.pem")
        self.containment, self.models = Containment(self.setup.home), model_labels()
        api = self.connect()
        terms = self.register(api, signer)
        api.close()
        if terms is None:
            return
        bench = Bench(
            name=terms.name,
            home=self.setup.home,
            cache=Cache(shelves),
            signer=signer,
            drain=self.drain,
            heartbeat_s=terms.heartbeat_s,
            threads=self.setup.threads,
            plugins=self.setup.plugins,
            withdraw=self.containment.withdraw,
        )
        log.info("worker %s registered at %s with %s slots", terms.name, self.setup.url, len(self.setup.slots))
        for slot in self.setup.slots:
            meter = Meter(slot)
            made = dataclasses.replace(bench, slot=slot, sample=meter.fresh)
            thread = threading.Thread(target=self.slot, args=(made, terms), name=f"slot-{slot.number}", daemon=True)
            self.threads.append(thread)
            thread.start()

    def wait_for_room(self, shelves: Shelves) -> None:
        """Who has no disk to work on takes no job."""
        while not shelves.roomy() and not self.drain.event.is_set():
            log.error("The disk of %s is full. No job is taken until there is room; free some.", self.setup.home)
            self.drain.event.wait(ROOM_AGAIN_S)

    def connect(self) -> WorkerApi:
        return WorkerApi(self.setup.url, self.setup.token, self.instance, stop=self.drain.event)

    def register(self, api: WorkerApi, signer: dsse.Signer) -> Terms | None:
        body = self.facts(signer)
        while not self.drain.event.is_set():
            try:
                return api.register(body)
            except Unreachable as trouble:
                log.warning("not registered yet: %s", trouble)
        return None

    def facts(self, signer: dsse.Signer) -> dict[str, Any]:
        verdict = self.containment.current()
        self.told = verdict.passed
        return {
            "name": self.setup.name,
            "instance": self.instance,
            "software": f"landbridge_evaluation on Python {sys.version.split()[0]}",
            "slots": len(self.setup.slots),
            "labels": sorted({label for slot in self.setup.slots for label in self.labels(slot)}),
            "devices": [device for slot in self.setup.slots for device in slot.to_json()],
            "sandbox": containment.described(verdict),
            "public_key": signer.public_hex,
        }

    def labels(self, slot: Slot) -> list[str]:
        """What jobs may ask for that run in ``slot``."""
        found = {*slot.labels, f"{CLASS}{slot.kind}", *self.setup.labels, *self.models}
        if self.containment.current().passed and not slot.shared:
            found.add(ISOLATED)
        return sorted(found)

    def slot(self, bench: Bench, terms: Terms) -> None:
        """Lease, run, lease the next without any message; when idle, poll more and more slowly."""
        api, beats = self.connect(), self.connect()
        beats.stop = threading.Event()  # beats go on while the process drains
        pause, wanted = terms.poll_s, None
        while not self.drain.event.is_set():
            body, sent = self.ask(api, wanted, bench)
            held = now() - sent >= LONG_POLL_S / 2  # the platform held the question: it may be asked again at once
            if body is not None:
                api.stop = threading.Event()  # a result is delivered also while the process drains
                self.run(body, sent, api, beats, bench)
                api.stop = self.drain.event
                pause, wanted = terms.poll_s, None
                continue
            wanted = self.sleep(0.0 if held else pause * random.uniform(0.75, 1.25))  # noqa: S311 jitter
            pause = terms.poll_s if wanted else min(LONGEST_POLL, pause * GROWTH)
        api.close()
        beats.close()

    def run(self, body: dict[str, Any], sent: float, api: WorkerApi, beats: WorkerApi, bench: Bench) -> None:
        """One attempt. What goes wrong outside of it (a job this version cannot read) ends with its lease."""
        try:
            if self.drain.event.is_set():  # it was asked for before the process was told to stop
                AttemptApi(api, body["job"], body["attempt"], Deadline(sent + float(body["lease_s"]))).release(DRAIN)
                return
            run_attempt(body, sent, api, beats, dataclasses.replace(bench, probe=self.containment.current()))
        except Exception:
            log.exception("job %s could not be run here; its lease runs out", body.get("job"))

    def ask(self, api: WorkerApi, wanted: str | None, bench: Bench) -> tuple[dict[str, Any] | None, float]:
        if self.containment.current().passed != self.told:
            self.renew(api, bench)
        labels = self.labels(bench.slot)
        sent = now()
        try:
            wait_s = 0.0 if self.setup.woken else LONG_POLL_S
            return api.lease(wanted, uuid.uuid4().hex, labels=labels, wait_s=wait_s), sent
        except Unreachable as trouble:
            log.warning("%s", trouble)
        except Refused as refusal:
            self.refused(api, refusal, bench)
        except Exception:
            log.exception("asking for work failed; it is tried again")
        return None, now()

    def refused(self, api: WorkerApi, refusal: Refused, bench: Bench) -> None:
        log.warning("no lease: %s", refusal)
        if refusal.code == "not_registered":
            self.register(api, bench.signer)
        elif refusal.code in ENDS or refusal.status in {401, 403}:
            self.broken.set()
            self.drain.start(0.0)

    def renew(self, api: WorkerApi, bench: Bench) -> None:
        """Tell the platform what has changed here."""
        try:
            api.register(self.facts(bench.signer))
        except (Refused, Unreachable) as trouble:
            log.warning("not told yet that the containment changed: %s", trouble)

    def sleep(self, seconds: float) -> str | None:
        """Wait for a poke; the id of the job it named, if there was one."""
        try:
            return self.pokes.get(timeout=seconds) or None
        except queue.Empty:
            return None

    def poke(self, job_id: str) -> None:
        """There may be work. Never blocks; a lost poke is found by polling."""
        try:
            self.pokes.put_nowait(job_id)
        except queue.Full:
            log.info("more wake-ups than slots; the rest is found by polling")

    def stop(self, grace: float | None = None) -> None:
        """No new lease; what runs may end its shard, within ``grace`` seconds."""
        if grace is None:
            self.drain.start()
        else:
            self.drain.start(grace)
        for _ in self.threads:
            self.poke("")

    def join(self, seconds: float) -> bool:
        """Whether all slots have ended, within ``seconds``."""
        until = Deadline.after(seconds)
        for thread in self.threads:
            thread.join(max(0.0, until.left))
        return not any(thread.is_alive() for thread in self.threads)


def model_labels() -> set[str]:
    """One label a model that plugins on this machine can load, and one for folders in standard architectures."""
    found = {f"{MODEL}{slug}" for slug in registered_models()}
    if all(importlib.util.find_spec(name) for name in ("torch", "transformers")):
        found.add(f"{MODEL}{HUGGINGFACE}")
    return found


def load_key(path: Path) -> dsse.Signer:
    """The worker's own key, made on first use; its public half is registered with the platform."""
    if not path.exists():
        dsse.Signer.generate().save(path)
    return dsse.Signer.load(path)


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
