"""Real processes in real bubblewrap, started by root and by a user who is not."""

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from landbridge_evaluation import sandbox
from landbridge_evaluation.sandbox import Inputs, door
from tests.sandbox.kit import STARTERS, needs_bwrap, reachable, run

pytestmark = needs_bwrap
FACTS = """
    import json, os, socket, sys
    def tried(deed):
        try:
            return deed() and "done"
        except OSError as error:
            return type(error).__name__
    status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
    facts = {
        "uid": os.getuid(), "gid": os.getgid(), "groups": os.getgroups(), "pid": os.getpid(),
        "caps": [status[name].strip() for name in ("CapPrm", "CapEff", "CapBnd", "CapAmb")],
        "flags": [status["NoNewPrivs"].strip(), status["Seccomp"].strip()],
        "fds": sorted(map(int, os.listdir("/proc/self/fd")))[:-1],
        "env": sorted(os.environ), "first": open("/proc/1/environ").read().count("\\0"),
        "root": sorted(os.listdir("/")), "host": socket.gethostname(),
        "inet": tried(lambda: socket.socket()), "vsock": tried(lambda: socket.socket(40, 1)),
        "unix": tried(lambda: socket.socket(socket.AF_UNIX)),
        "writes": [tried(lambda: open(path, "w")) for path in ("/x", "/usr/x", "/dev/x", "/job/x", sys.prefix + "/x",
                   "/proc/sys/kernel/hostname", "/proc/1/oom_score_adj")],
        "own": [tried(lambda: open(path, "w")) for path in ("/work/x", "/tmp/x", "/dev/shm/x")],
    }
    os.write(3, json.dumps(facts).encode())
"""


@pytest.mark.parametrize("starter", STARTERS)
def test_what_a_process_finds_inside(starter: str) -> None:
    made = run(FACTS, starter)
    assert (made["why"], made["exit"]) == (None, 0), made["log"]
    facts: dict[str, Any] = json.loads(made["result"])
    assert (facts["uid"], facts["gid"], facts["pid"], facts["host"]) == (65534, 65534, 1, "sandbox")
    assert set(facts["groups"]) <= {65534}
    assert facts["caps"] == ["0" * 16] * 4 and facts["flags"] == ["1", "2"]
    assert facts["fds"] == [0, 1, 2, 3] and "PATH" in facts["env"] and len(facts["env"]) <= 14
    assert facts["first"] == len(facts["env"])
    assert not {"var", "home", "sys", "run", "boot"} & set(facts["root"])
    assert (facts["inet"], facts["vsock"], facts["unix"]) == ("PermissionError", "PermissionError", "done")
    assert "done" not in facts["writes"][:6] and facts["own"] == ["done"] * 3


BOUNDS = {
    "wall": "import signal as s, time\nfor n in range(1, 32): n in (9, 19) or s.signal(n, s.SIG_IGN)\ntime.sleep(60)",
    "memory": "import mmap\nm = mmap.mmap(-1, 1 << 30)\nfor n in range(0, 1 << 30, 4096): m[n] = 1\ninput()",
    "inodes": "for n in range(1 << 20): open(f'/work/{n}', 'w').close()",
    "log_cap": "while True: print('x' * 4000)",
    "result_cap": "import os\nwhile True: os.write(3, b'x' * 65536)",
}
HIDDEN = """
    import os
    os.memfd_create("x")
"""
UNSEEN = """
    import ctypes, mmap, os, threading, time
    if os.fork() == 0:
        def work():
            time.sleep(0.1)
            held = mmap.mmap(-1, 400 << 20)
            for n in range(0, 400 << 20, 4096): held[n] = 1
            time.sleep(20)
        threading.Thread(target=work).start()
        ctypes.CDLL(None).syscall(60 if os.uname().machine == "x86_64" else 93, 0)
    os.wait()
"""
FULL = """
    import os, socket, time
    for _ in range(5):
        if os.fork() == 0:
            held = [socket.socketpair() for _ in range(100)]
            time.sleep(20)
    time.sleep(20)
"""
MANY = """
    import os, time
    for _ in range(20):
        if os.fork() == 0:
            held = bytearray(os.urandom(1 << 20) * 30)
            time.sleep(20)
    time.sleep(20)
"""


@pytest.mark.parametrize("why", BOUNDS)
@pytest.mark.parametrize("starter", STARTERS)
def test_each_bound_ends_what_crosses_it(why: str, starter: str) -> None:
    made = run(BOUNDS[why], starter, wall=2 if why == "wall" else 20, memory_mb=200)
    assert made["why"] == why, made["log"][:400]
    assert made["seconds"] < 10


@pytest.mark.parametrize("program", [MANY, UNSEEN, FULL], ids=["many small processes", "a dead thread", "sockets"])
@pytest.mark.parametrize("starter", STARTERS)
def test_memory_is_counted_wherever_it_hides(program: str, starter: str) -> None:
    made = run(program, starter, memory_mb=200)
    assert made["why"] == "memory" and made["peak_mb"] < 600, made


def test_no_memory_is_sent_where_nobody_counts_it() -> None:
    made = run(HIDDEN, STARTERS[0])
    assert made["exit"] == 1 and "PermissionError" in made["log"]


FORKS = """
    import os, time
    made = 0
    try:
        while True:
            if os.fork() == 0:
                time.sleep(30)
                os._exit(0)
            made += 1
    except OSError:
        os.write(3, str(made).encode())
    os._exit(0)
"""


@pytest.mark.parametrize("starter", STARTERS)
def test_a_fork_bomb_ends_at_its_bound_and_with_its_first_process(starter: str) -> None:
    made = run(FORKS, starter)
    assert made["exit"] == 0 and 50 < int(made["result"]) < 112 and made["seconds"] < 5


def test_nothing_lives_on_and_nothing_is_read_after_a_kill() -> None:
    with reachable() as folder:
        survivor = "import os, time\nif not os.fork():\n  os.setsid()\n  while os.write(3, b'x'): time.sleep(0.01)\n"
        (folder / "program.py").write_text(survivor + "time.sleep(60)")
        child = sandbox.launch(Inputs(job=folder, module="", arguments=("/job/program.py",)), "bwrap")
        until = time.monotonic() + 10
        while time.monotonic() < until:
            try:
                if os.read(child.results, 1):
                    break
            except BlockingIOError:
                continue
        child.kill()
        rest = b"-"
        while rest:  # what was in the pipe at the kill, then its end: nobody holds it open
            rest = os.read(child.results, 1 << 16)
        child.close()
        assert child.process.returncode is not None


def test_a_process_costs_little_more_than_its_interpreter() -> None:
    times = []
    with reachable() as folder:
        (folder / "program.py").write_text("")
        for _ in range(5):
            inputs = Inputs(job=folder, module="", arguments=("/job/program.py",))
            times.append(door.run(sandbox.launch(inputs, "bwrap")).seconds)
    assert min(times) < 0.3, times


TORCH = """
    import torch
    from torch.utils.data import DataLoader
    torch.manual_seed(0)
    batches = [one.sum().item() for one in DataLoader(torch.arange(64.0), batch_size=16, num_workers=2)]
    print(sum(batches), (torch.randn(64, 64) @ torch.randn(64, 64)).shape)
"""


@pytest.mark.parametrize("starter", STARTERS)
def test_torch_and_its_data_loaders_run_inside(starter: str) -> None:
    pytest.importorskip("torch")
    made = run(TORCH, starter, wall=60, memory_mb=3000)
    assert made["exit"] == 0 and made["log"].startswith("2016.0 torch.Size([64, 64])"), made["log"]


def test_the_test_door_says_what_came_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from landbridge_evaluation.cli import main  # noqa: PLC0415 beside its use

    program = tmp_path / "program.py"
    keys = "tier why exit seconds peak_mb log_bytes result_b64 log_b64 predictions refused".split()  # noqa: SIM905 as the spec has it
    for value, refused in (("[0.5, 2]", False), ("[NaN, 2]", True), ("[1]", True)):
        program.write_text(f"""
import os, sys
os.write(int(sys.argv[1]), b'{{"k":"p","i":0,"v":{value}}}\\n{{"k":"s","n":0}}\\n')
""")
        words = ["sandbox", str(program), "--json", "--kind", "classify", "--items", "1", "--labels", "2"]
        assert main(words) == 0
        said = json.loads(capsys.readouterr().out)
        assert list(said) == keys and said["tier"] == "bwrap"
        assert (said["refused"] is not None) == refused and said["predictions"] == (None if refused else [[0.5, 2.0]])
