"""A quick model without weights whose right answers can be counted from outside, and which misbehaves on demand.

What it does is said in its own ``deeds.json``, so one installed plugin serves every test of faults.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

TASKS = ("proof_one", "proof_two", "proof_three")
ROWS = 60  # of each task, and each task is one shard
MISTAKEN = 60  # of 256: how many answers are wrong
PLUGIN = """
import ctypes, hashlib, json, os, signal, time
from landbridge_plugins import Modality, ModelSpec, hookimpl

PROOF = ModelSpec(slug="proof", title="Proof", modality=Modality.TEXT, license="MIT", kinds=("classify",))

class Proof:
    labels = ("no", "yes")

    def __init__(self, deeds):
        self.deeds, self.hoard = deeds, []

    def classify(self, items):
        deeds = self.deeds
        for item in items:
            if deeds["says"]:
                print("asked " + item + deeds["tail"], flush=True)
            time.sleep(deeds["pause"])
            if deeds["at"] and item.endswith(deeds["at"]):
                self.misbehave(deeds["does"])
        return [self.answer(item) for item in items]

    def answer(self, item):
        yes = item.endswith("y")
        if hashlib.sha256(f"{self.deeds['seed']} {item}".encode()).digest()[0] < MISTAKEN:
            yes = not yes
        return [-2.0, -0.1] if yes else [-0.1, -2.0]

    def misbehave(self, does):
        if does == "die":
            os.kill(os.getpid(), signal.SIGKILL)
            ctypes.string_at(0)  # the first process of a sandbox is deaf to its own signals, but not to the kernel's
        if does == "abort":
            os.abort()
        if does == "raise":
            raise RuntimeError("the model does not like this word")
        while does == "hoard":
            self.hoard.append(bytearray(os.urandom(1 << 16)) * 256)
        while does == "hang":
            time.sleep(60)

@hookimpl
def register_models():
    return [PROOF]

@hookimpl
def load_model(spec, files):
    if spec.slug != "proof":
        return None
    with open(os.path.join(files, "deeds.json")) as file:
        return Proof(json.load(file))
""".replace("MISTAKEN", str(MISTAKEN))


@dataclass(frozen=True, slots=True, kw_only=True)
class Deeds:
    """What one model does. ``seed`` makes its mistakes its own; ``pause`` are seconds an item."""

    seed: int
    pause: float = 0.0
    says: bool = False  # print a line an item
    tail: str = ""  # after each such line's word
    at: str = ""  # items that end so
    does: str = ""  # at those: die, abort, raise, hoard, hang

    def contents(self) -> dict[str, bytes]:
        """The model's files."""
        marker = {"schema": "landbridge.model/1", "slug": "proof"}
        return {"landbridge.json": json.dumps(marker).encode(), "deeds.json": json.dumps(asdict(self)).encode()}


def install(folder: Path) -> Path:
    """The plugin as an installed distribution in ``folder``, readable by every user."""
    info = folder / "proof_plugin-1.0.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (folder / "proof_plugin.py").write_text(PLUGIN)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: proof-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[landbridge]\nproof = proof_plugin\n")
    return folder


def words(task: str) -> list[str]:
    """The task's rows; those that end in y are to be answered yes."""
    return [f"{task} {number} {'xy'[number % 2]}" for number in range(ROWS)]


def right(seed: int, task: str) -> int:
    """How many rows of ``task`` the model of ``seed`` answers rightly, counted without any of the platform's code."""
    return sum(hashlib.sha256(f"{seed} {word}".encode()).digest()[0] >= MISTAKEN for word in words(task))
