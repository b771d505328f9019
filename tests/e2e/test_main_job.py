"""The main job through pages, as a lab and a company walk it: from two sign-ups to weights on the company's disk."""

import time
from pathlib import Path

import pyotp
import pytest

from landbridge_client.screening import folder_files
from tests.e2e.axe import faults
from tests.e2e.conftest import PATIENCE, Visitor, Visitors
from tests.stack import Stack, built_model

pytestmark = pytest.mark.xdist_group("browser")

MODEL = "aurora/tiny-vit"


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Hugging Face folder as a lab has it, trained just now: config, safetensors, a card."""
    return built_model(tmp_path_factory.mktemp("models"), "tiny-vit-digits")


def test_the_main_job_from_sign_up_to_licensed_weights(
    visitors: Visitors, stack: Stack, model_dir: Path, tmp_path: Path
) -> None:
    lab = visitors.new()
    the_lab_submits(lab, model_dir)
    the_job_is_watched_live(lab)
    the_board_shows_the_row(lab)
    found = faults(lab, "/leaderboards/demo") + faults(lab, f"/{MODEL}") + faults(lab, "/submissions")
    the_result_can_be_checked(lab, stack, tmp_path)
    the_lab_offers_a_license(visitors.new(), stack)
    token = the_company_takes_it(visitors, stack, tmp_path)
    assert not found, "\n".join(found)
    got = tmp_path / "got"
    stack.landbridge("download", MODEL, "--output", str(got), token=token)
    for file in folder_files(model_dir):
        assert (got / file.path).read_bytes() == file.place.read_bytes()


def the_lab_submits(lab: Visitor, model_dir: Path) -> None:
    lab.sign_up("aurelie")
    lab.go("/organizations/new?kind=lab")
    lab.fill(name="Aurora Lab", slug="aurora", country="FR")
    lab.press("Make organization")
    lab.says("Aurora Lab is set up")
    lab.follow("Submit a model")
    lab.fill(name="tiny-vit")
    lab.page.locator("[name=folder]").set_input_files(model_dir)
    lab.page.get_by_text("4 files").wait_for()
    lab.press("Upload and submit")
    assert "/submissions/" in lab.page.url, lab.page.locator("main").inner_text()


def the_job_is_watched_live(lab: Visitor) -> None:
    """Nobody reloads: screening, the queue and the tasks move by themselves."""
    lab.page.get_by_role("link", name="Open the job").wait_for(timeout=PATIENCE)
    lab.page.get_by_role("link", name="Open the job").click()
    lab.page.locator(".stages").wait_for()
    lab.page.get_by_role("link", name="Open the result").wait_for(timeout=PATIENCE)
    lab.says("The result is accepted and signed.")


def the_board_shows_the_row(lab: Visitor) -> None:
    lab.follow("To the leaderboard")
    deadline = time.monotonic() + 60
    row = lab.page.locator("tbody tr", has=lab.page.get_by_role("link", name="tiny-vit", exact=True))
    while not row.count() and time.monotonic() < deadline:
        lab.page.wait_for_timeout(500)
        lab.page.reload()
    said = row.first.inner_text()
    assert "rank 1" in said and "yours" in said, said
    assert "not applicable" in said, "what it cannot do is said, and does not rank"


def the_result_can_be_checked(lab: Visitor, stack: Stack, tmp_path: Path) -> None:
    """From the number on the board to its attestation, verified offline."""
    lab.go("/leaderboards/demo")
    lab.page.locator("tbody tr", has=lab.page.get_by_role("link", name="tiny-vit", exact=True)).locator(
        ".scorecell"
    ).click()
    lab.says("Check it yourself")
    with lab.page.expect_download() as saved:
        lab.page.get_by_role("link", name="Attestation").click()
    result, keys = tmp_path / "result.json", tmp_path / "keys.json"
    saved.value.save_as(result)
    keys.write_bytes(lab.context.request.get(f"{stack.url}/api/v1/keys").body())
    stack.landbridge("verify", str(result), "--keys", str(keys), token="")


def the_lab_offers_a_license(signatory: Visitor, stack: Stack) -> None:
    made = stack.account("sofie", organization="aurora", role="signatory")
    signatory.sign_in_by_link("sofie")
    signatory.go(f"/{MODEL}")
    signatory.follow("Offer a license")
    signatory.page.get_by_label("I have read the text").check()
    signatory.fill(days="30", totp="000000")
    signatory.press("Sign and publish the offer")
    signatory.says("This code is not right")
    signatory.page.get_by_label("I have read the text").check()
    signatory.fill(totp=pyotp.TOTP(made["totp_secret"]).now())
    signatory.press("Sign and publish the offer")
    signatory.says("The offer stands")


def the_company_takes_it(visitors: Visitors, stack: Stack, tmp_path: Path) -> str:
    """Authority in pages: the owner writes it down, the operator confirms it. Answers the signatory's token."""
    owner, operator, signatory = visitors.new(), visitors.new(), visitors.new()
    owner.sign_up("carla")
    owner.go("/organizations/new?kind=company")
    owner.fill(name="Beacon", slug="beacon", country="DE")
    owner.press("Make organization")
    stack.account("dana", organization="beacon", role="member")
    owner.go("/organizations/beacon/authority")
    owner.fill(title="Head of procurement", basis="Entry in the commercial register")
    owner.press("Write it down")
    owner.says("Waits for confirmation")
    stack.account("olga", organization="operator", kind="operator", role="owner")
    operator.sign_in_by_link("olga")
    operator.go("/organizations/beacon/authority")
    operator.press("Confirm")
    operator.says("In force")

    signatory.sign_in_by_link("dana")
    secret = sets_up_an_authenticator(signatory)
    token = makes_a_token(signatory)
    before = stack.landbridge("download", MODEL, "--output", str(tmp_path / "no"), token=token, check=False)
    assert before.returncode == 4 and f"/{MODEL}/license" in before.stderr, before.stderr
    signatory.go(f"/{MODEL}")
    signatory.follow("Get an evaluation license")
    signatory.fill(purpose="Routing of customer questions in a pilot")
    signatory.press("Go on to the signature")
    signatory.says("I, dana, sign for Beacon as Head of procurement.")
    signatory.page.get_by_label("I have read the text").check()
    signatory.fill(
        totp=pyotp.TOTP(secret).at(int(time.time()) + 30)
    )  # the app's last code turned it on; the next one signs
    signatory.press("Sign")
    signatory.says("Signed. The agreement is in effect")
    return token


def sets_up_an_authenticator(person: Visitor) -> str:
    person.go("/accounts/2fa/totp/activate/")
    secret = person.page.locator("#totp-secret").inner_text()
    person.fill(code=pyotp.TOTP(secret).now())
    person.press("Turn it on")
    assert "/activate" not in person.page.url, person.page.locator("main").inner_text()
    return secret


def makes_a_token(person: Visitor) -> str:
    person.go("/settings/tokens")
    person.fill(name="download")
    person.press("Make token")
    text = person.page.locator("[role=status] code").inner_text()
    assert text.startswith("lb_")
    person.page.reload()
    assert text not in person.page.content(), "a token is shown once"
    return text
