"""``make proof``: tests/faults and the coverage of intervals at full size. It goes on where it ended.

What it finds it writes to docs/proofs.md.

``PROOF_SCALE`` (default 1) scales the sizes, ``PROOF_MINUTES`` (default: none) bounds the time: what is begun is ended,
nothing more is begun, and the next call goes on. ``PROOF_MODES`` names the modes of the kill gate, with commas.
"""

import json
import os
import re
import subprocess  # noqa: TID251 each piece is a run of pytest
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
STATE, PAGE = ROOT / "var" / "proof.json", ROOT / "docs" / "proofs.md"
MODES = ("sqlite+filesystem", "postgresql+rabbitmq", "postgresql+redis")
KILLS, ROUND = 1000, 100  # of a mode, and of one site
JOBS = 0.6  # a kill: a job of three shards bears three
OTHERS = ("test_workers", "test_disk_and_clock", "test_points", "test_logs", "test_brokers")
TITLE = (
    "# Proofs\n\nWhat `make proof` found, newest last. "
    "It runs `tests/faults` and the coverage of intervals at full size on one machine.\n"
)


def setting(name: str, default: str) -> str:
    return os.environ.get(name, default)  # noqa: TID251 a program of its own, with its own settings


@dataclass
class Proof:
    """What is done so far, kept after each piece."""

    scale: float
    pieces: dict[str, Any] = field(default_factory=dict)

    def keep(self) -> None:
        STATE.parent.mkdir(parents=True, exist_ok=True)
        STATE.write_text(json.dumps({"scale": self.scale, "pieces": self.pieces}, indent=1))

    def run(self, name: str, *selected: str, **environment: str) -> None:
        began = time.monotonic()
        given = {**os.environ, "PROOF_SCALE": str(self.scale), **environment}  # noqa: TID251 handed on
        command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:randomly", *selected]
        done = subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False)  # noqa: S603 our own words
        said = re.findall(r"proof: (.*)", done.stdout)
        seconds = round(time.monotonic() - began)
        (last,) = done.stdout.strip().splitlines()[-1:] or ("nothing was said",)
        self.pieces[name] = {"good": done.returncode == 0, "seconds": seconds, "said": said, "end": last}
        self.keep()
        sys.stdout.write(f"{name}: {'good' if done.returncode == 0 else 'BAD'} ({seconds} s) {last}\n")
        if done.returncode:
            (STATE.parent / f"proof-{re.sub('[^a-z0-9]+', '-', name)}.log").write_text(done.stdout + done.stderr)


def plan(scale: float, modes: list[str]) -> dict[str, tuple[tuple[str, ...], dict[str, str]]]:
    """Name of a piece → (what pytest runs, its environment)."""
    found: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {}
    for mode in modes:
        wanted = max(ROUND // 4, round(KILLS * scale))
        for number, start in enumerate(range(0, wanted, ROUND), start=1):
            kills = min(ROUND, wanted - start)
            sizes = {"PROOF_KILLS": str(kills), "PROOF_JOBS": str(round(JOBS * kills))}
            found[f"kill gate {mode}, round {number}"] = (("tests/faults/test_kill_gate.py", "-k", mode), sizes)
    for name in OTHERS:
        found[name] = ((f"tests/faults/{name}.py",), {})
    found["coverage of intervals"] = (("tests/evaluation/test_coverage.py",), {})
    return found


def started() -> Proof:
    """The proof that was begun, if it is of the same scale."""
    scale = float(setting("PROOF_SCALE", "1"))
    kept = json.loads(STATE.read_text()) if STATE.exists() else {}
    return Proof(scale, kept["pieces"] if kept.get("scale") == scale else {})


def main() -> int:
    proof, began = started(), time.monotonic()
    minutes = float(setting("PROOF_MINUTES", "inf"))
    todo = plan(proof.scale, setting("PROOF_MODES", ",".join(MODES)).split(","))
    for name, (selected, environment) in todo.items():
        if proof.pieces.get(name, {}).get("good"):
            continue
        if time.monotonic() - began > minutes * 60:
            break
        proof.run(name, *selected, **environment)
    whole = all(name in proof.pieces for name in todo)
    write(proof, len(todo))
    if whole:
        STATE.unlink()
    return 0 if all(one["good"] for one in proof.pieces.values()) else 1


def write(proof: Proof, pieces: int) -> None:
    """Append what was found to ``docs/proofs.md``."""
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    good = sum(one["good"] for one in proof.pieces.values())
    seconds = sum(one["seconds"] for one in proof.pieces.values())
    lines = [f"\n## {now}, scale {proof.scale:g}\n"]
    lines += [f"{good} of {pieces} pieces good, {len(proof.pieces)} run, {seconds / 60:.0f} minutes.\n"]
    lines += ["| piece | outcome | seconds |", "|---|---|---|"]
    for name, one in proof.pieces.items():
        found = "; ".join(summary(text) for text in one["said"]) or one["end"]
        lines.append(f"| {name} | {'good' if one['good'] else '**bad**'}: {found} | {one['seconds']} |")
    text = PAGE.read_text() if PAGE.exists() else TITLE
    PAGE.write_text(text + "\n".join(lines) + "\n")


def summary(text: str) -> str:
    if not text.startswith("{"):
        return text
    one = json.loads(text)
    hit = ", ".join(f"{count} {kind}" for kind, count in sorted(one["hit"].items()))
    ends = ", ".join(f"{len(one[name])} {name}" for name in ("lost", "doubled", "wrong"))
    return f"{one['jobs']} jobs, {one['kills']} kills ({hit}), {one['attempts']} attempts: {ends}"


if __name__ == "__main__":
    sys.exit(main())
