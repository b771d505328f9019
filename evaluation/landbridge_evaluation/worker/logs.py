"""Logs that lose no line: spooled to disk, sent by byte offset, kept until the platform says that it has them."""

import threading
from pathlib import Path

from landbridge_evaluation.worker.api import AttemptApi

CHUNK = 128 << 10  # bytes; the platform takes twice that


class LogSender:
    """``write`` from the slot's thread, ``send`` from the heart's."""

    def __init__(self, path: Path, api: AttemptApi) -> None:
        self.path, self.api = path, api
        self.file = path.open("ab")
        self.sending = threading.Lock()
        self.next = 0

    def write(self, piece: bytes) -> None:
        """Text as it will be shown: no broken UTF-8, no control characters that talk to a terminal."""
        text = piece.decode("utf-8", "replace")
        shown = "".join(one if one.isprintable() or one in "\n\t" else "\ufffd" for one in text)
        self.file.write(shown.encode())
        self.file.flush()

    def line(self, text: str) -> None:
        self.write(f"[worker] {text}\n".encode())

    def send(self) -> None:
        """Bring everything that was written. Raises ``Refused`` and ``Unreachable``; what was not taken stays."""
        with self.sending:
            while chunk := self._chunk():
                reached = self.api.log(self.next, chunk)
                if reached <= self.next:
                    return
                self.next = reached

    def _chunk(self) -> str:
        with self.path.open("rb") as file:
            file.seek(self.next)
            raw = file.read(CHUNK)
        while raw:  # never half a character
            try:
                return raw.decode()
            except UnicodeDecodeError as error:
                raw = raw[: error.start]
        return ""

    def close(self) -> None:
        self.file.close()
