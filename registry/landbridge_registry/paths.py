"""Which paths a file may have in a repository (hub-protocol, section 14)."""

from landbridge_registry.errors import BadPath

LONGEST_PATH, LONGEST_SEGMENT = 1024, 255  # bytes
FIRST_PRINTABLE, DELETE = " ", "\x7f"


def fault_of(path: str) -> str:
    """What is wrong with ``path``, as a sentence; empty if nothing is."""
    try:
        length = len(path.encode())
    except UnicodeEncodeError:
        return "A path must be valid Unicode."
    if not path or length > LONGEST_PATH:
        return f"A path has 1 to {LONGEST_PATH} bytes."
    if "\\" in path or any(char < FIRST_PRINTABLE or char == DELETE for char in path):
        return "A path holds no backslash and no control character."
    return next(filter(None, map(_fault_of_segment, path.split("/"))), "")


def _fault_of_segment(segment: str) -> str:
    if segment in {"", ".", ".."}:
        return "A path holds no empty segment, no . and no .., and does not start or end with a slash."
    if segment.lower() == ".git":
        return "A path holds no .git."
    if len(segment.encode()) > LONGEST_SEGMENT:
        return f"A segment of a path has at most {LONGEST_SEGMENT} bytes."
    return ""


def check(path: str) -> str:
    fault = fault_of(path)
    if fault:
        raise BadPath(f"{fault} Rename {path[:80]!r} and send again.", path=path[:200])
    return path
