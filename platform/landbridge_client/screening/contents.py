"""What one file is, by its bytes; and why it is refused, if it is."""

import json
import pickletools
import re
from collections import Counter
from itertools import islice
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from landbridge_client.formats.errors import FormatError
from landbridge_client.formats.safetensors import read_header
from landbridge_client.formats.wheels import SUFFIX, inspect
from landbridge_client.screening.files import FileView
from landbridge_client.screening.limits import Limits, human

HEAD = 1024  # bytes looked at to tell what a file is
PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
PNG_END, JPEG_END = b"\x00\x00\x00\x00IEND\xaeB`\x82", b"\xff\xd9"
ARCHIVES = (
    (b"PK\x03\x04", "zip"), (b"PK\x05\x06", "zip"), (b"PK\x07\x08", "zip"), (b"\x1f\x8b", "gzip"), (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"), (b"7z\xbc\xaf\x27\x1c", "7-Zip"), (b"\x28\xb5\x2f\xfd", "Zstandard"), (b"Rar!", "RAR"),
    (b"\x04\x22\x4d\x18", "LZ4"), (b"!<arch>\n", "ar"),
)  # fmt: skip
CODE = frozenset({
    ".py", ".pyc", ".pyd", ".pyi", ".pyw", ".pyx", ".ipynb", ".so", ".dll", ".dylib", ".exe", ".sh", ".bash",
    ".zsh", ".bat", ".cmd", ".ps1", ".js", ".mjs", ".ts", ".wasm", ".php", ".pl", ".rb", ".lua", ".jl", ".jar",
    ".class", ".c", ".cc", ".cpp", ".cu", ".h", ".hpp", ".rs", ".go", ".java", ".cs", ".vbs", ".whl", ".egg",
    ".deb", ".rpm", ".msi", ".apk",
})  # fmt: skip
PICKLES = frozenset({
    ".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".joblib", ".dill", ".npy", ".npz", ".pdparams",
})  # fmt: skip
TEXTS = frozenset({
    ".json", ".jsonl", ".txt", ".md", ".yaml", ".yml", ".toml", ".cfg", ".ini", ".csv", ".tsv", ".jinja", ".bpe",
    ".model",
})  # fmt: skip
CALLS = frozenset({"REDUCE", "BUILD", "OBJ", "NEWOBJ", "NEWOBJ_EX", "INST"})
SHORT, LONG = 3, 100_000  # opcodes: what begins with so many after the sign of a pickle, or with so many, is one
IMPORT = re.compile(r"[\w.]+ [\w.]+")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
REMOTE_CODE = ("auto_map", "custom_pipelines")
EXACT_JSON = ("config.json", "landbridge.json")  # where two readers must not see different values

TO_SAFETENSORS = (
    "Convert the weights: model.save_pretrained(folder, safe_serialization=True), or, of a file that you did not make, "
    "in a sandbox: python -m landbridge_evaluation convert FILE --output FOLDER. Then remove this file."
)
CODE_AS_WHEEL = (
    "Code comes as a wheel, whole and checked: landbridge plugin new, python -m build --wheel, submit dist/NAME.whl. "
    "Weights in a standard architecture need no code at all."
)


class Refused(NamedTuple):
    code: str
    message: str


def examine(file: FileView, limits: Limits) -> Refused | None:
    """Why ``file`` may not stand in a submission, or ``None``. Reads headers of weights, and other files whole."""
    name, suffix = file.path, PurePosixPath(file.path).suffix.lower()
    if file.size > limits.file:
        return Refused("file_too_large", f"{name} has {human(file.size)}; at most {human(limits.file)} are allowed.")
    if suffix == SUFFIX:
        return _wheel(file)
    with file.open() as stream:
        head = stream.read(min(HEAD, file.size))
    if suffix == ".safetensors":
        return _weights(file)
    refused = _by_magic(name, suffix, head)
    if refused is not None:
        return refused
    if head.startswith((PNG, JPEG)):
        return _image(file, head, limits)
    return _text(file, suffix, limits)


def _wheel(file: FileView) -> Refused | None:
    """A lab's plugin: read under caps, never executed here."""
    if "/" in file.path:
        return Refused("wheel_not_at_root", f"{file.path} must lie at the root of the model. Move it there.")
    try:
        with file.open() as stream:
            inspect(stream, file.size, file.path)
    except FormatError as error:
        return Refused(error.code, f"{file.path}: {error.message}")
    return None


def _weights(file: FileView) -> Refused | None:
    with file.open() as stream:
        head = stream.read(HEAD)
    try:
        with file.open() as stream:
            read_header(stream, file.size)
    except FormatError as error:
        return _pickle_or_archive(file.path, head) or Refused(error.code, f"{file.path}: {error.message}")
    if _reads_as_pickle(head):
        return _a_pickle(file.path)
    return None


def _reads_as_pickle(head: bytes) -> bool:
    """Whether weights can also be unpickled: the length of a header of many megabytes may spell opcodes.

    That its first two bytes are those of a pickle says nothing: headers of 384 or 640 bytes begin so.
    """
    try:
        return head[:1] == b"\x80" and len(list(islice(pickletools.genops(head), SHORT))) == SHORT
    except Exception:  # noqa: BLE001 pickletools raises anything on what is no pickle
        return False


def _by_magic(name: str, suffix: str, head: bytes) -> Refused | None:
    if suffix in CODE or head.startswith((b"#!", b"\x7fELF", b"MZ", b"\xca\xfe\xba\xbe")):
        return Refused("lab_code_refused", f"{name} is code. {CODE_AS_WHEEL}")
    if (refused := _pickle_or_archive(name, head)) is not None:
        return refused
    if suffix in PICKLES:
        return Refused(
            "pickle_in_weights", f"{name} is of a kind that can run code when it is loaded. {TO_SAFETENSORS}"
        )
    return None


def _pickle_or_archive(name: str, head: bytes) -> Refused | None:
    archive = _archive(head)
    if archive == "zip" and re.search(rb"data\.pkl|\.npy", head):
        return Refused("pickle_in_weights", f"{name} is a PyTorch or NumPy file that holds pickles. {TO_SAFETENSORS}")
    if archive == "zip" and b".dist-info/" in head:
        return Refused("lab_code_refused", f"{name} is a wheel under another name. Keep the name it was built with.")
    if archive is not None:
        return Refused(
            "archive_refused",
            f"{name} is a packed file ({archive}). Archives are not opened here: upload the files that it holds.",
        )
    if head[:1] == b"\x80" and head[1:2] in b"\x01\x02\x03\x04\x05" and len(head) > 1:
        return _a_pickle(name)
    return None


def _a_pickle(name: str) -> Refused:
    return Refused("pickle_in_weights", f"{name} is a pickle, which runs code when it is loaded. {TO_SAFETENSORS}")


def _archive(head: bytes) -> str | None:
    if head[257:262] == b"ustar":
        return "tar"
    return next((kind for magic, kind in ARCHIVES if head.startswith(magic)), None)


def _image(file: FileView, head: bytes, limits: Limits) -> Refused | None:
    if file.size > limits.image:
        return Refused("file_too_large", f"{file.path} has {human(file.size)}; images may have {human(limits.image)}.")
    with file.open() as stream:
        content = stream.read(file.size)
    if not content.endswith(PNG_END if head.startswith(PNG) else JPEG_END):
        return Refused(
            "image_invalid", f"{file.path} does not end as an image does: it is cut, or holds something more."
        )
    return None


def _text(file: FileView, suffix: str, limits: Limits) -> Refused | None:
    if file.size > limits.text and suffix not in TEXTS:
        return Refused("unknown_binary", _unknown(file.path))
    if file.size > limits.text:
        return Refused("file_too_large", f"{file.path} has {human(file.size)}; texts may have {human(limits.text)}.")
    with file.open() as stream:
        content = stream.read(file.size)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return Refused("unknown_binary", _unknown(file.path))
    if _runs_code(content):
        return _a_pickle(file.path)
    if CONTROL.search(text):
        return Refused("unknown_binary", _unknown(file.path))
    return _json(file.path, text) if suffix == ".json" else None


def _unknown(name: str) -> str:
    if name.endswith(".model"):
        advice = "Save the fast tokenizer instead: tokenizer.save_pretrained(folder) writes tokenizer.json."
    else:
        advice = "Allowed are safetensors, JSON, UTF-8 text, PNG and JPEG. Convert or remove it."
    return f"{name} is a binary file of a kind that is not accepted. {advice}"


def _runs_code(content: bytes) -> bool:
    """Whether a text is an old, printable pickle that imports and calls something. It is read, never loaded.

    What comes after the first call does not matter: it has run by then. A text that merely begins with the letters of
    opcodes calls what is not on the stack.
    """
    depth, marks, named = 0, list[int](), False
    try:
        for number, (opcode, argument, _) in enumerate(pickletools.genops(content)):
            taken, given = opcode.stack_before, opcode.stack_after
            if pickletools.markobject in taken:
                depth = marks.pop()
                taken = taken[: taken.index(pickletools.markobject)]
            depth -= len(taken)
            if depth < (marks[-1] if marks else 0):
                return False
            named = named or opcode.name == "STACK_GLOBAL" or _names(opcode.name, argument)
            if number > LONG or (opcode.name in CALLS and named):
                return True
            if opcode.name == "MARK":
                marks.append(depth)
            else:
                depth += len(given)
    except Exception:  # noqa: BLE001 pickletools raises anything on what is no pickle
        return False
    return False


def _names(opcode: str, argument: object) -> bool:
    return opcode in {"GLOBAL", "INST"} and IMPORT.fullmatch(str(argument)) is not None


def _json(name: str, text: str) -> Refused | None:
    try:
        value = read_json(text, exact=PurePosixPath(name).name in EXACT_JSON)
    except FormatError as error:
        return Refused("json_invalid", f"{name} {error.message}")
    found = next((key for key in REMOTE_CODE if isinstance(value, dict) and value.get(key)), None)
    if found:
        return Refused(
            "auto_map_refused",
            f"{name} has `{found}`, which asks to run code from the repository. "
            "Use a standard architecture and remove the entry.",
        )
    return None


def read_json(text: str, *, exact: bool) -> Any:  # noqa: ANN401 JSON is any value
    """Parse JSON; ``exact`` refuses keys that stand twice. Raises ``FormatError`` (``json_invalid``)."""
    try:
        return json.loads(text, object_pairs_hook=_no_duplicates if exact else None)
    except FormatError:
        raise
    except (ValueError, RecursionError) as error:
        raise FormatError("json_invalid", f"is not valid JSON ({error}). Write it again.") from error


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise FormatError("json_invalid", f"names {twice!r} twice: readers would disagree. Keep one.")
    return found
