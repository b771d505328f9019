"""Whether the sandbox holds on this machine: what is tried inside must fail, and the same must get out outside."""

import hashlib
import json
import os
import select
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex
from typing import Any

from landbridge_evaluation import config
from landbridge_evaluation.sandbox import door, probing, recipe, seccomp, start, tiers
from landbridge_evaluation.sandbox.launch import launch
from landbridge_evaluation.sandbox.recipe import Inputs, NoContainment

FILE = "probe.json"
VALID = timedelta(hours=24)
MEMORY_MB, ALLOWED_MB = 256, 96
WALL_S, ALLOWED_S = 1.2, 0.7
PATIENCE_S = 20.0
PARTS = ("attempts", "memory", "wall", "survivor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """``passed``: all that was tried inside was contained, and the same got out outside.

    ``why`` is empty or says what did not hold, with the remedy. ``found``: check → (contained inside, got out outside).
    """

    tier: str
    passed: bool
    passed_at: str = ""  # ISO 8601, UTC
    sha256: str = ""  # of what was found
    profile_sha256: str = ""  # of the recipe
    why: str = ""
    found: Mapping[str, tuple[bool, bool]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def probe(home: Path, *, fresh: bool = False) -> Probe:
    """The probe of this machine, at most a day old: kept in ``home`` for this recipe, this boot and this bubblewrap."""
    tier = tiers.tier()
    if tier == "none":
        return Probe(tier=tier, passed=False, why=tiers.absent())
    try:
        key = key_of(tier)
    except NoContainment as reason:
        return Probe(tier=tier, passed=False, why=str(reason))
    found = None if fresh else read(home / FILE, key)
    if found is not None:
        return found
    made = run(tier, str(key["profile"]))
    if made.passed:
        write(home / FILE, {"key": key, "probe": made.to_json()})
    return made


def kept(home: Path) -> Probe | None:
    """The probe that ``home`` keeps, if it still counts; none is run."""
    try:
        tier = tiers.tier()
        return None if tier == "none" else read(home / FILE, key_of(tier))
    except NoContainment:
        return None


def key_of(tier: str) -> dict[str, Any]:
    return {"profile": profile(tier), "boot": boot(), "version": tiers.version(), "uid": os.geteuid()}


def profile(tier: str) -> str:
    """The digest of all that makes up the containment."""
    inputs = Inputs(memory_mb=1, wall_s=1)
    words = recipe.arguments(inputs, "bwrap") if tier == "bwrap" else [config.SANDBOX_WRAPPER]
    parts = [json.dumps([words, recipe.limits(inputs), config.SANDBOX_UID]).encode(), seccomp.program()]
    parts += [Path(one).read_bytes() for one in (start.__file__, probing.__file__)]
    return hashlib.sha256(b"\0".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def read(path: Path, key: Mapping[str, Any]) -> Probe | None:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        found = {name: (bool(inside), bool(out)) for name, (inside, out) in said["probe"]["found"].items()}
        made = Probe(**{**said["probe"], "found": found})
        age = datetime.now(UTC) - datetime.fromisoformat(made.passed_at)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return made if said["key"] == key and made.passed and timedelta(0) <= age < VALID else None


def write(path: Path, value: Mapping[str, Any]) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    aside = path.with_suffix(f".{os.getpid()}.tmp")
    aside.write_text(json.dumps(value), encoding="utf-8")
    aside.replace(path)


def run(tier: str, profile_sha256: str) -> Probe:
    made = Probe(tier=tier, passed=False, profile_sha256=profile_sha256)
    try:
        with ground() as (folder, facts), ThreadPoolExecutor(2) as threads:
            parts = {
                (part, side): threads.submit(one, part, side, folder, facts)
                for part in PARTS
                for side in (tier, "none")
            }
            found = merged({key: part.result() for key, part in parts.items()}, tier)
    except (NoContainment, OSError) as error:
        return replace(made, why=f"The sandbox does not start: {error}. {tiers.remedy(str(error))}")
    why = told(found)
    digest = hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return replace(made, passed=not why, passed_at=now, sha256=digest, why=why, found=found)


@contextmanager
def ground() -> Iterator[tuple[Path, dict[str, Any]]]:
    """What is there to be reached: a port, an abstract socket, a file. In a folder that every user may reach."""
    with (
        tempfile.TemporaryDirectory(prefix="landbridge-probe-") as made,
        socket.create_server(("127.0.0.1", 0)) as port,
        socket.socket(socket.AF_UNIX) as abstract,
    ):
        name, secret = f"landbridge-{token_hex(8)}", token_hex(16)
        abstract.bind("\0" + name)
        abstract.listen()
        folder = Path(made)
        folder.chmod(0o755)
        (folder / "host").mkdir()
        (folder / "host").chmod(0o777)
        (folder / "host" / "canary").write_text(secret, encoding="utf-8")
        (folder / "job").mkdir()
        (folder / "job" / "probing.py").write_bytes(Path(probing.__file__).read_bytes())
        for path in (folder / "host" / "canary", folder / "job", folder / "job" / "probing.py"):
            path.chmod(0o755)
        facts = {"port": port.getsockname()[1], "abstract": name, "secret": secret, "memory_mb": MEMORY_MB}
        facts |= {"canary": str(folder / "host" / "canary"), "wall_s": WALL_S, "names": [*recipe.environment(1)]}
        yield folder, facts


def one(part: str, side: str, folder: Path, facts: Mapping[str, Any]) -> dict[str, bool]:
    """Check → whether it got out, for one part on one side."""
    plain, bounded = side == "none", {"wall": ALLOWED_S}.get(part, PATIENCE_S)
    job = folder / "job"
    place = str(job) if plain else "/job"
    inputs = Inputs(
        job=job,
        module="",
        arguments=(f"{place}/probing.py", str(recipe.RESULTS), part, json.dumps(facts)),
        memory_mb=ALLOWED_MB if part == "memory" else 1024,
        wall_s=None if plain else bounded,
        work_mb=16,
        env={"LANDBRIDGE_PROBE": "1"} if plain else {},
    )
    with leak(enabled=plain and part == "attempts") as extra:
        child = launch(inputs, side, Path("/"), extra)
    if part == "survivor":
        return {part: survived(child)}
    made = door.run(child, wall_s=inputs.wall_s, memory_mb=None if plain else inputs.memory_mb)
    if not made.began:
        raise NoContainment(made.log.decode(errors="replace").strip()[:400] or "nothing was said")
    return read_part(part, made)


def read_part(part: str, made: door.Outcome) -> dict[str, bool]:
    if part != "attempts":
        return {part: made.why is None and made.exit == 0}
    try:
        found: dict[str, bool] = json.loads(bytes(made.result))
    except ValueError as error:
        raise NoContainment(f"the probe's process said: {made.log.decode(errors='replace').strip()[-400:]}") from error
    return found


@contextmanager
def leak(*, enabled: bool) -> Iterator[tuple[int, ...]]:
    """A descriptor for a careless launcher to pass on."""
    if not enabled:
        yield ()
        return
    fd = os.open(os.devnull, os.O_RDONLY)
    try:
        yield (fd,)
    finally:
        os.close(fd)


def survived(child: Any) -> bool:  # noqa: ANN401 a Child
    """Whether something holds the results' pipe open after the kill."""
    until = time.monotonic() + PATIENCE_S
    try:
        while not select.select([child.results], [], [], 0.05)[0]:
            if child.process.poll() is not None or time.monotonic() > until:
                raise NoContainment(os.read(child.log, 400).decode(errors="replace").strip() or "nothing was said")
        child.kill()
        os.read(child.results, 100)
        return not select.select([child.results], [], [], 0.5)[0]
    finally:
        child.close()


def merged(parts: Mapping[tuple[str, str], dict[str, bool]], tier: str) -> dict[str, tuple[bool, bool]]:
    found: dict[str, tuple[bool, bool]] = {}
    for part in PARTS:
        outside = parts[part, "none"]
        found |= {name: (not out, outside.get(name, False)) for name, out in parts[part, tier].items()}
    return found


def told(found: Mapping[str, tuple[bool, bool]]) -> str:
    leaks = [name for name, (contained, _) in found.items() if not contained]
    blind = [name for name, (_, escaped) in found.items() if not escaped]
    if leaks:
        return f"Not contained: {', '.join(leaks)}. Lab code is refused here. Tell whoever keeps this machine safe."
    if blind:
        return f"Not proven: without the sandbox these could not get out either: {', '.join(blind)}."
    return ""
