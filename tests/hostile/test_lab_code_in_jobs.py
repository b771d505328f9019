"""What hostile lab code answers, through a whole attempt: the right code, and words for the one who must act."""

from pathlib import Path
from typing import Any

import pytest

from landbridge.evaluations import faults
from landbridge_evaluation.errors import PluginFault
from tests.evaluation.conftest import lumen, run_of  # noqa: F401 fixtures
from tests.evaluation.runs import Maker
from tests.evaluation.test_run_job import PARITY, parity
from tests.sandbox.conftest import _own_home, probed  # noqa: F401 fixtures
from tests.sandbox.kit import needs_bwrap
from tests.sandbox.test_jobs import go

pytestmark = needs_bwrap
GIGABYTE = 1 << 30
FIRST = '{"k":"p","i":0,"v":[0,1]}\n'
DEEDS: list[tuple[str, dict[str, Any], str, str]] = [
    ("a gigabyte printed", {"flood_log": 1}, "log_cap", "printed more than"),
    ("a gigabyte answered", {"flood_results": GIGABYTE}, "bad_frames", "a line without end"),
    ("a gigabyte of lines", {"flood_lines": GIGABYTE}, "bad_frames", "two answers"),
    ("NaN for a score", {"rows": [1.0, "nan"]}, "not_finite", "NaN or infinity"),
    ("NaN past our code", {"write": '{"k":"p","i":0,"v":[NaN,0]}\n'}, "bad_frames", "NaN"),
    ("a forged item", {"write": '{"k":"p","i":4000,"v":[0,1]}\n'}, "bad_frames", "not asked"),
    ("a forged shard", {"write": '{"k":"s","n":77}\n'}, "bad_frames", "shard 77"),
    ("a forged job", {"write": '{"k":"p","i":0,"v":[0,1],"job":"x"}\n'}, "bad_frames", "wrong keys: job"),
    ("a forged score", {"write": '{"k":"result","acc":1.0}\n'}, "bad_frames", "no known kind"),
    ("doubled lines", {"write": FIRST * 2}, "bad_frames", "two answers to item 0"),
    ("glued lines", {"write": FIRST.strip() * 2 + "\n"}, "bad_frames", "no JSON"),
]


@pytest.mark.parametrize(("deed", "code", "words"), [one[1:] for one in DEEDS], ids=[one[0] for one in DEEDS])
def test_it_ends_as_the_labs_fault_and_scores_nothing(  # noqa: PLR0913, PLR0917 three of a case, three fixtures
    deed: dict[str, Any],
    code: str,
    words: str,
    run_of: Maker,  # noqa: F811 the fixture
    probed: Path,  # noqa: F811 the fixture
    lumen: Path,  # noqa: F811 the fixture
) -> None:
    run = run_of(PARITY, {"test": parity(20)}, slug="lumen-hostile", **deed)
    results = go(run, probed, plugin=lumen)
    fault = results.faults["a_task"]
    assert isinstance(fault, PluginFault) and (fault.kind, fault.who, fault.retryable) == (code, "lab", False)
    assert words in str(fault) and str(fault).replace("\n", "").isprintable() and len(str(fault)) < 3000
    assert results.to_json()["tasks"]["a_task"]["metrics"] == {} and not run.store.kept
    told = faults.known(faults.Reported(code=fault.kind, text=str(fault), who=fault.who))
    assert (told["fault"]["who"], told["fault"]["text"], told["retry"]) == ("lab", str(fault), False)
