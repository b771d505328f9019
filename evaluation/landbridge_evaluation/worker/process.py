"""The process: registers, keeps its slots busy, ends without losing what runs."""

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
from landbridge_evaluation.sandbox import Probe, probe
from landbridge_evaluation.supervisor.model import registered_models
from landbridge_evaluation.worker.api import Refused, Terms, Unreachable, WorkerApi
from landbridge_evaluation.worker.attempt import Bench, run_attempt
from landbridge_evaluation.worker.cache import Cache
from landbridge_evaluation.worker.clock import now
from landbridge_evaluation.worker.leftovers import bring_logs
from landbridge_evaluation.worker.signals import Drain

log = logging.getLogger(__name__)
LONGEST_POLL = 10.0
GROWTH = 1.5
MODEL = "model:"
ISOLATED = "isolated"  # children are contained here: a lab's code may run
ENDS = frozenset({"replaced", "worker_disabled", "token_kind", "token_invalid", "authentication_failed", "protocol"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What the command line says."""

    url: str
    token: str
    home: Path
    name: str = ""
    slots: int = 1
    labels: tuple[str, ...] = ()
    plugins: tuple[Path, ...] = ()
    threads: int = 1


@dataclass(slots=True)
class Worker:
    setup: Setup
    instance: str = field(default_factory=lambda: str(uuid.uuid4()))
    drain: Drain = field(default_factory=Drain)
    pokes: "queue.Queue[str]" = field(default_factory=lambda: queue.Queue(1000))
    broken: threading.Event = field(default_factory=threading.Event)  # the platform wants this process to end
    threads: list[threading.Thread] = field(default_factory=list)
    asleep: threading.Lock = field(default_factory=threading.Lock)
    probe: Probe | None = None

    def start(self) -> None:
        """Register and start the slots. Raises ``Refused``; waits for a platform that is not up yet."""
        self.setup.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        bring_logs(self.setup.home / "work", lambda instance: WorkerApi(self.setup.url, self.setup.token, instance))
        shutil.rmtree(self.setup.home / "work", ignore_errors=True)  # of attempts that died with an earlier process
        sys.path.extend(str(path) for path in self.setup.plugins if str(path) not in sys.path)
        signer = load_key(self.setup.home / "key.pem")
        self.probe = probe(self.setup.home)
        if not self.probe.passed:
            log.warning("no code of labs runs here: %s", self.probe.why)
        api = self.connect()
        terms = self.register(api, signer)
        if terms is None:
            return
        bench = Bench(
            name=terms.name,
            home=self.setup.home,
            cache=Cache(self.setup.home / "cache"),
            signer=signer,
            drain=self.drain,
            heartbeat_s=terms.heartbeat_s,
            threads=self.setup.threads,
            plugins=self.setup.plugins,
            probe=self.probe,
        )
        log.info("worker %s registered at %s with %s slots", terms.name, self.setup.url, self.setup.slots)
        for number in range(self.setup.slots):
            thread = threading.Thread(target=self.slot, args=(bench, terms), name=f"slot-{number}", daemon=True)
            self.threads.append(thread)
            thread.start()

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
        return {
            "name": self.setup.name,
            "instance": self.instance,
            "software": f"landbridge_evaluation on Python {sys.version.split()[0]}",
            "slots": self.setup.slots,
            "labels": sorted({"cpu", *self.setup.labels, *model_labels(), *([ISOLATED] if self.isolated else [])}),
            "devices": [],
            "sandbox": sandbox(self.probe),
            "public_key": signer.public_hex,
        }

    @property
    def isolated(self) -> bool:
        return self.probe is not None and self.probe.passed

    def slot(self, bench: Bench, terms: Terms) -> None:
        """Lease, run, lease the next without any message; when idle, poll more and more slowly."""
        api, beats = self.connect(), self.connect()
        beats.stop = threading.Event()  # beats go on while the process drains
        pause, wanted = terms.poll_s, None
        while not self.drain.event.is_set():
            body, sent = self.ask(api, wanted, bench)
            if body is not None:
                api.stop = threading.Event()  # a result is delivered also while the process drains
                self.run(body, sent, api, beats, bench)
                api.stop = self.drain.event
                pause, wanted = terms.poll_s, None
                continue
            wanted = self.sleep(pause * random.uniform(0.75, 1.25))  # noqa: S311 jitter
            pause = terms.poll_s if wanted else min(LONGEST_POLL, pause * GROWTH)
        api.close()
        beats.close()

    def run(self, body: dict[str, Any], sent: float, api: WorkerApi, beats: WorkerApi, bench: Bench) -> None:
        """One attempt. What goes wrong outside of it (a job this version cannot read) ends with its lease."""
        try:
            run_attempt(body, sent, api, beats, bench)
        except Exception:
            log.exception("job %s could not be run here; its lease runs out", body.get("job"))

    def ask(self, api: WorkerApi, wanted: str | None, bench: Bench) -> tuple[dict[str, Any] | None, float]:
        sent = now()
        try:
            return api.lease(wanted, uuid.uuid4().hex), sent
        except Unreachable as trouble:
            log.warning("%s", trouble)
        except Refused as refusal:
            self.refused(api, refusal, bench)
        except Exception:
            log.exception("asking for work failed; it is tried again")
        return None, sent

    def refused(self, api: WorkerApi, refusal: Refused, bench: Bench) -> None:
        log.warning("no lease: %s", refusal)
        if refusal.code == "not_registered":
            self.register(api, bench.signer)
        elif refusal.code in ENDS or refusal.status in {401, 403}:
            self.broken.set()
            self.drain.start(0.0)

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

    def stop(self) -> None:
        """No new lease; what runs may end its shard."""
        self.drain.start()
        for _ in self.threads:
            self.poke("")

    def join(self) -> None:
        for thread in self.threads:
            thread.join()


def model_labels() -> set[str]:
    """One label a model that plugins on this machine can load, and one for folders in standard architectures."""
    found = {f"{MODEL}{slug}" for slug in registered_models()}
    if all(importlib.util.find_spec(name) for name in ("torch", "transformers")):
        found.add(f"{MODEL}{HUGGINGFACE}")
    return found


def sandbox(made: Probe | None) -> dict[str, Any]:
    """What the platform is told of this machine's containment."""
    if made is None or not made.passed:
        return {"tier": "none", "why": made.why if made else ""}
    probed = {"passed_at": made.passed_at, "sha256": made.sha256}
    return {"tier": made.tier, "profile_sha256": made.profile_sha256, "probe": probed}


def load_key(path: Path) -> dsse.Signer:
    """The worker's own key, made on first use; its public half is registered with the platform."""
    if not path.exists():
        dsse.Signer.generate().save(path)
    return dsse.Signer.load(path)


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
