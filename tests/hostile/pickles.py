"""Thirteen files that run code when they are loaded, and sound ones that do not. None of them is ever loaded here."""

import io
import json
import pickle  # noqa: TID251 real pickles are what must be refused
import zipfile  # noqa: TID251 PyTorch's own form is one

import numpy as np

from tests.client.model_folders import WEIGHTS, safetensors

COMMAND = "touch /tmp/landbridge-was-here"


def called(module: str, function: str, argument: str, protocol: int = 2) -> bytes:
    """A pickle that calls ``module.function(argument)``, put together opcode by opcode."""
    word = argument.encode()
    if protocol >= 4:  # STACK_GLOBAL
        named = b"".join(b"\x8c" + bytes([len(one)]) + one.encode() for one in (module, function))
        return b"\x80" + bytes([protocol]) + named + b"\x93" + b"\x8c" + bytes([len(word)]) + word + b"\x85R."
    return b"\x80\x02c" + f"{module}\n{function}\n".encode() + b"X" + len(word).to_bytes(4, "little") + word + b"\x85R."


EVIL = called("os", "system", COMMAND)


def zipped(name: str, content: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(f"{name}/data.pkl", content)
        archive.writestr(f"{name}/version", "3\n")
        archive.writestr(f"{name}/data/0", bytes(16))
    return target.getvalue()


def object_array() -> bytes:
    """The head of a NumPy file that says "objects", and a pickle."""
    target = io.BytesIO()
    np.lib.format.write_array_header_1_0(target, {"descr": "|O", "fortran_order": False, "shape": (1,)})
    return target.getvalue() + EVIL


def nested() -> bytes:
    """A pickle that unpickles the one it carries."""
    return b"\x80\x03c_pickle\nloads\n" + b"B" + len(EVIL).to_bytes(4, "little") + EVIL + b"\x85R."


def polyglot() -> bytes:
    """Sound weights with a pickle behind them."""
    return WEIGHTS + EVIL


MALICIOUS: dict[str, bytes] = {
    "reduce": EVIL,
    "eval": called("builtins", "eval", "__import__('os')"),
    "exec": called("builtins", "exec", "import os"),
    "nested": nested(),
    "stack_global": called("os", "system", COMMAND, 4),
    "framed": b"\x80\x05\x95" + (40).to_bytes(8, "little") + called("os", "system", COMMAND, 5)[2:],
    "inst": b"(S'" + COMMAND.encode() + b"'\nios\nsystem\n.",
    "obj": b"\x80\x02(cos\nsystem\nX\x04\x00\x00\x00trueo.",
    "torch_zip": zipped("archive", EVIL),
    "torch_legacy": pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2) + EVIL,
    "numpy_objects": object_array(),
    "joblib": b"\x80\x04cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81" + EVIL[2:],
    "polyglot": polyglot(),
}
NAMES = (
    "model.safetensors", "model2.json", "pytorch_model.bin", "model.pt", "model.ckpt", "model.npy", "spiece.model",
    "model.pkl", "model.joblib", "vocab2.txt", "noext",
)  # fmt: skip

BYTES = {
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2, "I32": 4,
    "U32": 4, "F32": 4, "F64": 8, "I64": 8, "U64": 8, "C64": 8,
}  # fmt: skip


def every_dtype() -> bytes:
    header: dict[str, object] = {"__metadata__": {"format": "pt", "note": "cos\nsystem\n(S'x'\ntR."}}
    end = 0
    for name, size in sorted(BYTES.items(), key=lambda one: -one[1]):
        header[f"layer.{name}"] = {"dtype": name, "shape": [2, 3], "data_offsets": [end, end + 6 * size]}
        end += 6 * size
    return safetensors(header, bytes(end))


def sole(shape: list[int], data: bytes) -> bytes:
    return safetensors({"a": {"dtype": "F32", "shape": shape, "data_offsets": [0, len(data)]}}, data)


INDEX = json.dumps({"metadata": {"total_size": 24}, "weight_map": {"a": "model-00001-of-00001.safetensors"}})
BENIGN: dict[str, dict[str, bytes | str]] = {
    "every dtype": {"model.safetensors": every_dtype()},
    "an empty tensor": {"model.safetensors": sole([0, 4], b"")},
    "a scalar": {"model.safetensors": sole([], bytes(4))},
    "data that reads like a pickle": {"model.safetensors": sole([-(-len(EVIL) // 4)], EVIL + bytes(-len(EVIL) % 4))},
    "shards and their index": {
        "model.safetensors.index.json": INDEX,
        "model-00001-of-00001.safetensors": WEIGHTS,
    },
    "metadata only of words": {"model.safetensors": safetensors({"__metadata__": {"a": "b"}})},
}
