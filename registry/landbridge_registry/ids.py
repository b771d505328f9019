"""ULIDs: ids that sort by time and can be made anywhere (https://github.com/ulid/spec), in lower case."""

import secrets
import time

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32
LENGTH = 26


def new_id() -> str:
    """48 bits of milliseconds, 80 bits of chance, as 26 characters."""
    number = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    return "".join(ALPHABET[(number >> shift) & 31] for shift in range(5 * (LENGTH - 1), -1, -5))
