"""An operator's own containment: a command of his, held to the same probe."""

import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from landbridge_evaluation import config, sandbox
from landbridge_evaluation.sandbox import Inputs, NoContainment, door, probe, seccomp
from tests.sandbox.kit import needs_bwrap, reachable

WRAPPER = """
    import os, sys
    binds = [line.rsplit(":", 1) for line in os.environ["LANDBRIDGE_BINDS"].splitlines()]
    words = "bwrap --unshare-all --die-with-parent --new-session --cap-drop ALL --uid 65534 --gid 65534".split()
    words += "--as-pid-1 --ro-bind /usr /usr --proc /proc --dev /dev --tmpfs /tmp --tmpfs /work --chdir /work".split()
    for name in ("bin", "lib", "lib64"):
        if os.path.islink("/" + name):
            words += ["--symlink", os.readlink("/" + name), "/" + name]
    for source, target in binds:
        words += ["--ro-bind", source, target]
    os.set_inheritable(os.open({filter!r}, os.O_RDONLY), True)
    bound = os.environ["LANDBRIDGE_PROCESSES"]
    os.execve("/usr/bin/bwrap", [*words, "--seccomp", "4", "--", "prlimit", f"--nproc={{bound}}", *sys.argv[1:]], {{}})
"""


@pytest.fixture
def wrapper(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with reachable() as folder:
        (folder / "filter").write_bytes(seccomp.program())
        path = folder / "wrapper.py"
        path.write_text(textwrap.dedent(WRAPPER.format(filter=str(folder / "filter"))))
        monkeypatch.setattr(config, "SANDBOX", "wrapper")
        monkeypatch.setattr(config, "SANDBOX_WRAPPER", f"{sys.executable} -S {path}")
        yield path


@needs_bwrap
def test_a_wrapper_that_contains_passes_the_probe_and_runs_models(wrapper: Path, tmp_path: Path) -> None:
    found = probe(tmp_path)
    assert (found.tier, found.passed, found.why) == ("wrapper", True, "")
    with reachable() as folder:
        (folder / "program.py").write_text("import os\nos.write(3, str((os.getuid(), os.getpid())).encode())")
        made = door.run(sandbox.launch(Inputs(job=folder, module="", arguments=("/job/program.py",))), wall_s=30)
    assert (made.tier, made.exit, bytes(made.result)) == ("wrapper", 0, b"(65534, 1)")


def test_a_wrapper_that_contains_nothing_fails_the_probe(
    wrapper: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrapper.write_text(
        "import os, sys\nwords = [one.replace('/job/', os.environ['LANDBRIDGE_BINDS'].splitlines()[-1]"
        ".rsplit(':', 1)[0] + '/') for one in sys.argv[1:]]\nos.execv(words[0], words)\n"
    )
    found = probe(tmp_path)
    assert not found.passed and "Not contained: " in found.why and "network" in found.why
    assert not (tmp_path / "probe.json").exists()
    monkeypatch.setattr(config, "SANDBOX_WRAPPER", "/no/such/program")
    with pytest.raises(NoContainment, match="no program that is there"):
        sandbox.launch(Inputs())
    assert "no program that is there" in probe(tmp_path).why
