"""``run``: score a model folder on tasks, with no server. Progress on stderr."""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

from landbridge_evaluation import catalog, config, results, sandbox
from landbridge_evaluation.cli.plan import Prepared, prepare
from landbridge_evaluation.errors import Fault, LoadFault
from landbridge_evaluation.supervisor import FolderStore, Options, Progress, run_job
from landbridge_evaluation.variants import ROBUSTNESS
from landbridge_plugins import SpecError

OK, TASK_FAILED, USAGE, NOT_LOADED = 0, 1, 2, 3
EVERY_S = 1.0
AXES = ("accuracy", ROBUSTNESS)
GPU = Path("/dev/nvidiactl")


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="landbridge_evaluation run", description=__doc__)
    made.add_argument("--model", required=True, metavar="DIR_OR_HUB_ID", help="a model folder, or namespace/name")
    made.add_argument(
        "--tasks", required=True, metavar="NAMES_OR_FILE", help="names of tasks or suites, or a task file"
    )
    made.add_argument("--output", required=True, type=Path, metavar="DIR")
    made.add_argument("--device", default="auto")
    made.add_argument("--dtype", default="auto", choices=("auto", "float32", "bfloat16", "float16"))
    made.add_argument("--limit", type=positive, metavar="N", help="the first N rows of each task")
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--batch-tokens", type=positive, metavar="N")
    made.add_argument(
        "--axes", type=axes, default=(), metavar="LIST", help="robustness: disturb the items of tasks that name nothing"
    )
    made.add_argument("--revision", default="", help="of a model on the Hub; for a folder, what the results name")
    made.add_argument("--json", action="store_true", help="results.json on stdout, too")
    return made


def positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def axes(text: str) -> tuple[str, ...]:
    """Names with commas between. What is scored anyway may be named and adds nothing."""
    named = tuple(dict.fromkeys(one.strip() for one in text.split(",") if one.strip()))
    for one in named:
        if one not in AXES:
            raise argparse.ArgumentTypeError(f'no axis "{one}". There are {", ".join(AXES)}')
    return tuple(one for one in named if one == ROBUSTNESS)


def main(arguments: Sequence[str]) -> int:
    """0: all is scored. 1: a task failed, the others are written. 2: usage or task file. 3: the model cannot load."""
    asked = parser().parse_args(arguments)
    try:
        tasks, known = catalog.choose(asked.tasks)
        prepared = prepare(asked, tasks, known)
    except SpecError as error:
        return failed(f"{asked.tasks}{'#' if error.pointer else ': '}{error}", USAGE)
    except LoadFault as fault:
        return failed(str(fault), NOT_LOADED)
    except Fault as fault:
        return failed(str(fault), USAGE)
    return score(asked, prepared)


def failed(text: str, code: int) -> int:
    sys.stderr.write(f"error: {text}\n")
    return code


def score(asked: argparse.Namespace, prepared: Prepared) -> int:
    began = time.time()
    log = (asked.output / "child.log").open("ab")
    store = FolderStore(asked.output / "shards", [plan.index for plan in prepared.spec.shards])
    with log:
        try:
            found = run_job(
                prepared.spec,
                model_dir=prepared.model_dir,
                data_dirs=prepared.data_dirs,
                store=store,
                progress=Reporter(),
                options=Options(log=partial(append, log), verify_data=False, probe=containment()),
            )
        except LoadFault as fault:
            return failed(f"the model cannot load: {fault}", USAGE if fault.kind == "device_missing" else NOT_LOADED)
        except Fault as fault:
            return failed(str(fault), TASK_FAILED)
    times = {"started": began, "ended": time.time(), **found.seconds}
    value = results.write(found, asked.output, {"times": times, "command": sys.argv})
    if asked.json:
        sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    return summary(value)


def containment() -> sandbox.Probe | None:
    """The models that run here are the user's own: contained where `doctor` showed that it holds, without GPUs."""
    return None if GPU.exists() else sandbox.kept(config.HOME or config.OWN_HOME)


def append(log: IO[bytes], piece: bytes) -> None:
    log.write(piece)


def summary(value: dict[str, Any]) -> int:
    code = OK
    for name, task in value["tasks"].items():
        if task["fault"]:
            code = TASK_FAILED
            sys.stderr.write(f"{name}: failed: {task['fault']['text']}\n")
            continue
        for metric, one in task["metrics"].items():
            low, high = one["ci95"]
            sys.stderr.write(f"{name}: {metric} {one['value']:.4f} [{low:.4f}, {high:.4f}], n = {one['n']}\n")
        for variant, one in task["perturbations"].items():
            low, high = one["drop_ci95"]
            sys.stderr.write(f"{name}: {variant} loses {one['drop']:.4f} [{low:.4f}, {high:.4f}]\n")
    return code


@dataclass(slots=True)
class Reporter:
    """A line on stderr, at most once a second and at each new stage."""

    stage: str = ""
    last: float = 0.0

    def __call__(self, progress: Progress) -> None:
        now = time.monotonic()
        if progress.stage != self.stage or now - self.last >= EVERY_S:
            self.stage, self.last = progress.stage, now
            sys.stderr.write(f"{progress.stage}: {progress.items_done} of {progress.items_total} rows\n")
