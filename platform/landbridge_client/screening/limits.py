"""How large a submission and its parts may be."""

from dataclasses import dataclass

MIB = 1 << 20
GIB = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Sizes in bytes."""

    files: int = 10_000
    file: int = 64 * GIB
    total: int = 512 * GIB
    text: int = 64 * MIB  # JSON, vocabularies, merges
    image: int = 20 * MIB


LIMITS = Limits()


def human(size: int) -> str:
    """``1536`` → ``1.5 KiB``."""
    amount = float(size)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if amount < 1024 or unit == "GiB":  # noqa: PLR2004 the step of the binary units
            break
        amount /= 1024
    return f"{size} bytes" if unit == "bytes" else f"{amount:.1f} {unit}"
