"""An attempt's log on its way: no line lost, no character cut, and of too long a one the beginning and the end."""

from pathlib import Path

import pytest

from landbridge_evaluation.worker import logs as spool
from landbridge_evaluation.worker.logs import LogSender, whole


class Platform:
    """Takes what it is sent, from where it says, as the platform's log does."""

    def __init__(self, loses: int = 0) -> None:
        self.kept, self.loses = b"", loses

    def log(self, offset: int, text: str) -> int:
        if self.loses:
            self.loses -= 1
            return len(self.kept)  # as after a gap: from there on
        assert offset == len(self.kept)
        self.kept += text.encode()
        return len(self.kept)


def sender(tmp_path: Path, platform: Platform) -> LogSender:
    return LogSender(tmp_path / "log", platform)  # type: ignore[arg-type] # the one call that it needs


def test_a_character_that_comes_in_two_pieces_is_one(tmp_path: Path) -> None:
    platform = Platform()
    log = sender(tmp_path, platform)
    raw = "grüße 世界 🌍\n".encode()
    for at in range(len(raw)):
        log.write(raw[at : at + 1])
    log.seal()
    log.send()
    log.close()
    assert platform.kept == raw


@pytest.mark.parametrize(
    ("raw", "kept"), [(b"ab", 2), ("aü".encode()[:2], 1), ("世".encode()[:2], 0), ("a🌍".encode(), 5)]
)
def test_a_cut_last_character_is_left_for_later(raw: bytes, kept: int) -> None:
    assert len(whole(raw)) == kept


def test_of_too_long_a_log_the_beginning_and_the_end_arrive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "HEAD", 1000)
    monkeypatch.setattr(spool, "TAIL", 500)
    platform = Platform(loses=1)
    log = sender(tmp_path, platform)
    lines = [f"line {number:04} ü\n".encode() for number in range(1000)]
    for line in lines:
        log.write(line)
    log.send()
    assert len(platform.kept) <= 1000
    log.line("fault wall: It took longer than the 60 s that are allowed.")
    log.seal()
    log.send()
    log.close()
    text = platform.kept.decode()
    assert text.startswith("line 0000") and text.endswith("line 0999 ü\n")
    left_out = int(text.split("[worker] ")[2].split()[0])
    told = sum(len(f"[worker] {part.splitlines()[0]}\n".encode()) for part in text.split("[worker] ")[1:])
    assert len(platform.kept) - told + left_out == sum(map(len, lines)), "what is missing is said to the byte"
    assert len(platform.kept) < 2000


def test_a_disk_that_is_full_hides_no_fault(tmp_path: Path) -> None:
    log = sender(tmp_path, Platform())
    log.file.close()
    log.file = Path("/dev/full").open("ab")  # noqa: SIM115 the sender closes it
    log.line("fault disk_full: No space left on device")
    log.seal()
    log.close()
