"""A plugin by page, without JavaScript: a scaffold's wheel is chosen, screened in the sandbox, and ranked as code."""

import time
from pathlib import Path

import pytest

from landbridge_evaluation.sandbox import probe
from tests.e2e.axe import faults
from tests.e2e.conftest import Visitor, Visitors
from tests.wheels.making import Made, with_member
from tests.wheels.scaffolds import scaffolded, wheel_of

pytestmark = pytest.mark.xdist_group("browser")


def test_a_wheel_goes_from_a_page_to_the_board(visitors: Visitors, tmp_path: Path) -> None:
    found = probe(tmp_path / "probe")
    if not found.passed:
        pytest.skip(f"no containment here: {found.why}")
    wheel = wheel_of(scaffolded(tmp_path, "polar-letters"))
    lab = visitors.new(scripts=False)
    lab.sign_up("boreas")
    lab.go("/organizations/new?kind=lab")
    lab.fill(name="Polar Lab", slug="polar", country="NO")
    lab.press("Make organization")
    lab.go("/submissions/plugins")
    lab.says("No plugin was released yet")
    lab.follow("Submit a plugin")
    a_bad_wheel_is_told_on_its_field(lab, tmp_path)
    lab.page.locator("[name=namespace]").select_option("polar")
    lab.page.locator("[name=wheel]").set_input_files(wheel)
    lab.press("Upload and submit")
    the_state_moves(lab)
    lab.follow("To the leaderboard")
    row = lab.page.locator("main tr", has_text="polar-letters").first
    assert "code" in row.inner_text().lower(), row.inner_text()
    lab.go("/submissions/plugins")
    lab.says("polar-letters")
    eyes = visitors.new(width=360, dark=True, chinese=True)
    eyes.sign_in_by_link("boreas")
    seen = faults(eyes, "/submissions/plugins") + faults(eyes, "/submissions/new/plugin")
    assert not seen, "\n".join(seen)


def a_bad_wheel_is_told_on_its_field(lab: Visitor, tmp_path: Path) -> None:
    bad = tmp_path / Made().file
    bad.write_bytes(with_member("torch/__init__.py").packed())
    lab.page.locator("[name=namespace]").select_option("polar")
    lab.page.locator("[name=wheel]").set_input_files(bad)
    lab.press("Upload and submit")
    assert "brings a module called torch" in lab.page.locator("main").inner_text()


def the_state_moves(lab: Visitor, seconds: float = 120) -> None:
    """Without scripts the page is loaded anew, as its own refresh does."""
    deadline = time.monotonic() + seconds
    while not lab.page.get_by_role("link", name="To the leaderboard").count():
        assert time.monotonic() < deadline, lab.page.locator("main").inner_text()
        assert "must be changed" not in lab.page.locator("main").inner_text(), lab.page.locator("main").inner_text()
        time.sleep(1)  # noqa: TID251 a real job in another process
        lab.page.reload()
