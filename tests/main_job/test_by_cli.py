"""The main job by command line, as a person in a terminal walks it."""

import json
import re
import shutil
from pathlib import Path

import pyotp
import pytest

from tests.stack import Stack
from tests.walk import Api

pytestmark = pytest.mark.xdist_group("stack")


@pytest.fixture(scope="module")
def token(stack: Stack) -> str:
    return stack.account("bruno", organization="harbor", kind="lab", role="owner")["token"]


@pytest.fixture(scope="module")
def submitted(stack: Stack, token: str, model_dir: Path) -> tuple[str, str]:
    command = ("submit", str(model_dir), "--as", "harbor/ngram", "--suite", "offline_demo", "--wait", "--yes", "--json")
    done = stack.landbridge(*command, token=token)
    return done.stdout, done.stderr


def test_submit_screens_uploads_and_waits_for_the_rank(stack: Stack, token: str, submitted: tuple[str, str]) -> None:
    said = json.loads(submitted[0])
    assert said["state"] in {"published", "evaluating"} and said["model"] == "harbor/ngram"
    assert re.search(r"pydoc_lm|running|done", submitted[1]), "progress goes to stderr"
    board = stack.landbridge("board", "show", "demo", "--json", token=token)
    assert "harbor/ngram" in {row["model"] for row in json.loads(board.stdout)["entries"]}


def test_bad_folders_are_refused_before_anything_is_uploaded(
    stack: Stack, token: str, model_dir: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad"
    shutil.copytree(model_dir, bad)
    weights = next(bad.glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-100])
    (bad / "extra.bin").write_bytes(b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x07")
    (bad / "README.md").write_text("# No front matter\n")
    done = stack.landbridge("submit", str(bad), "--as", "harbor/bad", "--yes", "--json", token=token, check=False)
    assert done.returncode == 1
    for said in ("safetensors_truncated", "pickle_in_weights", "card"):
        assert said in done.stdout + done.stderr
    shown = stack.landbridge("models", "show", "harbor/bad", token=token, check=False)
    assert shown.returncode != 0, "nothing half-made stays behind"


def test_a_wheel_is_refused_with_the_reason(stack: Stack, token: str, tmp_path: Path) -> None:
    wheel = tmp_path / "harbor-1.0-py3-none-any.whl"
    wheel.write_bytes(b"PK\x05\x06" + bytes(18))
    done = stack.landbridge("submit", str(wheel), token=token, check=False)
    assert done.returncode == 1 and "wheel_dist_info" in done.stderr


def test_an_unknown_suite_a_foreign_model_and_a_dead_token_are_told_apart(
    stack: Stack, token: str, model_dir: Path
) -> None:
    unknown = stack.landbridge(
        "submit", str(model_dir), "--as", "harbor/other", "--suite", "offlin_demo", "--yes", token=token, check=False
    )
    assert unknown.returncode == 1 and "offline_demo" in unknown.stderr
    foreign = stack.landbridge("submit", str(model_dir), "--as", "lumen/taken", "--yes", token=token, check=False)
    assert foreign.returncode == 4, foreign.stderr
    dead = stack.landbridge("whoami", token=token[:-1] + ("a" if token[-1] != "a" else "b"), check=False)
    assert dead.returncode == 4 and "token" in dead.stderr.lower()


def test_a_folder_that_names_an_installed_plugins_model_is_ranked(stack: Stack, token: str, tmp_path: Path) -> None:
    folder = tmp_path / "letters"
    folder.mkdir()
    (folder / "README.md").write_text(
        "---\nlicense: mit\n---\n\n# Letter counts\n\nTells languages by their letters.\n"
    )
    (folder / "landbridge.json").write_text(json.dumps({"schema": "landbridge.model/1", "slug": "letters"}))
    command = ("submit", str(folder), "--as", "harbor/letters", "--suite", "offline_demo", "--wait", "--yes", "--json")
    assert json.loads(stack.landbridge(*command, token=token).stdout)["model"] == "harbor/letters"
    rows = json.loads(stack.landbridge("board", "show", "demo", "--json", token=token).stdout)["entries"]
    assert [row for row in rows if row["model"] == "harbor/letters" and row["task"] == "django_langid" and row["rank"]]


def test_terms_are_read_taken_signed_and_the_weights_fetched(
    stack: Stack, submitted: tuple[str, str], model_dir: Path, tmp_path: Path
) -> None:
    signer = stack.account("hanna", organization="harbor", role="signatory")
    buyer = stack.account("bea", organization="beacon", kind="company", role="signatory")
    code = pyotp.TOTP(signer["totp_secret"]).now()
    wish = {"model": "harbor/ngram", "totp": code, "consent": True}
    offer = Api(stack.url, signer["token"]).post("/api/v1/offers", wish, 201, key="offer harbor")
    listed = json.loads(stack.landbridge("offers", "ls", "harbor/ngram", "--json", token=buyer["token"]).stdout)
    assert offer["id"] in json.dumps(listed)
    place = tmp_path / "weights"
    before = stack.landbridge("download", "harbor/ngram", "--output", str(place), token=buyer["token"], check=False)
    assert before.returncode == 4 and "/harbor/ngram/license" in before.stderr
    stack.run(
        *("-m", "landbridge_client", "agreements", "take", offer["id"], "--organization", "beacon"),
        *("--purpose", "Ranking of log lines in a pilot", "--country", "DE", "--totp-secret-env", "SECOND_FACTOR"),
        LANDBRIDGE_ENDPOINT=stack.url,
        LANDBRIDGE_TOKEN=buyer["token"],
        SECOND_FACTOR=buyer["totp_secret"],
    )
    stack.landbridge("download", "harbor/ngram", "--output", str(place), token=buyer["token"])
    for path in model_dir.iterdir():
        assert (place / path.name).read_bytes() == path.read_bytes()
