"""``python runner.py FOLDER inside|outside``: run each program of FOLDER's plan, two at a time, as whoever starts this.

Inside is the engine's own command; outside is the bare program, bounded by time and by size of files and memory.
What came of each is left in ``said.json`` of the working folder, where all that the programs reach for lies too.
"""

import base64
import json
import os
import shutil
import signal
import socket
import subprocess  # noqa: TID251 the engine's own command is under test, and the control run starts bare programs
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

HERE = Path.cwd()
LEAKED = 9
BOUNDS = ("prlimit", "--core=0", f"--fsize={256 << 20}", f"--as={2 << 30}", "--nofile=256")
LONGEST_S, PROBED_S = 40, 120  # of a bare program; of the engine's command, which may probe first
KEPT = 1 << 20


def laid_out(stack: ExitStack) -> dict[str, Any]:
    """What there is to be reached."""
    port = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    name = f"landbridge-hostile-{os.getpid()}"
    for address in (f"\0{name}", str(HERE / "socket")):
        one = stack.enter_context(socket.socket(socket.AF_UNIX))
        one.bind(address)
        one.listen()
    (HERE / "canary").write_text("the host's own words")
    (HERE / "labels.jsonl").write_text('{"label": "GOLD-4711"}\n')
    os.dup2(os.open(HERE / "canary", os.O_RDWR), LEAKED, inheritable=True)
    return {
        "port": port.getsockname()[1], "abstract": name, "socket": str(HERE / "socket"), "canary": str(HERE / "canary"),
        "secret": "the host's own words", "gold": "GOLD-4711", "label_words": sys.argv[1], "runner": os.getpid(),
        "token": f"lb_{name}", "message": "101",
    }  # fmt: skip


def started(words: list[str], folder: Path, facts: dict[str, Any], fds: tuple[int, ...]) -> tuple[int | None, bytes]:
    """Exit status (None: out of time) and what was printed, its first part and its end."""
    env = {"PATH": os.defpath, "LANDBRIDGE_HOME": str(HERE / "home"), "HOME": str(folder), "TMPDIR": str(folder)}
    env["LANDBRIDGE_TOKEN"] = facts["token"]
    with (folder / "stdin").open("w+b") as source, (folder / "stdout").open("w+b") as out:
        source.write(json.dumps(facts).encode())
        source.seek(0)
        process = subprocess.Popen(  # noqa: S603 our own words
            words, stdin=source, stdout=out, stderr=subprocess.STDOUT, cwd=folder, env=env, pass_fds=(LEAKED, *fds),
            start_new_session=True,
        )  # fmt: skip
        code = None
        with suppress(subprocess.TimeoutExpired):
            code = process.wait(LONGEST_S if facts["bare"] else PROBED_S)
        if facts["bare"]:
            time.sleep(facts["linger"])  # noqa: TID251 what is left behind may still write
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        size = out.seek(0, os.SEEK_END)
        out.seek(0)
        said = out.read(KEPT if facts["bare"] else size)
        out.seek(max(out.tell(), size - 4096))
        return code, said + out.read()


def left(mark: str) -> list[int]:
    """The processes that bear the mark; they are ended."""
    found = []
    for one in Path("/proc").iterdir():
        with suppress(OSError):
            if one.name.isdigit() and mark.encode() in (one / "cmdline").read_bytes():
                found.append(int(one.name))
                os.kill(int(one.name), signal.SIGKILL)
    return found


def inside(program: dict[str, Any], folder: Path, facts: dict[str, Any]) -> dict[str, Any]:
    words = [sys.executable, "-m", "landbridge_evaluation", "sandbox", str(folder / "program.py"), "--json"]
    code, said = started([*words, *program["flags"]], folder, facts, ())
    try:
        made = json.loads(said)
    except ValueError:
        return {"code": code, "log": said.decode(errors="replace")[-2000:], "result": "", "tier": None}
    log, result = (base64.b64decode(made.pop(f"{name}_b64")).decode(errors="replace") for name in ("log", "result"))
    return {**made, "code": code, "log": log[:3000], "result": result[:1000]}


def outside(program: dict[str, Any], folder: Path, facts: dict[str, Any]) -> dict[str, Any]:
    with (folder / "result").open("w+b") as result:
        words = [*BOUNDS, sys.executable, "-I", str(folder / "program.py"), str(result.fileno())]
        code, said = started(words, folder, {**facts, "linger": program["linger"]}, (result.fileno(),))
        result.seek(0)
        text = said.decode(errors="replace")
        return {"code": code, "log": text[:2000] + text[-2000:], "result": result.read(1000).decode(errors="replace")}


def one(program: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
    folder = HERE / "each" / program["name"]
    folder.mkdir(parents=True)
    shutil.copyfile(Path(sys.argv[1], f"{program['name']}.py"), folder / "program.py")
    mark = f"landbridge-mark-{os.getpid()}-{program['name']}-"
    began = time.monotonic()
    run = outside if facts["bare"] else inside
    made = run(program, folder, {**facts, "mark": mark})
    made |= {"took": time.monotonic() - began, "left": len(left(mark))}
    for path in (folder, Path("/dev/shm", mark)):  # noqa: S108 where the flood of files went
        shutil.rmtree(path, ignore_errors=True)
    return made


def main() -> None:
    plan = json.loads(Path(sys.argv[1], "plan.json").read_text())
    with ExitStack() as stack:
        facts = {**laid_out(stack), "bare": sys.argv[2] == "outside"}
        before = sorted(path.name for path in HERE.iterdir() if path.name not in ("each", "home"))
        made = {plan[0]["name"]: one(plan[0], facts)}  # alone: it is this that probes
        with ThreadPoolExecutor(2) as threads:
            waiting = {program["name"]: threads.submit(one, program, facts) for program in plan[1:]}
            made |= {name: each.result() for name, each in waiting.items()}
        after = sorted(path.name for path in HERE.iterdir() if path.name not in ("each", "home"))
        untouched = before == after and (HERE / "canary").read_text() == facts["secret"]
    (HERE / "said.json").write_text(json.dumps({"uid": os.getuid(), "untouched": untouched, "programs": made}))


if __name__ == "__main__":
    main()
