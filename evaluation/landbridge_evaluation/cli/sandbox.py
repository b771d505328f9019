"""``sandbox PROGRAM.py``: run one file as a model's process would run, and say what came of it."""

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from landbridge_evaluation import config, sandbox
from landbridge_evaluation.errors import PluginFault
from landbridge_evaluation.frames import BadFrame, Rule, ShardReader, rule_for
from landbridge_evaluation.planning import Route
from landbridge_evaluation.sandbox import door
from landbridge_plugins import Kind

NO_CONTAINMENT = 4
PROGRAM = "program.py"


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="landbridge_evaluation sandbox", description=__doc__)
    made.add_argument("program", type=Path, metavar="PROGRAM.py", help="gets the results' descriptor as its argument")
    made.add_argument("--json", action="store_true", help="one JSON object on stdout")
    made.add_argument("--wall", type=float, default=60.0, metavar="SECONDS")
    made.add_argument("--memory-mb", type=int, default=2048, metavar="N")
    made.add_argument("--kind", choices=[kind.value for kind in Kind], help="read the results as answers of this kind")
    made.add_argument("--items", default="0", metavar="N|FILE", help="how many items, or a JSON list of them")
    made.add_argument("--labels", default="0", metavar="N|FILE", help="how many labels, or a JSON list of them")
    return made


def main(arguments: Sequence[str]) -> int:
    """0: it ran, whatever became of it. 2: usage. 4: there is no containment here, and nothing was run."""
    asked = parser().parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="landbridge-") as folder:
        job = Path(folder, "job")  # the outer folder is its owner's alone, which the sandbox's user need not be
        job.mkdir(mode=0o755)
        job.chmod(0o755)
        shutil.copyfile(asked.program, job / PROGRAM)
        (job / PROGRAM).chmod(0o644)
        try:
            made = contained(asked, job)
        except sandbox.NoContainment as reason:
            sys.stderr.write(f"error: {reason}\n")
            return NO_CONTAINMENT
    value = {**made.to_json(), **read(asked, bytes(made.result), made.why)}
    sys.stdout.write((json.dumps(value) if asked.json else told(value)) + "\n")
    return 0


def contained(asked: argparse.Namespace, job: Path) -> door.Outcome:
    found = sandbox.probe(config.HOME or config.OWN_HOME)
    if not found.passed:
        raise sandbox.NoContainment(found.why)
    inputs = sandbox.Inputs(
        job=job,
        module="",
        arguments=(f"/job/{PROGRAM}", str(sandbox.RESULTS)),
        wall_s=asked.wall,
        memory_mb=asked.memory_mb,
    )
    made = door.run(sandbox.launch(inputs), standard_input(), wall_s=asked.wall, memory_mb=asked.memory_mb)
    if not made.began:
        raise sandbox.NoContainment(made.log.decode(errors="replace").strip() or "The sandbox did not start.")
    return made


def standard_input() -> int | None:
    """What a terminal or a closed input would say is nobody's to read."""
    try:
        return None if os.isatty(0) else os.dup(0)
    except OSError:
        return None


def read(asked: argparse.Namespace, result: bytes, why: str | None) -> dict[str, Any]:
    """The answers, all or none, and why none."""
    if asked.kind is None:
        return {"predictions": None, "refused": None}
    if why is not None:
        return {"predictions": None, "refused": f"The process was ended: {why}."}
    kind, labels = Kind(asked.kind), len(listed(asked.labels))
    items = shaped(kind, listed(asked.items), labels)
    try:
        values = whole(items, rule_for(kind, Route.NATIVE, labels), result)
    except PluginFault as fault:
        return {"predictions": None, "refused": str(fault)}
    return {"predictions": values, "refused": None}


def whole(items: Sequence[Any], rule: Rule, result: bytes) -> list[Any]:
    """One shard and nothing after it. Raises ``PluginFault``."""
    reader = ShardReader(0, items, rule)
    for line in result.removesuffix(b"\n").split(b"\n") if result else ():
        if reader.done:
            raise BadFrame("The process wrote on after the end of the shard.")
        reader.take(line)
    if not reader.done:
        raise BadFrame(f"{len(reader.values)} of {len(items)} items were answered, and the shard was not ended.")
    return [reader.values[place] for place in range(len(items))]


def listed(text: str) -> list[Any]:
    if text.isdigit():
        return [None] * int(text)
    value: list[Any] = json.loads(Path(text).read_text(encoding="utf-8"))
    return value


def shaped(kind: Kind, items: list[Any], labels: int) -> list[Any]:
    """Items that were only counted, in a shape that answers can be checked against."""
    blank: dict[Kind, Any] = {
        Kind.TAG: ["word"],
        Kind.RANK: {"query": "", "candidates": [""] * labels},
        Kind.EXTRACT_SPAN: ["", ""],
    }
    return [blank.get(kind, "") if item is None else item for item in items]


def told(value: dict[str, Any]) -> str:
    return "\n".join(f"{key}: {one}" for key, one in value.items() if not key.endswith("_b64"))
