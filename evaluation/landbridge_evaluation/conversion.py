"""PyTorch's pickles become safetensors: read in the sandbox only, and what comes out is kept only if it is weights.

Other formats are refused with the converter that is kept for them.
"""

import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from landbridge_client.formats import FormatError
from landbridge_client.formats.safetensors import Header, read_header
from landbridge_evaluation import sandbox
from landbridge_evaluation.errors import LoadFault, PluginFault
from landbridge_evaluation.frames import CONTROL_CAP, parse, printable, reported
from landbridge_evaluation.sandbox import Inputs, door
from landbridge_evaluation.sandbox.watch import WHY

MODULE, PLACE = "landbridge_evaluation.child.convert", "/job/weights"
PYTORCH = (".bin", ".pt", ".pth", ".ckpt")
SAFE, INDEX = ".safetensors", ".safetensors.index.json"
BEGINS = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")  # PyTorch's archive, and its old pickle
SLACK = 16 << 20  # bytes that the new file may be larger than the old one: its header
TORCH_MB, COPIES = 2048, 3  # of memory: what torch takes, and how often the weights may stand in it
WORK_MB = 64
BASE_S, RATE = 300.0, 20 << 20  # seconds, and bytes a second after those
SAVE_AGAIN = "load the model where it was made and save it with save_pretrained(FOLDER)"
TENSORFLOW = (
    "TensorFlow's weights are read by transformers below 5, which is their own converter: "
    "AutoModel.from_pretrained(FOLDER, from_tf=True).save_pretrained(NEW_FOLDER), with the class of config.json."
)
REMEDIES: Mapping[str, str] = {
    ".h5": TENSORFLOW, ".keras": TENSORFLOW, ".pb": TENSORFLOW, ".index": TENSORFLOW, ".tflite": TENSORFLOW,
    ".msgpack": TENSORFLOW.replace("TensorFlow's", "Flax's").replace("from_tf", "from_flax"),
    ".onnx": "ONNX is for running, and no kept converter leads back: load the model where it was exported from and "
    "save it with save_pretrained(FOLDER). Single arrays: onnx.numpy_helper.to_array and safetensors.numpy.save_file.",
    ".gguf": "GGUF is read by transformers: AutoModelForCausalLM.from_pretrained(FOLDER, gguf_file=NAME)"
    ".save_pretrained(NEW_FOLDER).",
    ".npz": "NumPy's arrays: safetensors.numpy.save_file(dict(numpy.load(FILE, allow_pickle=False)), NEW_FILE).",
    ".npy": "NumPy's arrays: safetensors.numpy.save_file({NAME: numpy.load(FILE, allow_pickle=False)}, NEW_FILE).",
    ".pkl": f"A bare pickle is a program: {SAVE_AGAIN}.",
    ".joblib": f"A bare pickle is a program: {SAVE_AGAIN}.",
    SAFE: "It is a safetensors file already.",
}  # fmt: skip


class Refused(Exception):
    """Nothing is converted, and nothing is left behind. The message says why, and what helps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One new file. ``dropped`` are names that held no tensor, ``tied`` counts tensors that are kept once for two."""

    source: str
    path: Path
    header: Header
    dropped: tuple[str, ...] = ()
    tied: int = 0

    def to_json(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "file": self.path.name,
            "tensors": len(self.header.tensors),
            "parameters": sum(self.header.parameters.values()),
            "bytes": self.path.stat().st_size,
            "dropped": list(self.dropped),
            "tied": self.tied,
        }


def sources(place: Path) -> list[Path]:
    """The PyTorch files of a folder, or the one file. Raises ``Refused`` with the remedy for all else."""
    if not place.exists():
        raise Refused(f"There is nothing at {place}.")
    names = sorted(place.iterdir()) if place.is_dir() else [place]
    found = [one for one in names if one.is_file() and one.suffix.lower() in PYTORCH and begins_right(one)]
    model = [one for one in found if one.name.startswith("pytorch_model")]
    if found:
        return model or found  # beside the model's own lie what its training left: arguments, optimizers, random states
    for one in names:
        remedy = REMEDIES.get(one.suffix.lower())
        if remedy is not None:
            raise Refused(f"{one.name} cannot be converted here. {remedy}")
    raise Refused(f"{place.name} holds no PyTorch file ({', '.join(PYTORCH)}). {SAVE_AGAIN.capitalize()}.")


def begins_right(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4).startswith(BEGINS)


def named(source: Path) -> str:
    """``pytorch_model-00001-of-00002.bin`` → ``model-00001-of-00002.safetensors``."""
    stem = source.stem
    return ("model" + stem.removeprefix("pytorch_model") if stem.startswith("pytorch_model") else stem) + SAFE


def convert(place: Path, output: Path) -> list[Made]:
    """All files of ``place`` into ``output``, or none.

    Raises ``Refused``, and ``sandbox.NoContainment`` where nothing contains a process.
    """
    found = sources(place)
    targets = [output / named(one) for one in found]
    taken = [one.name for one in (*targets, output / f"model{INDEX}") if one.exists()]
    if taken or len({*targets}) < len(targets):
        raise Refused(f"{output} would hold a file twice: {', '.join(taken) or 'two sources give one name'}.")
    is_new = not output.exists()
    output.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix=".landbridge-", dir=output) as made:
            aside = Path(made)
            results = [one(source, aside / target.name) for source, target in zip(found, targets, strict=True)]
            if len(results) > 1:
                (aside / f"model{INDEX}").write_text(json.dumps(index_of(results), indent=1), encoding="utf-8")
            for path in sorted(aside.iterdir()):
                path.replace(output / path.name)
    except BaseException:
        if is_new:
            with suppress(OSError):
                output.rmdir()
        raise
    return [replace(one, path=output / one.path.name) for one in results]


def index_of(results: Iterable[Made]) -> dict[str, Any]:
    places: dict[str, str] = {}
    total = 0
    for one in results:
        total += sum(tensor.stop - tensor.start for tensor in one.header.tensors.values())
        for name in one.header.tensors:
            if places.setdefault(name, one.path.name) != one.path.name:
                raise Refused(f"{name} stands in two files: {places[name]} and {one.path.name}.")
    return {"metadata": {"total_size": total}, "weight_map": places}


@dataclass(slots=True)
class Sink:
    """Takes one frame, then the bytes of a file."""

    file: IO[bytes]
    line: bytearray = field(default_factory=bytearray)
    frame: dict[str, Any] | None = None

    def __call__(self, piece: bytes) -> None:
        if self.frame is None:
            self.line += piece
            first, end, piece = bytes(self.line).partition(b"\n")
            if len(first) > CONTROL_CAP:
                raise PluginFault("The process wrote a line without end.")
            if not end:
                return
            self.frame = parse(first)
        self.file.write(piece)


def one(source: Path, target: Path) -> Made:
    """Convert one file. What is at ``target`` afterwards has passed the check that every upload passes."""
    size = source.stat().st_size
    with tempfile.TemporaryDirectory(prefix="landbridge-") as folder, target.open("xb") as file:
        job = Path(folder, "job")
        job.mkdir(mode=0o755)
        handed(source, job / Path(PLACE).name)
        sink = Sink(file)
        try:
            run(inputs_for(job, size), size, sink)
        except PluginFault as fault:
            raise Refused(f"{source.name} was not converted. {fault}") from fault
    try:
        header = read_header(target)
    except FormatError as error:
        raise Refused(f"{source.name} was not converted. What came of it is no safetensors: {error.message}") from error
    return Made(source=source.name, path=target, header=header, **left_out(sink.frame))


def handed(source: Path, target: Path) -> None:
    """The file where the sandbox's user may read it, without a copy if that is possible."""
    if source.stat().st_mode & stat.S_IROTH or os.geteuid() != 0:
        with suppress(OSError):
            os.link(source.resolve(), target)
            return
    shutil.copyfile(source, target)
    target.chmod(0o644)


def inputs_for(job: Path, size: int) -> Inputs:
    return Inputs(
        job=job,
        module=MODULE,
        arguments=(PLACE,),
        memory_mb=TORCH_MB + COPIES * (size >> 20),
        wall_s=BASE_S + size / RATE,
        work_mb=WORK_MB,
    )


def run(inputs: Inputs, size: int, sink: Sink) -> None:
    """Raises ``PluginFault`` for whatever did not end well."""
    wall_s, memory_mb = inputs.wall_s, inputs.memory_mb
    child = sandbox.launch(inputs)
    try:
        made = door.run(child, wall_s=wall_s, memory_mb=memory_mb, result_cap=size + SLACK, sink=sink)
    finally:
        child.close()
    if not made.began:
        raise sandbox.NoContainment(made.log.decode(errors="replace").strip() or "The sandbox did not start.")
    if made.why is not None:
        said = WHY[made.why].format(wall_s=wall_s, memory_mb=memory_mb, peak_mb=made.peak_mb)
        larger = "Its tensors are larger than the file itself." if made.why == "result_cap" else said
        raise PluginFault(f"The process was ended. {larger}", code=made.why)
    if sink.frame is not None and sink.frame["k"] == "f":
        raise reported(sink.frame)
    if made.exit != 0 or sink.frame is None or sink.frame["k"] != "r":
        last = printable(made.log.decode(errors="replace").strip()[-300:])
        raise LoadFault(f"Reading it ended with {made.exit}. {last}")


def left_out(frame: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the process says of itself: told to the one who asked, and trusted for nothing."""
    said = (frame or {}).get("v")
    said = said if isinstance(said, dict) else {}
    dropped, more, tied = said.get("dropped"), said.get("more"), said.get("tied")
    names = [printable(str(one))[:200] for one in dropped[:20]] if isinstance(dropped, list) else []
    if isinstance(more, int) and more > 0:
        names.append(f"and {min(more, 10**9)} more")
    return {"dropped": tuple(names), "tied": tied if type(tied) is int else 0}
