"""How much of a proof runs: little in CI, all of it in ``make proof``. Seeds are printed: a run can be repeated."""

import os
import secrets

PROOF_SCALE = os.environ.get("PROOF_SCALE", "")  # noqa: TID251 a test's own setting: 1 is the whole proof
PROOF_SEED = os.environ.get("PROOF_SEED", "")  # noqa: TID251 a test's own setting


def size(ci: int, whole: int) -> int:
    """``ci``, or under ``make proof`` the scaled ``whole``, but never less than ``ci``."""
    return max(ci, round(whole * float(PROOF_SCALE))) if PROOF_SCALE else ci


def seed() -> int:
    return int(PROOF_SEED) if PROOF_SEED else secrets.randbelow(10_000)
