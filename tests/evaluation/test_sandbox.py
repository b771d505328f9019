"""The child does not outlive its parent, and gets nothing that it was not given."""

import os
import signal
import subprocess  # noqa: TID251 a parent that is to be killed
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from landbridge_evaluation.sandbox import Inputs, launch

PARENT = """
import sys, time
from pathlib import Path
from landbridge_evaluation.sandbox import Inputs, launch
child = launch(Inputs(), "none", Path(sys.argv[1]))
print(child.process.pid, flush=True)
time.sleep(600)
"""


def test_a_child_dies_with_its_parent(tmp_path: Path) -> None:
    words = [sys.executable, "-c", PARENT, str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as parent:  # noqa: S603 our own words
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        assert child.is_running()
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    with suppress(psutil.NoSuchProcess):
        child.wait(timeout=20)
    assert not child.is_running()


def test_killing_a_child_takes_its_whole_group(tmp_path: Path) -> None:
    child = launch(Inputs(), "none", tmp_path)
    assert os.getpgid(child.process.pid) == child.process.pid != os.getpgid(0)
    child.close()
    child.close()  # safe to repeat
    assert child.process.returncode == -signal.SIGKILL
    with pytest.raises(ProcessLookupError):
        os.killpg(child.process.pid, 0)
