"""``python -I -B -m landbridge_evaluation.child.convert 3 FILE``: a PyTorch file's tensors, as one safetensors file.

Runs in the sandbox and nowhere else: the file may be anything. Out by the descriptor goes one frame, "r" with what was
left out or "f" with the reason why there will be nothing, and after an "r" the bytes of the new file to the end.
"""

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

WRAPPERS = ("state_dict", "model_state_dict", "model", "module", "params")  # where a training script puts the weights
DEPTH = 3
SHOWN = 20  # names of what was left out
SLACK = 1 << 20  # bytes
LONGEST = 500  # characters of a tensor's name
DTYPES = {
    "float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16", "float8_e4m3fn": "F8_E4M3",
    "float8_e5m2": "F8_E5M2", "float8_e4m3fnuz": "F8_E4M3FNUZ", "float8_e5m2fnuz": "F8_E5M2FNUZ",
    "float8_e8m0fnu": "F8_E8M0", "int64": "I64", "int32": "I32", "int16": "I16", "int8": "I8", "uint64": "U64",
    "uint32": "U32", "uint16": "U16", "uint8": "U8", "bool": "BOOL", "complex64": "C64",
}  # fmt: skip


class Unfit(Exception):
    """Nothing can be made of the file; the message is for whoever owns it."""


def read(path: Path) -> Any:  # noqa: ANN401 whatever stands in it
    """The content, read by PyTorch's own narrow unpickler. Raises ``Unfit``."""
    import torch

    try:
        return torch.load(path, map_location="cpu", weights_only=True)  # noqa: TID251 the one place, in the sandbox
    except Exception as error:  # noqa: BLE001 a file made to harm may raise anything
        found = re.search(r"(?:GLOBAL|class|function) ([\w.]+)", str(error))
        if found is not None:
            asked = f"It asks for {found[1]} when it is loaded, which is neither a tensor nor a plain value."
            raise Unfit(
                f"{asked} It may run code. Save the state_dict alone: torch.save(model.state_dict(), …)."
            ) from None
        raise Unfit(f"It is no PyTorch file that holds weights alone: {str(error).splitlines()[0][:300]}") from None


def weights(value: Any, torch: Any) -> tuple[dict[str, Any], list[str]]:  # noqa: ANN401 torch is imported late
    """The tensors by name, and the names of what is left out. Raises ``Unfit``."""
    for _ in range(DEPTH):
        if not isinstance(value, Mapping) or any(isinstance(one, torch.Tensor) for one in value.values()):
            break
        value = next((value[name] for name in WRAPPERS if isinstance(value.get(name), Mapping)), value)
    if not isinstance(value, Mapping):
        raise Unfit(f"It holds a {type(value).__name__} where tensors by name are due.")
    kept = {name: one.detach() for name, one in value.items() if isinstance(one, torch.Tensor)}
    if not kept:
        raise Unfit("It holds no tensors.")
    for name, tensor in kept.items():
        plain = tensor.layout == torch.strided and not tensor.is_quantized and tensor.device.type == "cpu"
        if not isinstance(name, str) or len(name) > LONGEST or not name.isprintable() or name == "__metadata__":
            raise Unfit("A tensor has a name that no file of weights may hold.")
        if not plain or kind(tensor) not in DTYPES:
            raise Unfit(f"{name} is sparse, quantized or of a type that safetensors lacks ({kind(tensor)}).")
    return kept, sorted(str(name)[:LONGEST] for name in value if name not in kept)


def kind(tensor: Any) -> str:  # noqa: ANN401 a tensor
    return str(tensor.dtype).removeprefix("torch.")


def shared(tensors: Mapping[str, Any]) -> dict[str, str]:
    """Names of tensors that are another one, to that one's name: tied weights are kept once, as safetensors does."""
    first: dict[Any, str] = {}
    found = {}
    for name in sorted(tensors):
        one = tensors[name]
        key = (one.untyped_storage().data_ptr(), one.storage_offset(), one.dtype, one.shape, one.stride())
        if one.numel() and first.setdefault(key, name) != name:
            found[name] = first[key]
    return found


def layout(tensors: Mapping[str, Any], tied: Mapping[str, str]) -> tuple[list[str], bytes]:
    """(the order in which the tensors stand, the header before them): wide types first, so that all are aligned."""
    order = sorted(tensors.keys() - tied.keys(), key=lambda name: (-tensors[name].element_size(), name))
    header: dict[str, Any] = {"__metadata__": {**tied, "format": "pt"}}
    end = 0
    for name in order:
        one = tensors[name]
        size = one.numel() * one.element_size()
        header[name] = {"dtype": DTYPES[kind(one)], "shape": list(one.shape), "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return order, len(text).to_bytes(8, "little") + text


def pieces(tensors: Mapping[str, Any], order: Sequence[str], torch: Any) -> Iterator[memoryview]:  # noqa: ANN401 torch
    for name in order:
        tensor = tensors[name].resolve_conj().resolve_neg().contiguous().reshape(-1)
        if tensor.is_complex():
            tensor = torch.view_as_real(tensor).reshape(-1)
        yield memoryview(tensor.view(torch.uint8).numpy())


def convert(path: Path, out: IO[bytes]) -> None:
    value = read(path)
    import torch

    tensors, dropped = weights(value, torch)
    tied = shared(tensors)
    order, header = layout(tensors, tied)
    if sum(tensors[name].nbytes for name in order) > path.stat().st_size + SLACK:
        raise Unfit("Its tensors are larger than the file itself.")
    left_out = {"dropped": dropped[:SHOWN], "more": max(0, len(dropped) - SHOWN), "tied": len(tied)}
    say(out, {"k": "r", "v": left_out})
    out.write(header)
    for piece in pieces(tensors, order, torch):
        out.write(piece)


def say(out: IO[bytes], frame: Mapping[str, Any]) -> None:
    out.write(json.dumps(frame).encode() + b"\n")


def main() -> int:
    with os.fdopen(int(sys.argv[1]), "wb") as out:
        try:
            convert(Path(sys.argv[2]), out)
        except Unfit as reason:
            say(out, {"k": "f", "code": "model_not_loaded", "text": str(reason)})
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
