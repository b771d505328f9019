"""What is wrong with a declaration, where it stands, and what was probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches


class SpecError(ValueError):
    """A declaration that cannot be accepted. ``pointer`` is a JSON pointer (RFC 6901) to the place."""

    def __init__(self, pointer: str, message: str, *, code: str = "invalid") -> None:
        super().__init__(f"{pointer or '/'}: {message}")
        self.pointer = pointer
        self.message = message
        self.code = code


def nearest(name: str, known: Iterable[str]) -> str:
    """A sentence to add to a complaint: what was probably meant, or what is known at all."""
    known = sorted(known)
    close = get_close_matches(name, known, n=3, cutoff=0.5)
    if close:
        return " Did you mean " + " or ".join(f'"{one}"' for one in close) + "?"
    return " Known: " + ", ".join(known) + "."


def escape(key: str) -> str:
    """One step of a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")
