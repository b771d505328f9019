"""A whole site in parts that can be killed one by one: web, control, sweeper, workers; restarted as systemd would."""

import json
import os
import shutil
import subprocess  # noqa: TID251 the desk is a process of its own
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import httpx2

from tests.faults import model
from tests.faults.parts import Keeper, Part, wait_until
from tests.faults.scale import PROOF_SCALE
from tests.faults.servers import READER, free_port
from tests.stack import ROOT, environment_of

Json = dict[str, Any]
TIMES = {"LEASE": "2", "HEARTBEAT": "0.4", "SWEEP": "2", "REWAKE": "2"}
IDLE_START_S = (
    3.0  # the desk is there sooner on an idle machine; a lease of 2 s would run out by itself on a slower one
)
STRETCHED = ("LEASE", "REWAKE")  # on a machine that is busy
ENDED = {"done", "failed", "cancelled"}


class Desk:
    """``tests.faults.desk`` as a process: ``desk("jobs")``."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        with log.open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.desk"], cwd=ROOT, env=dict(environment),
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True,
            )  # fmt: skip

    def __call__(self, call: str, **given: Any) -> Any:  # noqa: ANN401 JSON
        asking, answering = self._pipes()
        asking.write(json.dumps({"call": call, "with": given}) + "\n")
        asking.flush()
        line = answering.readline()
        assert line, f"the desk ended at {call}"
        answer = json.loads(line)
        assert "error" not in answer, f"{call}: {answer['error']}"
        return answer["said"]

    def _pipes(self) -> tuple[IO[str], IO[str]]:
        assert self.process.stdin is not None and self.process.stdout is not None
        return self.process.stdin, self.process.stdout

    def close(self) -> None:
        self.process.communicate(timeout=20)


@dataclass
class Site:
    home: Path
    url: str
    environment: Mapping[str, str]
    keeper: Keeper
    desk: Desk
    broker: str
    plugins: Path
    readers: str = ""  # the broker's address as workers know it
    suite: str = ""
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def lease(self) -> float:
        """Seconds."""
        return float(self.environment["LANDBRIDGE_LEASE_SECONDS"])

    def part(self, name: str) -> Part:
        return self.keeper.parts[name]

    def log(self, name: str) -> str:
        return (self.home / f"{name}.log").read_text(errors="replace")

    def add(self, name: str, *command: str, environment: Mapping[str, str] | None = None) -> Part:
        given = environment if environment is not None else self.environment
        return self.keeper.add(Part(name, [sys.executable, *command], given, self.home / f"{name}.log"))

    def add_worker(
        self, name: str, *, slots: int = 2, url: str = "", broker: str | None = None, home: Path | None = None,
        **extra: str,
    ) -> Part:  # fmt: skip
        """A worker that knows nothing of the platform but its address, its token and the broker's."""
        token = self.tokens[name] = self.tokens.get(name) or self.desk("token", name=name)
        place = home or self.home / "workers" / name
        place.mkdir(parents=True, exist_ok=True)
        broker = (self.readers or self.broker) if broker is None else broker
        shelves = self.environment["PYTHONPATH"]
        environment = {"PATH": os.defpath, "PYTHONPATH": shelves, "LANDBRIDGE_TOKEN": token, "HOME": str(place)}
        environment |= {
            name: value for name, value in self.environment.items() if name.startswith("LANDBRIDGE_SANDBOX")
        }
        return self.add(
            name,
            *("-m", "landbridge_evaluation", "worker", "--url", url or self.url, "--home", str(place)),
            *("--plugins", str(self.plugins), "--threads", "1", "--slots", str(slots), "--name", name),
            *(("--broker", broker) if broker else ()),
            environment={**environment, **extra},
        )

    def add_sweeper(self, name: str = "sweeper") -> Part:
        return self.add(name, "manage.py", "sweep")

    def add_web(self, workers: int = 2) -> Part:
        part = self.add(
            "web",
            *("-m", "gunicorn", "landbridge.wsgi:application", "--bind", self.url.removeprefix("http://")),
            *("--workers", str(workers), "--worker-class", "gthread", "--threads", "16", "--timeout", "60"),
            *("--graceful-timeout", "2", "--no-control-socket"),
        )
        wait_until(self.live, f"the web server:\n{self.log('web')[-2000:]}")
        return part

    def live(self) -> bool:
        try:
            return bool(httpx2.get(f"{self.url}/livez", timeout=2).is_success)
        except httpx2.HTTPError:
            return False

    def queue(self, **deeds: Any) -> str:  # noqa: ANN401 the deeds of a model
        """A job for the model that does ``deeds``."""
        self.suite = self.suite or self.desk("plant")
        return str(self.desk("queue", suite=self.suite, deeds=deeds))

    def job(self, job: str) -> Json:
        (row,) = self.desk("jobs", only=[job])
        found: Json = row
        return found

    def record(self, job: str) -> Json:
        found: Json = self.desk("record", job=job)
        return found

    def until(self, job: str, *states: str, seconds: float = 60.0) -> Json:
        """The row of ``job`` once it is in one of ``states`` (by default: ended)."""
        wanted = {*states, *({"failed"} if states else ENDED)}
        wait_until(lambda: self.job(job)["state"] in wanted, f"{job} to be {wanted}", seconds, 0.1)
        return self.job(job)

    def until_shards(self, job: str, count: int, seconds: float = 60.0) -> None:
        def in_or_failed() -> bool:
            row = self.job(job)
            assert row["state"] != "failed", row["fault"]
            return bool(row["shards_in"] >= count)

        wait_until(in_or_failed, f"{count} shards of {job}", seconds, 0.05)


@contextmanager
def site(home: Path, template: Path, *, database: str = "", broker: str = "", **extra: str) -> Iterator[Site]:
    """A site on a copy of the migrated ``template``, with nothing started but its desk."""
    home.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(template, home)
    port = free_port()
    times = {f"LANDBRIDGE_{name}_SECONDS": value for name, value in TIMES.items()} | {"LANDBRIDGE_DAILY_JOBS": "100000"}
    said = {"SITE_URL": f"http://127.0.0.1:{port}", "DJANGO_SETTINGS_MODULE": "landbridge.settings", **times, **extra}
    said |= {"DATABASE_URL": database} if database else {}
    said |= {"BROKER_URL": broker} if broker else {}
    environment = environment_of(home, **said)
    environment["PYTHONPATH"] = os.pathsep.join([environment["PYTHONPATH"], str(ROOT)])
    plugins = model.install(home / "plugins")
    keeper, began = Keeper(), time.monotonic()
    desk = Desk(environment, home / "desk.log")
    named = broker or f"filesystem://{home / 'broker'}"
    try:
        if not extra:
            desk("now")
            slower = max(2.0 if PROOF_SCALE else 1.0, (time.monotonic() - began) / IDLE_START_S)  # a proof takes hours
            environment |= {f"LANDBRIDGE_{one}_SECONDS": f"{float(TIMES[one]) * slower:.2f}" for one in STRETCHED}
        made = Site(home, said["SITE_URL"], environment, keeper, desk, named, plugins)
        made.readers = named.replace("guest:guest@", f"{READER}:{READER}@")
        yield made
    finally:
        keeper.stop()
        desk.close()
