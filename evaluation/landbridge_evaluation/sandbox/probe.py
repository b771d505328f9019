"""Whether the sandbox holds on this machine."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """``passed``: all that was tried inside was contained, and escaped outside. ``why`` says what did not, with the remedy."""

    tier: str
    passed: bool
    passed_at: str = ""  # ISO 8601, UTC
    sha256: str = ""  # of what was found
    profile_sha256: str = ""  # of the recipe
    why: str = ""
