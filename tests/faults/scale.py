"""How much of a proof runs: little in CI, all of it in ``make proof``. Seeds are printed: a run can be repeated."""

import os
import secrets

PROOF_SCALE = os.environ.get("PROOF_SCALE", "")  # noqa: TID251 a test's own setting: 1 is the whole proof
PROOF_KILLS = os.environ.get("PROOF_KILLS", "")  # noqa: TID251 a test's own setting: of one round of the gate
PROOF_JOBS = os.environ.get("PROOF_JOBS", "")  # noqa: TID251 a test's own setting: of one round of the gate
PROOF_SEED = os.environ.get("PROOF_SEED", "")  # noqa: TID251 a test's own setting


def size(ci: int, whole: int) -> int:
    """``ci``, or under ``make proof`` the scaled ``whole``, but never less than ``ci``."""
    return max(ci, round(whole * float(PROOF_SCALE))) if PROOF_SCALE else ci


def seed() -> int:
    return int(PROOF_SEED) if PROOF_SEED else secrets.randbelow(10_000)


def kills() -> int:
    """Of one run of the gate."""
    return int(PROOF_KILLS or 30)


def jobs() -> int:
    """Of one run of the gate: two a kill, unless that is said."""
    return int(PROOF_JOBS or 2 * kills())


def tell(what: str) -> None:
    """A line for ``docs/proofs.md``, and for who repeats a run."""
    print(f"proof: {what}")  # noqa: T201 that is what it is for
