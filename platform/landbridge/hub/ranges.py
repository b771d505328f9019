"""One range of bytes per request (RFC 9110, section 14). Several, or one that makes no sense, get the whole."""

import re

from landbridge.hub.errors import HubError

ONE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def asked(header: str, size: int) -> tuple[int, int] | None:
    """``(start, stop)``, or ``None`` for the whole. Past the end: 416 with the size."""
    found = ONE.fullmatch(header.replace(" ", ""))
    if found is None or found[0] == "bytes=-":
        return None
    first, last = found[1], found[2]
    if first and last and int(first) > int(last):
        return None
    start = int(first) if first else max(0, size - int(last))
    stop = min(size, int(last) + 1) if first and last else size
    if start >= size or (not first and not int(last)):
        raise HubError(416, "The range starts behind the end of the file.", Content_Range=f"bytes */{size}")
    return start, stop
