"""The hostile set: contained when root started it and when not; without the sandbox the same programs get out."""

import json
import os
import subprocess  # noqa: TID251 the runner is a process of its own
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from landbridge_evaluation import sandbox
from landbridge_evaluation.sandbox import Inputs, door
from tests.hostile.table import PROGRAMS, Hostile
from tests.sandbox.kit import STARTERS, needs_bwrap, reachable

pytestmark = [needs_bwrap, pytest.mark.xdist_group("hostile")]
RUNNER = Path(__file__).with_name("runner.py")
Said = dict[str, Any]


def run_by(starter: str, where: str) -> list[Hostile]:
    """All; where root runs those that answer falsely, once is enough: who started them is nothing to the reader."""
    again = starter == "other" and where == "inside" and "root" in STARTERS
    return [one for one in PROGRAMS if not (again and one.refused)]


@cache
def said(starter: str, where: str) -> Said:
    """What came of all programs, started by root or by a user who is not; run once."""
    with reachable() as folder:
        plan, work = folder / "plan", folder / "work"
        plan.mkdir(mode=0o755)
        work.mkdir()
        programs = run_by(starter, where)
        for one in programs:
            (plan / f"{one.name}.py").write_text(one.source)
        rows = [{"name": one.name, "flags": one.flags, "linger": one.linger} for one in programs]
        (plan / "plan.json").write_text(json.dumps(rows))
        (plan / "runner.py").write_bytes(RUNNER.read_bytes())
        words = (str(plan / "runner.py"), str(plan), where)
        if starter == "other" and os.geteuid() == 0:
            child = sandbox.launch(Inputs(job=plan, module="", arguments=words), "none", work)
            made = door.run(child, wall_s=500)
            assert made.exit == 0, (made.why, made.log.decode())
        else:
            subprocess.run([sys.executable, *words], cwd=work, check=True, timeout=500)  # noqa: S603 our own words
        found: Said = json.loads((work / "said.json").read_text())
        assert (found["uid"] == 0) == (starter == "root")
        return found


def escapes(made: Said) -> list[str]:
    found = [line for line in made["log"].splitlines() if line.startswith("ESCAPED ")]
    found += ["it lives on"] * made["left"]
    return found + (["it wrote after its end"] if "late" in made["result"] else [])


def unanswered(one: Hostile, made: Said) -> list[str]:
    """What is wrong about how it ended inside."""
    wrong = escapes(made)
    if made["code"] != 0 or made["tier"] != "bwrap":
        return [*wrong, f"the door ended with {made['code']}: {made['log'][-300:]}"]
    if made["why"] not in (one.why, one.or_why or one.why):
        wrong.append(
            f"ended by {made['why']}, not by {one.why}: {made['exit']}, {made['peak_mb']} MB, {made['log'][-300:]}"
        )
    if made["why"] is None and made["exit"] != 0:
        wrong.append(made["log"][-300:])
    if one.refused == (made["refused"] is None) and "--kind" in one.flags:
        wrong.append(f"refused: {made['refused']}, answers: {made['predictions']}")
    if one.refused and not str(made["refused"]).isprintable():
        wrong.append("its text talks to the terminal")
    return wrong


@pytest.mark.parametrize("starter", STARTERS)
def test_every_program_is_contained(starter: str) -> None:
    found = said(starter, "inside")
    wrong = {
        one.name: now for one in run_by(starter, "inside") if (now := unanswered(one, found["programs"][one.name]))
    }
    assert not wrong and found["untouched"]


def test_without_the_sandbox_the_same_programs_get_out() -> None:
    found = said("other", "outside")
    out = {one.name for one in PROGRAMS if escapes(found["programs"][one.name])}
    neither = {one.name: found["programs"][one.name] for one in PROGRAMS if one.name not in out and not one.reason}
    assert not neither
    assert len(out) >= 12 and found["untouched"]


def test_the_set_has_a_program_for_each_category() -> None:
    assert len({one.category for one in PROGRAMS}) >= 32
    assert len({one.name for one in PROGRAMS}) == len(PROGRAMS)


@pytest.mark.parametrize("starter", STARTERS)
def test_what_scores_can_carry_is_bounded_not_stopped(starter: str) -> None:
    made = said(starter, "inside")["programs"]["covert"]
    assert [len(row) for row in made["predictions"]] == [2, 2, 2] and made["result"].count("\n") == 4
