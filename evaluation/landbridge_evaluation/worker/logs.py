"""Logs that lose no line: spooled to disk, sent by byte offset, kept until the platform says that it has them.

An attempt's log is 8 MiB at most: its beginning as it comes, and its last lines when it ends.
"""

import codecs
import re
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from landbridge_evaluation.worker.api import AttemptApi

CHUNK: Final = 128 << 10  # bytes; the platform takes twice that
HEAD: Final = 7 << 20  # bytes, sent as they come
TAIL: Final = 768 << 10  # bytes, sent at the end; what remains of 8 MiB is for the worker's own lines
CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class LogSender:
    """``write``, ``line``, ``seal`` and ``rest`` from the slot's thread, ``send`` from the heart's, too."""

    def __init__(self, path: Path, api: AttemptApi) -> None:
        self.path, self.api = path, api
        self.file = path.open("ab")
        self.size = self.file.tell()
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")  # a character may come in two pieces
        self.tail, self.cut = bytearray(), 0
        self.sending = threading.Lock()
        self.next = 0

    def write(self, piece: bytes) -> None:
        """Text as it will be shown: no broken UTF-8, no control characters that talk to a terminal."""
        raw = shown(self.decoder.decode(piece)).encode()
        room = HEAD - self.size if not self.tail else 0
        if room > 0:
            head = whole(raw[:room])
            self._spool(head)
            raw = raw[len(head) :]
        if raw:
            self.tail += raw
            surplus = len(self.tail) - TAIL
            if surplus > 0:
                self.cut += surplus
                del self.tail[:surplus]

    def line(self, text: str) -> None:
        """The worker's own word. A disk that is full takes no line, and that must not hide what happened."""
        with suppress(OSError):
            self._spool(f"[worker] {shown(text)}\n".encode())

    def seal(self) -> None:
        """The attempt ends: what was held back joins the log, and a gap in it is told."""
        rest, self.tail = bytes(self.tail), bytearray()
        rest += shown(self.decoder.decode(b"", final=True)).encode()
        if self.cut:
            lost = rest.find(b"\n") + 1  # the tail begins in the middle of a line
            self.cut += lost
            self.line(f"{self.cut} bytes are left out here: the log is longer than a platform keeps")
            rest, self.cut = rest[lost:].decode("utf-8", "ignore").encode(), 0
        with suppress(OSError):
            self._spool(rest)

    def send(self) -> None:
        """Bring everything that was written. Raises ``Refused`` and ``Unreachable``; what was not taken stays."""
        with self.sending:
            while chunk := self._chunk():
                reached = self.api.log(self.next, chunk)
                if reached <= self.next:
                    return
                self.next = reached

    def rest(self) -> dict[str, Any] | None:
        """What is not there yet, where that is one piece: it may go with the result. ``None``: ``send`` it before."""
        with self.sending:
            chunk = self._chunk()
            whole_rest = self.next + len(chunk.encode()) == self.size
            return {"offset": self.next, "text": chunk} if chunk and whole_rest else None

    def _spool(self, raw: bytes) -> None:
        self.file.write(raw)
        self.file.flush()
        self.size += len(raw)

    def _chunk(self) -> str:
        with self.path.open("rb") as file:
            file.seek(self.next)
            raw = whole(file.read(CHUNK))
        return raw.decode("utf-8", "replace")

    def close(self) -> None:
        with suppress(OSError):
            self.file.close()


def shown(text: str) -> str:
    if text.isascii():
        return CONTROLS.sub("\ufffd", text)
    return "".join(one if one.isprintable() or one in "\n\t" else "\ufffd" for one in text)


def whole(raw: bytes) -> bytes:
    """Without a last character that is cut."""
    for length in range(1, min(4, len(raw)) + 1):
        first = raw[-length]
        if first < 0x80:  # noqa: PLR2004 a character of one byte
            return raw
        if first >= 0xC0:  # noqa: PLR2004 the first byte of a longer one
            needed = 2 + (first >= 0xE0) + (first >= 0xF0)  # noqa: PLR2004 as UTF-8 says it
            return raw if length >= needed else raw[:-length]
    return raw
