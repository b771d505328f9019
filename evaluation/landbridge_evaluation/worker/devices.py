"""The GPUs of this machine as slots. The driver's own tool is asked: torch is never imported in the worker."""

import logging
import re
import shutil
import subprocess  # noqa: TID251 nvidia-smi is asked what is there
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

log = logging.getLogger(__name__)
ASKED: Final = "index,uuid,name,memory.total,compute_cap,mig.mode.current"
SIZES: Final = (8, 16, 24, 40, 80, 140)  # GB, of the labels
GPUS: Final = Path("/proc/driver/nvidia/gpus")
CAPABILITIES: Final = Path("/dev/nvidia-caps")
TIMEOUT_S: Final = 10.0
CPU: Final = "cpu"
OF_GPU: Final = re.compile(r"^GPU \d+: .*\(UUID: (GPU-[0-9a-fA-F-]+)\)")
OF_SLICE: Final = re.compile(r"^\s+MIG (\S+)\s.*\(UUID: (MIG-[^)]+)\)")
GIGABYTES: Final = re.compile(r"\.(\d+)gb")


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A GPU, or a MIG instance of one. ``files`` are what a contained process needs of ``/dev`` to reach it."""

    uuid: str
    name: str
    memory_mb: int  # MiB
    capability: str = ""  # of compute: "9.0"
    files: tuple[str, ...] = ()
    part: bool = False  # a MIG instance: its GPU is shared

    @property
    def kind(self) -> str:
        """The device class: ``cuda:sm90``."""
        return f"cuda:sm{self.capability.replace('.', '')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """Room for one job: a group of GPUs, or the processor alone."""

    number: int
    devices: tuple[Device, ...] = ()

    @property
    def kind(self) -> str:
        return self.devices[0].kind if self.devices else CPU

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one for device in self.devices for one in device.files))

    @property
    def env(self) -> dict[str, str]:
        """What a child sees of the GPUs: its own by UUID, or none."""
        return {"CUDA_VISIBLE_DEVICES": ",".join(one.uuid for one in self.devices)}

    @property
    def shared(self) -> bool:
        """Another slot lies on the same GPU, whose device files both need."""
        return any(one.part for one in self.devices)

    @property
    def labels(self) -> set[str]:
        if not self.devices:
            return {CPU}
        gigabytes = sum(one.memory_mb for one in self.devices) * (1 << 20) / 1e9
        fitting = {f"gpu.{size}" for size in SIZES if size <= gigabytes}
        return {CPU, "gpu", f"gpus.{len(self.devices)}", *fitting}

    def to_json(self) -> list[dict[str, Any]]:
        """What the platform is told of each GPU."""
        return [
            {"slot": self.number, "name": one.name, "uuid": one.uuid, "memory_mb": one.memory_mb, "class": one.kind}
            for one in self.devices
        ]


def slots(found: Sequence[Device], *, wanted: int = 0, per_slot: int = 1) -> tuple[Slot, ...]:
    """``found`` as slots of ``per_slot`` GPUs each (0: none is used); ``wanted`` slots in all, 0: as many as fit.

    Slots beyond the GPUs have the processor alone; a machine without GPUs has one such slot. GPUs of one slot are of
    one class. Raises ``ValueError`` where no group is as large as was asked for.
    """
    groups = list(grouped(found, per_slot)) if per_slot else []
    if per_slot > 1 and not groups:
        raise ValueError(f"There are not {per_slot} GPUs of one kind here, but {len(found)} in all.")
    number = wanted or len(groups) or 1
    filled = [*groups[:number], *[()] * (number - len(groups))]
    return tuple(Slot(number=place, devices=tuple(group)) for place, group in enumerate(filled))


def grouped(found: Sequence[Device], size: int) -> Iterator[tuple[Device, ...]]:
    kinds = dict.fromkeys((one.kind, one.memory_mb, one.part) for one in found)
    for kind in kinds:
        same = [one for one in found if (one.kind, one.memory_mb, one.part) == kind]
        if size > 1 and kind[2]:
            continue  # MIG instances cannot work together
        yield from (tuple(same[at : at + size]) for at in range(0, len(same) - size + 1, size))


def find(gpus: Path = GPUS, capabilities: Path = CAPABILITIES) -> tuple[Device, ...]:
    """Every GPU that the driver knows; in place of one that is cut up, its MIG instances."""
    said = ask("--query-gpu=" + ASKED, "--format=csv,noheader,nounits")
    if said is None:
        return ()
    minors, listed = minors_of(gpus), ask("-L") or ""
    found: list[Device] = []
    for line in filter(str.strip, said.splitlines()):
        words = [word.strip() for word in line.split(",")]
        if len(words) != len(ASKED.split(",")):
            log.warning("nvidia-smi says what this worker cannot read: %s", line)
            continue
        index, uuid, name, memory, capability, mig = words
        file = f"/dev/nvidia{minors.get(uuid, index)}"
        whole = Device(uuid=uuid, name=name, memory_mb=number(memory), capability=capability, files=(file,))
        found += parts(whole, listed, capabilities) if mig == "Enabled" else [whole]
    return tuple(found)


def parts(whole: Device, listed: str, capabilities: Path) -> list[Device]:
    """The MIG instances of a GPU, from ``nvidia-smi -L``: their memory stands in the profile's name."""
    caps = sorted(str(one) for one in capabilities.iterdir()) if capabilities.is_dir() else []
    found, inside = [], False
    for line in listed.splitlines():
        if gpu := OF_GPU.match(line):
            inside = gpu[1] == whole.uuid
        elif inside and (one := OF_SLICE.match(line)):
            memory = GIGABYTES.search(one[1])
            megabytes = int(int(memory[1]) * 1e9) >> 20 if memory else 0
            named = f"{whole.name} MIG {one[1]}"
            files = (*whole.files, *caps)
            found.append(replace(whole, uuid=one[2], name=named, memory_mb=megabytes, files=files, part=True))
    if not found:
        log.warning("%s is in MIG mode and has no instance: it is not used", whole.name)
    return found


def minors_of(gpus: Path) -> dict[str, str]:
    """UUID → the number of its device file, which is not the number that nvidia-smi counts by."""
    found: dict[str, str] = {}
    for path in sorted(gpus.glob("*/information")):
        facts = dict(line.split(":", 1) for line in path.read_text(encoding="utf-8").splitlines() if ":" in line)
        facts = {key.strip(): value.strip() for key, value in facts.items()}
        if "GPU UUID" in facts and "Device Minor" in facts:
            found[facts["GPU UUID"]] = facts["Device Minor"]
    return found


def load() -> list[dict[str, Any]]:
    """How busy each GPU is: ``uuid``, ``used_percent`` and ``memory_used_mb``. Empty where there is none."""
    said = ask("--query-gpu=uuid,utilization.gpu,memory.used", "--format=csv,noheader,nounits") or ""
    rows = [[word.strip() for word in line.split(",")] for line in said.splitlines()]
    return [
        {"uuid": row[0], "used_percent": number(row[1]), "memory_used_mb": number(row[2])}
        for row in rows
        if len(row) == 3  # noqa: PLR2004 the three that were asked for
    ]


def ask(*words: str) -> str | None:
    """What ``nvidia-smi`` prints; ``None``: it is not there, or does not work."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    try:
        done = subprocess.run([program, *words], capture_output=True, text=True, timeout=TIMEOUT_S, check=True)  # noqa: S603 our own words
    except (OSError, subprocess.SubprocessError) as error:
        log.warning("nvidia-smi does not answer, so no GPU is used: %s", error)
        return None
    return done.stdout


def number(word: str) -> int:
    """0 for what the driver does not tell (``[N/A]``)."""
    return int(float(word)) if word.replace(".", "", 1).isdigit() else 0
