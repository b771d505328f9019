"""Which paths may stand in a repository: those that mean the same file on every system."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from landbridge_plugins import Finding

SEGMENT_CAP = 255  # bytes
PATH_CAP = 1000  # bytes
FORBIDDEN = re.compile(r'[\\:*?"<>|]')
RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")  # device names on Windows
INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})  # controls, bidi marks, surrogates, unassigned


def path_problem(path: str) -> str | None:
    """What is wrong with a path, or ``None``."""
    if not path or path.startswith("/"):
        return "must be relative and not empty"
    if any(unicodedata.category(character) in INVISIBLE for character in path):
        return "holds control or invisible characters"
    if unicodedata.normalize("NFC", path) != path:
        return "is not in Unicode's composed form (NFC)"
    if FORBIDDEN.search(path):
        return 'holds one of \\ : * ? " < > |'
    if len(path.encode()) > PATH_CAP:
        return f"is longer than {PATH_CAP} bytes"
    return next((problem for segment in path.split("/") if (problem := _segment_problem(segment))), None)


def _segment_problem(segment: str) -> str | None:
    if segment in {"", ".", ".."}:
        return "must not hold empty, `.` or `..` segments"
    if segment.lower() == ".git":
        return "must not lie in .git"
    if segment != segment.strip() or segment.endswith("."):
        return "has a segment that begins or ends with a space, or ends with a dot"
    if RESERVED.fullmatch(segment):
        return "uses a name that Windows reserves"
    if len(segment.encode()) > SEGMENT_CAP:
        return f"has a segment longer than {SEGMENT_CAP} bytes"
    return None


def screen_paths(paths: Iterable[str]) -> Iterator[Finding]:
    """A finding for each path that is no good, or that another one shadows."""
    seen: dict[str, str] = {}
    folders: dict[str, str] = {}
    for path in paths:
        problem = path_problem(path)
        if problem:
            yield _refusal(path, problem)
            continue
        folded = path.casefold()
        if folded in seen:
            yield _refusal(path, f"cannot be told from {seen[folded]} where case does not count")
        seen[folded] = path
        parts = folded.split("/")
        folders.update({"/".join(parts[:end]): path for end in range(1, len(parts))})
    for folded, path in seen.items():
        if folded in folders:
            yield _refusal(path, f"is a file, and {folders[folded]} needs a folder of that name")


def _refusal(path: str, problem: str) -> Finding:
    shown = path.encode("unicode_escape").decode()[:200]
    return Finding(code="path_invalid", message=f"The path “{shown}” {problem}. Rename the file.", blocking=True)
