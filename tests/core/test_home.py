"""The instance's folder and the secrets it makes."""

import stat
import threading
from pathlib import Path

import pytest

from landbridge import home as place


def test_a_secret_is_made_once_and_is_the_owners_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "HOME", tmp_path)
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(place.secret("django"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1 and len(found[0]) >= 48
    assert stat.S_IMODE((tmp_path / "secrets" / "django").stat().st_mode) == 0o600
