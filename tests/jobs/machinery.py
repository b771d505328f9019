"""A real worker process against a live server, with a slow model that an installed distribution brings."""

import atexit
import json
import os
import shutil
import signal
import subprocess  # noqa: TID251 the worker is a process, and tests end it
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from landbridge.accounts.clock import clock
from landbridge.accounts.services import create_worker_account
from landbridge.evaluations import services
from landbridge.evaluations.management.publishing import Folder, publish
from landbridge.evaluations.models import Job, Shard, TaskRecord
from landbridge_evaluation.datasets import seal
from landbridge_plugins import DatasetRef, Kind, MetricUse, PerturbationUse, SuiteSpec, SuiteTask, TaskSpec

ROOT = Path(__file__).parents[2]
SHELVES = ("platform", "registry", "plugins", "evaluation")
ROWS = 4096  # four shards of 1,024
PLUGIN = """
import time
from landbridge_plugins import Modality, ModelSpec, hookimpl

SLOW = ModelSpec(slug="slow", title="Slow", modality=Modality.TEXT, license="MIT", kinds=("classify",))

class Slow:
    labels = ("no", "yes")

    def classify(self, items):
        with open({asked!r}, "a") as file:
            file.writelines(item + "\\n" for item in items)
        time.sleep({pause} * len(items))
        return [[-2.0, -0.1] if item.endswith("y") else [-0.1, -2.0] for item in items]

@hookimpl
def register_models():
    return [SLOW]

@hookimpl
def load_model(spec, files):
    return Slow() if spec.slug == "slow" else None
"""


@dataclass
class Machinery:
    """What a test of real processes needs: the job's parts in the registry, and how to start workers."""

    url: str
    home: Path
    plugins: Path
    asked: Path
    perturbations: tuple[PerturbationUse, ...] = ()

    def queue(self) -> Job:
        """A job of four shards for the slow model, queued."""
        task = self.task()
        revision = publish(
            Folder(
                kind="model",
                namespace="lumen",
                name="slow",
                contents={"landbridge.json": b'{"schema": "landbridge.model/1", "slug": "slow"}'},
                message="A slow model",
                capabilities={"kinds": ["classify"], "modality": "text", "slug": "slow", "adapts": False},
            ),
            actor=clock(),
        )
        spec = SuiteSpec(name="slow_suite", title="Slow", tasks=(SuiteTask(task=task.name),))
        suite = services.publish_suite(suite=spec, tasks=[record_of(self, task)], actor=clock())
        return services.request_evaluation(revision_id=revision.pk, suite_revision_id=suite.pk, actor=clock())

    def task(self) -> TaskSpec:
        return TaskSpec(
            name="ends_in_y",
            kind=Kind.CLASSIFY,
            dataset=DatasetRef(ref="file:words.jsonl", split="test", license="MIT", commercial=True),
            prompt={"input": {"column": "text"}, "target": {"column": "label"}},
            metrics=(MetricUse(name="acc", primary=True),),
            perturbations=self.perturbations,
        )

    def token(self, name: str) -> str:
        return create_worker_account(actor=clock(), name=name, pool="operator").text

    @contextmanager
    def worker(self, token: str, name: str = "one", **options: str) -> Iterator["subprocess.Popen[bytes]"]:
        """``python -m landbridge_evaluation worker`` until the block ends."""
        flags = [part for key, value in options.items() for part in (f"--{key}", value)]
        home = self.home / name
        home.mkdir(parents=True, exist_ok=True)
        shelves = os.pathsep.join(str(ROOT / shelf) for shelf in SHELVES)
        with (home / "worker.log").open("ab") as log:
            process = subprocess.Popen(  # noqa: S603 our own words
                [
                    *(sys.executable, "-m", "landbridge_evaluation", "worker", "--url", self.url),
                    *("--home", str(home), "--plugins", str(self.plugins), "--threads", "1", *flags),
                ],
                cwd=ROOT,
                env={
                    "PATH": os.defpath,
                    "PYTHONPATH": shelves,
                    "LANDBRIDGE_TOKEN": token,
                    "HOME": str(home),
                    "LANDBRIDGE_SANDBOX": "none",  # the model notes what it is asked in a file of this machine
                },
                stdout=log,
                stderr=log,
            )
        try:
            yield process
        finally:
            end(process)

    def log(self, name: str = "one") -> str:
        return (self.home / name / "worker.log").read_text(errors="replace")


def record_of(machinery: Machinery, task: TaskSpec) -> TaskRecord:
    """The task on its sealed words."""
    place = machinery.home / "words"
    place.mkdir(parents=True)
    rows = ({"text": f"word {number} {'xy'[number % 2]}", "label": ("no", "yes")[number % 2]} for number in range(ROWS))
    (place / "words.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    data = seal(task, place / "sealed", base=place)
    contents = {path.relative_to(data.path).as_posix(): path for path in data.path.rglob("*") if path.is_file()}
    folder = Folder(
        kind="dataset", namespace="landbridge", name="words", contents=contents, message="Words", facts=data.to_json()
    )
    revision = publish(folder, actor=clock())
    return services.publish_task(
        task=task, dataset_id=revision.pk, facts=data.to_json(), labels=("no", "yes"), metric="acc",
        higher_is_better=True, actor=clock(),
    )  # fmt: skip


def machinery(url: str, home: Path, pause: float) -> Machinery:
    """``pause``: seconds that the model takes for one item."""
    plugins = home / "plugins"
    open_to_all = Path(tempfile.mkdtemp(prefix="landbridge-asked-"))  # the model's user may not be ours
    atexit.register(shutil.rmtree, open_to_all, ignore_errors=True)
    open_to_all.chmod(0o755)
    asked = open_to_all / "asked.txt"
    info = plugins / "slow_plugin-1.0.dist-info"
    info.mkdir(parents=True)
    asked.touch()
    asked.chmod(0o666)
    (plugins / "slow_plugin.py").write_text(PLUGIN.format(asked=str(asked), pause=pause))
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: slow-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[landbridge]\nslow = slow_plugin\n")
    return Machinery(url, home, plugins, asked)


def wait_for(holds: Callable[[], bool], what: str, seconds: float = 90.0) -> None:
    """Until ``holds()``; fails by name when the time is over."""
    until = time.monotonic() + seconds
    pause = threading.Event()
    while not holds():
        assert time.monotonic() < until, f"waited {seconds:.0f} s for {what}"
        pause.wait(0.05)


def shards_in(job: Job) -> int:
    return Shard.objects.filter(job=job).exclude(sha256="").count()


def state_of(job: Job) -> str:
    return str(Job.objects.values_list("state", flat=True).get(pk=job.pk))


def kill(process: "subprocess.Popen[bytes]") -> list[psutil.Process]:
    """``kill -9`` of a live process; the children that it had."""
    assert process.poll() is None, "only a kill that hits a live process counts"
    children = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait()
    return children


def gone(processes: list[psutil.Process]) -> bool:
    return not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in processes)


def end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGCONT)
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=30)
    if process.poll() is None:
        process.kill()
        process.wait()
