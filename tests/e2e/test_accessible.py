"""Main pages are free of what axe finds (WCAG 2.2 AA), in both themes and languages, on a phone and on a desk."""

from itertools import product
from pathlib import Path

import pytest

from tests.e2e.axe import faults
from tests.e2e.conftest import Visitors
from tests.stack import Stack

pytestmark = pytest.mark.xdist_group("browser")

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}
PUBLIC = (
    "/",
    "/models",
    "/models?q=none&access=open&task=x",
    "/leaderboards",
    "/leaderboards/demo",
    "/plugins",
    "/plugins/majority",
    "/plugins/majority/tree/main",
    "/plugins/majority/license",
    "/errors",
    "/errors/no_agreement",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/nothing/here",
)
INSIDE = (
    "/submissions",
    "/submissions/new",
    "/jobs",
    "/agreements",
    "/settings/tokens",
    "/organizations/new",
    "/organizations/axis",
    "/organizations/axis/authority",
    "/organizations/axis/agreements",
    "/organizations/axis/tokens",
    "/accounts/2fa/",
    "/accounts/2fa/totp/activate/",
    "/accounts/email/",
    "/accounts/password/change/",
)


@pytest.fixture(scope="module", autouse=True)
def _organization(stack: Stack) -> None:
    stack.account("axel", organization="axis", kind="lab", role="owner")


@pytest.mark.parametrize(
    ("width", "dark", "chinese"), list(product((360, 1280), (False, True), (False, True))), ids=str
)
def test_axe_finds_nothing(visitors: Visitors, width: int, dark: bool, chinese: bool) -> None:  # noqa: FBT001 pytest passes them
    visitor = visitors.new(width=width, dark=dark, chinese=chinese)
    found = [said for path in PUBLIC for said in faults(visitor, path, width)]
    visitor.sign_in_by_link("axel")
    found += [said for path in INSIDE for said in faults(visitor, path, width)]
    assert not found, "\n".join(found)


def test_pages_work_without_scripts(visitors: Visitors, tmp_path: Path) -> None:
    """Read, filter, sort, choose language and theme, and submit single files: plain forms and links."""
    visitor = visitors.new(scripts=False)
    visitor.go("/models")
    visitor.fill(q="majority")
    visitor.press("Search")
    assert "q=majority" in visitor.page.url
    visitor.page.locator("details.menu summary").first.click()
    visitor.page.get_by_role("button", name="Dark").click()
    assert visitor.page.locator("html").get_attribute("data-theme") == "dark"
    visitor.sign_in_by_link("axel")
    visitor.go("/submissions/new?namespace=axis")
    card, marker = tmp_path / "README.md", tmp_path / "landbridge.json"
    card.write_text("---\nlicense: mit\n---\n\n# Plain\n\nA model sent by a plain form.\n")
    marker.write_text('{"schema": "landbridge.model/1", "slug": "majority"}')
    visitor.fill(name="plain")
    visitor.page.locator("[name=singles]").set_input_files([card, marker])
    visitor.press("Upload and submit")
    visitor.page.get_by_role("link", name="Open the job").wait_for(timeout=60_000)  # the page loads itself anew


def test_a_form_with_faults_is_told_at_its_top_and_takes_the_focus(visitors: Visitors) -> None:
    visitor = visitors.new()
    visitor.sign_in_by_link("axel")
    page = visitor.go("/organizations/new")
    page.evaluate("document.querySelector('main form').noValidate = true")
    visitor.fill(name="Axis again", slug="axis", country="D")
    visitor.press("Make organization")
    assert page.evaluate("document.activeElement.matches('.summary')")
    assert page.get_by_role("link", name="Country").get_attribute("href") == "#id_country"


def test_the_keyboard_reaches_the_content_first(visitors: Visitors) -> None:
    page = visitors.new().go("/models")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main"
