"""Which files go by LFS (``.gitattributes``) and which stay out (``.gitignore``)."""

from collections.abc import Sequence
from fnmatch import fnmatchcase

LFS_ENDINGS = (
    "7z", "arrow", "bin", "bz2", "ckpt", "ftz", "gguf", "gz", "h5", "joblib", "lfs.*", "mlmodel", "model", "msgpack",
    "npy", "npz", "onnx", "ot", "parquet", "pb", "pickle", "pkl", "pt", "pth", "rar", "safetensors", "tar", "tflite",
    "tgz", "wasm", "xz", "zip", "zst",
)  # fmt: skip
DEFAULT = "".join(
    f"{pattern} filter=lfs diff=lfs merge=lfs -text\n"
    for pattern in (*(f"*.{ending}" for ending in LFS_ENDINGS), "saved_model/**/*", "*tfevents*")
).encode()
LARGE = 10_000_000  # bytes above which every file goes by LFS
PATTERNS_CAP = 2000


def lfs_patterns(text: str) -> list[str]:
    """Patterns of a ``.gitattributes`` that name the LFS filter."""
    lines = (line.split() for line in text.splitlines()[:PATTERNS_CAP] if not line.lstrip().startswith("#"))
    return [parts[0] for parts in lines if len(parts) > 1 and "filter=lfs" in parts[1:]]


def goes_by_lfs(path: str, size: int, sample: bytes, patterns: Sequence[str]) -> bool:
    if size == 0:
        return False
    return size > LARGE or any(matches(path, pattern) for pattern in patterns) or is_binary(sample)


def is_binary(sample: bytes) -> bool:
    """A zero byte, or no UTF-8; a character cut off at the end of the sample is none of the file's fault."""
    if b"\0" in sample:
        return True
    try:
        sample.decode()
    except UnicodeDecodeError as error:
        return error.reason != "unexpected end of data" or len(sample) - error.start >= 4  # noqa: PLR2004 bytes of a character
    return False


def ignored(path: str, text: str) -> bool:
    """What git's ignore rules say of ``path``: the last pattern that matches it or a folder above decides."""
    verdict = False
    for line in text.splitlines()[:PATTERNS_CAP]:
        pattern = line.strip()
        if not pattern or pattern.startswith("#"):
            continue
        negated = pattern.startswith("!")
        if _ignores(path, pattern.removeprefix("!")):
            verdict = not negated
    return verdict


def _ignores(path: str, pattern: str) -> bool:
    folders_only = pattern.endswith("/")
    parts = path.split("/")
    above = ["/".join(parts[:count]) for count in range(1, len(parts))]
    candidates = above if folders_only else [*above, path]
    return any(matches(one, pattern.rstrip("/")) for one in candidates)


def matches(path: str, pattern: str) -> bool:
    """Git's wildcards: without a slash the name alone is compared; ``*`` stays in a segment, ``**`` spans them."""
    if "/" not in pattern.rstrip("/"):
        return fnmatchcase(path.rpartition("/")[2], pattern.rstrip("/"))
    wanted = pattern.strip("/").split("/")
    places = _spread({0}, wanted)
    for segment in path.split("/"):
        fitting = [at for at in places if at < len(wanted) and _fits(segment, wanted[at])]
        places = _spread({at if wanted[at] == "**" else at + 1 for at in fitting}, wanted)
    return len(wanted) in places


def _fits(segment: str, pattern: str) -> bool:
    return pattern == "**" or fnmatchcase(segment, pattern)


def _spread(places: set[int], wanted: Sequence[str]) -> set[int]:
    """``**`` may stand for no segment at all. Places are marched through together: no pattern makes this slow."""
    spread = set(places)
    for at in range(len(wanted)):
        if at in spread and wanted[at] == "**":
            spread.add(at + 1)
    return spread
