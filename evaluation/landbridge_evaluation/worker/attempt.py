"""One attempt at one job: fetch, run, sign, deliver. Whatever happens, the platform hears of it or the lease ends."""

import dataclasses
import errno
import logging
import shutil
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from landbridge_client import dsse
from landbridge_evaluation import points
from landbridge_evaluation.errors import Fault, NoIsolation, Stopped
from landbridge_evaluation.jobspec import JobSpec
from landbridge_evaluation.sandbox import Probe
from landbridge_evaluation.supervisor import JobResults, Options, Progress, run_job
from landbridge_evaluation.worker import leftovers, plugins, screening, statement
from landbridge_evaluation.worker.api import AttemptApi, Refused, Unreachable, WorkerApi
from landbridge_evaluation.worker.cache import Cache
from landbridge_evaluation.worker.clock import Deadline
from landbridge_evaluation.worker.devices import Slot
from landbridge_evaluation.worker.heart import Heart, Sample
from landbridge_evaluation.worker.logs import LogSender
from landbridge_evaluation.worker.shards import RemoteStore
from landbridge_evaluation.worker.shelves import DiskFull
from landbridge_evaluation.worker.signals import FENCED, LEASE_LOST, Drain, Stop

log = logging.getLogger(__name__)
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What attempts of one worker share."""

    name: str
    home: Path
    cache: Cache
    signer: dsse.Signer
    drain: Drain
    heartbeat_s: float
    threads: int
    plugins: tuple[Path, ...] = ()
    probe: Probe | None = None  # that children are contained here
    slot: Slot = field(default_factory=partial(Slot, number=0))
    withdraw: Callable[[str], None] = lambda _why: None  # a child could not be contained after all
    sample: Sample = list  # how busy the GPUs are


def run_attempt(body: dict[str, Any], sent: float, api: WorkerApi, beats: WorkerApi, bench: Bench) -> None:
    """Run the leased job in ``body``. ``sent`` is when the lease was asked for; ``beats`` is the heart's connection."""
    spec = JobSpec.from_json(body)
    points.reached("lease_taken")
    lease = Deadline(sent + float(body["lease_s"]))
    stop = Stop(lease, bench.drain)
    door = AttemptApi(api, spec.job, spec.attempt, lease)
    place = bench.home / "work" / f"{spec.job}-{spec.attempt}"
    try:
        place.mkdir(parents=True)
        leftovers.sign(place, api.instance)
        logs = LogSender(place / "log", AttemptApi(beats, spec.job, spec.attempt, lease))
    except OSError as error:
        shutil.rmtree(place, ignore_errors=True)
        tell(door, trouble_of(error, bench))
        return
    try:
        beating = AttemptApi(beats, spec.job, spec.attempt, lease)
        with Heart(beating, stop, logs, bench.heartbeat_s, bench.sample) as heart:
            Attempt(spec, body, door, heart, stop, logs, bench, place).run()
    finally:
        logs.close()
        shutil.rmtree(place, ignore_errors=True)


def trouble_of(error: Exception, bench: Bench) -> dict[str, Any]:
    """The fault that ``error`` is. A disk on which nothing fits any more drains the worker: another one goes on."""
    full = isinstance(error, DiskFull) or (isinstance(error, OSError) and error.errno in FULL)
    if full and not bench.cache.shelves.roomy():
        log.error("The disk of %s is full. This worker takes no more jobs and ends; free some space there.", bench.home)
        bench.drain.start(why=DiskFull.code)
    code = DiskFull.code if full else "infrastructure_fault"
    text = str(error) if isinstance(error, Fault) else f"{type(error).__name__}: {error}"
    return {"code": code, "text": text, "retryable": True}


def tell(door: AttemptApi, fault: dict[str, Any]) -> None:
    """Report that the attempt ended. If that fails, the lease runs out."""
    text = str(fault.get("text", ""))[:2000]
    log.warning("job %s fault %s: %s", door.job, fault.get("code"), text)
    said = {"code": str(fault["code"])[:60], "stage": str(fault.get("stage", ""))[:60], "text": text}
    try:
        door.fault({**said, "retryable": bool(fault["retryable"]), "who": str(fault.get("who", ""))})
    except (Refused, Unreachable) as trouble:
        log.warning("job %s: its fault could not be told: %s", door.job, trouble)


@dataclass(slots=True)
class Attempt:
    spec: JobSpec
    body: dict[str, Any]
    door: AttemptApi
    heart: Heart
    stop: Stop
    logs: LogSender
    bench: Bench
    place: Path

    def run(self) -> None:
        """Deliver a result, a fault or a release; after a lost lease nothing."""
        try:
            self.attempt()
        except Stopped as stopped:
            self.stopped(str(stopped))
        except NoIsolation as fault:  # this machine's fault alone: another takes the job, and nothing is counted
            self.bench.withdraw(str(fault))
            self.logs.line(str(fault))
            self.stopped(fault.kind)
        except DiskFull as fault:
            self.tell_fault(trouble_of(fault, self.bench))
        except Fault as fault:
            self.tell_fault({**fault.to_json(), "retryable": fault.retryable})
        except Refused as refusal:
            log.warning("job %s: %s", self.spec.job, refusal)
            if not refusal.lost:
                self.tell_fault({"code": refusal.code, "text": str(refusal), "retryable": True})
        except Unreachable as trouble:
            log.warning("job %s: %s The lease runs out.", self.spec.job, trouble)
        except Exception as error:
            log.exception("job %s failed on this worker", self.spec.job)
            self.tell_fault(trouble_of(error, self.bench))

    def attempt(self) -> None:
        started = datetime.now(UTC)
        with ExitStack() as held:
            model, data = self.fetch(held)
            points.reached("files_fetched")
            code = self.code(model, held)
            if self.spec.kind == "screening":
                self.screen(model, code, started)
                return
            store = RemoteStore(self.door, self.place / "shards", self.stop)
            results = self.compute(model, data, store, code)
        self.deliver(results, store, started)

    def fetch(self, held: ExitStack) -> tuple[Path, dict[str, Path]]:
        hub = self.spec.hub
        if hub is None:
            raise Fault("The job names no place to fetch its files from.", code="task_fault")
        self.logs.line(f"fetching {self.spec.model.repo} and {len(self.spec.data)} datasets")
        cache = self.bench.cache
        model = held.enter_context(cache.model(self.spec.model, hub, self.stop.reason))
        found: dict[str, Path] = {}
        for one in self.spec.data:
            folder = held.enter_context(cache.dataset(one, hub, self.stop.reason))
            found |= dict.fromkeys(one.tasks, folder)
        return model, found

    def code(self, model: Path, held: ExitStack) -> Path | None:
        """The lab's own code, inspected and installed, if the job names some. It runs in the sandbox only."""
        if self.spec.plugin is None:
            return None
        self.logs.line(f"installing {self.spec.plugin.get('wheel')}")
        named, private = str(self.spec.plugin.get("wheel_sha256")), self.spec.model.private
        home = held.enter_context(self.bench.cache.code(named, private=private))
        return plugins.of(self.spec.plugin, model, home)

    def screen(self, model: Path, code: Path | None, started: datetime) -> None:
        """The conformance kit over the lab's code, and what it found, delivered."""
        if code is None:
            raise Fault("This screening names no plugin.", code="task_fault")
        self.heart.tell("running", stage="conformance")
        setting = screening.Setting(
            probe=self.bench.probe,
            threads=self.bench.threads,
            work_dir=self.place,
            stop=self.stop.reason,
            log=self.logs.write,
        )
        found = screening.screen(self.spec, model, code, setting)
        self.heart.tell("finalizing", stage="finalizing")
        facts = {"worker": self.bench.name, "pool": self.body.get("pool", ""), "probe": self.bench.probe}
        envelope = screening.envelope(self.spec, found, self.bench.signer, started=started, facts=facts)
        self.logs.line(f"the conformance kit found {len(found['models'])} models and {len(found['findings'])} remarks")
        self.send_logs()
        if reason := self.stop.reason():
            raise Stopped(reason)
        self.door.result({"results": found, "envelope": envelope, "shards": []})

    def compute(self, model: Path, data: dict[str, Path], store: RemoteStore, code: Path | None) -> JobResults:
        """The model's tree was checked above, hidden files included, which the engine leaves out of its digest."""
        checked = dataclasses.replace(self.spec, model=dataclasses.replace(self.spec.model, digest=""))
        return run_job(
            checked,
            model_dir=model,
            data_dirs=data,
            store=store,
            progress=self.progress,
            stop=self.stop.reason,
            work_dir=self.place / "child",
            options=Options(
                paths=self.bench.plugins,
                plugin=code,
                isolation=self.spec.isolation,
                probe=self.bench.probe,
                devices=self.bench.slot.files,
                env=self.bench.slot.env,
                threads=self.bench.threads,
                log=self.logs.write,
            ),
        )

    def progress(self, now: Progress) -> None:
        self.heart.tell(
            "running",
            stage=now.stage,
            items_done=now.items_done,
            items_total=now.items_total,
            memory_mb=now.memory_mb,
        )

    def deliver(self, results: JobResults, store: RemoteStore, started: datetime) -> None:
        if results.faults and not results.scores:
            raise next(iter(results.faults.values()))  # nothing was measured: that is a failed job, not a result
        self.heart.tell("finalizing", stage="finalizing")
        body = results.to_json()
        body["model"]["digest"] = self.spec.model.digest
        envelope = statement.envelope(
            self.spec,
            body,
            store.to_json(),
            self.bench.signer,
            worker=self.bench.name,
            started=started,
            facts={
                "pool": self.body.get("pool", ""),
                "attempts": self.body.get("attempts"),
                "threads": self.bench.threads,
                "probe": self.bench.probe,
                "device_class": self.bench.slot.kind,
            },
        )
        self.logs.line("scores are computed and signed")
        self.logs.seal()
        last = self.logs.rest()
        if last is None:
            self.send_logs()
        if reason := self.stop.reason():
            raise Stopped(reason)
        points.reached("result_unsent")
        result = self.door.result({"results": body, "envelope": envelope, "shards": store.to_json(), "log": last})
        points.reached("result_told")
        log.info("job %s: result %s", self.spec.job, result)

    def stopped(self, reason: str) -> None:
        log.info("job %s stops: %s", self.spec.job, reason)
        if reason in {FENCED, LEASE_LOST}:
            return  # not ours any more: nothing is written
        self.send_logs()
        try:
            self.door.release(reason)
        except (Refused, Unreachable) as trouble:
            log.warning("job %s could not be released: %s", self.spec.job, trouble)

    def tell_fault(self, fault: dict[str, Any]) -> None:
        with suppress(OSError):  # a full disk takes no line, and must be told all the same
            self.logs.line(f"fault {fault.get('code')}: {str(fault.get('text', ''))[:2000]}")
            self.send_logs()
        tell(self.door, fault)

    def send_logs(self) -> None:
        """The rest: nothing is logged after this but how the attempt ends."""
        self.logs.seal()
        try:
            self.logs.send()
        except (Refused, Unreachable) as trouble:
            log.info("job %s: logs not sent: %s", self.spec.job, trouble)
