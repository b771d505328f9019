"""The main job by API, as a robot walks it: every step over HTTP, real weights, a real worker."""

import csv
import hashlib
import io
import time
from pathlib import Path

import pyotp
import pytest

from tests.stack import Stack
from tests.walk import Api, Json, submit

pytestmark = pytest.mark.xdist_group("stack")
MODEL = "lumen/ngram"


@pytest.fixture(scope="module")
def lab(stack: Stack) -> dict[str, str]:
    return stack.account("ada", organization="lumen", kind="lab", role="owner")


@pytest.fixture(scope="module")
def submission(stack: Stack, lab: dict[str, str], model_dir: Path) -> Json:
    """Uploaded by the Hub routes, submitted, screened, sealed, evaluated."""
    return submit(stack, lab["token"], MODEL, model_dir)


def test_a_submitted_model_is_sealed_evaluated_and_published(
    stack: Stack, lab: dict[str, str], submission: Json
) -> None:
    api = Api(stack.url, lab["token"])
    job = api.get(f"/api/v1/jobs/{submission['job']['id']}")
    assert (job["state"], job["attempt"], job["fault"]) == ("done", 1, None), job
    versions = api.get(f"/api/v1/models/{MODEL}/versions")["items"]
    assert len(versions) == 1 and len(versions[0]["tree_digest"]) == 64
    deadline = time.monotonic() + 30
    while api.get(f"/api/v1/submissions/{submission['id']}")["state"] != "published":
        assert time.monotonic() < deadline
        time.sleep(0.3)  # noqa: TID251 an event in another process


def test_the_board_shows_it_as_json_and_csv_with_n_and_intervals(stack: Stack, submission: Json) -> None:
    api = Api(stack.url)
    rows = [row for row in api.get("/api/v1/leaderboards/demo/entries")["items"] if row["model"] == MODEL]
    (row,) = [row for row in rows if row["task"] == "pydoc_lm"]
    low, high = row["score"]["ci95"]
    assert low < row["score"]["value"] < high and row["score"]["n"] >= 10 and row["rank"] == 1
    answer = api.http.get("/api/v1/leaderboards/demo/entries", params={"format": "csv"})
    lines = list(csv.DictReader(io.StringIO(answer.text)))
    assert [line for line in lines if line["model"] == MODEL and line["task"] == "pydoc_lm"]


def test_the_result_is_signed_by_worker_and_platform(
    stack: Stack, lab: dict[str, str], submission: Json, tmp_path: Path
) -> None:
    api = Api(stack.url, lab["token"])
    job = api.get(f"/api/v1/jobs/{submission['job']['id']}")
    attestation = api.http.get(f"/api/v1/results/{job['result']['id']}/attestation")
    keys = api.http.get("/api/v1/keys")
    (tmp_path / "attestation.json").write_bytes(attestation.content)
    (tmp_path / "keys.json").write_bytes(keys.content)
    said = stack.landbridge(
        "verify", str(tmp_path / "attestation.json"), "--keys", str(tmp_path / "keys.json"), token=""
    )
    assert said.returncode == 0, said.stderr
    (tmp_path / "attestation.json").write_bytes(attestation.content.replace(b'"payload":"', b'"payload":"e', 1))
    forged = stack.landbridge("verify", str(tmp_path / "attestation.json"), token="", check=False)
    assert forged.returncode == 1


def test_an_installed_plugin_distribution_is_measured_too(stack: Stack, submission: Json) -> None:
    operator = stack.account("olga", organization="operator", kind="operator", role="owner")
    api = Api(stack.url, operator["token"])
    asked = api.post(
        "/api/v1/evaluations", {"model": "plugins/letters", "revision": "main", "suite": "offline_demo"}, 202
    )
    job = api.until_ended(asked["id"])
    assert job["state"] == "done", job
    rows = Api(stack.url).get("/api/v1/leaderboards/demo/entries")["items"]
    (row,) = [row for row in rows if row["model"] == "plugins/letters" and row["task"] == "django_langid"]
    assert row["score"]["value"] > 0.3, "letters tell many languages apart"


def test_weights_open_with_the_signature_and_close_with_the_end(
    stack: Stack, submission: Json, model_dir: Path, tmp_path: Path
) -> None:
    signer = stack.account("sofia", organization="lumen", kind="lab", role="signatory")
    buyer = stack.account("carl", organization="acme", kind="company", role="signatory")
    lab, company = Api(stack.url, signer["token"]), Api(stack.url, buyer["token"])
    offer = lab.post(
        "/api/v1/offers",
        {"model": MODEL, "totp": pyotp.TOTP(signer["totp_secret"]).now(), "consent": True},
        201,
        key="offer-1",
    )
    weights = next(path for path in model_dir.iterdir() if path.suffix == ".safetensors")
    resolve = f"/{MODEL}/resolve/main/{weights.name}"
    refused = company.http.get(resolve)
    assert (refused.status_code, refused.headers["X-Error-Code"]) == (403, "GatedRepo"), refused.text
    assert Api(stack.url).http.get(resolve).status_code == 401
    taken = company.post(
        f"/api/v1/offers/{offer['id']}/take",
        {"organization": "acme", "purpose": "Ranking of log lines in a pilot", "country": "DE"},
        201,
        key="take-1",
    )
    number = taken["number"]
    assert company.http.get(resolve).status_code == 403
    signed = company.post(
        f"/api/v1/agreements/{number}/sign",
        {
            "statement_sha256": taken["statement_sha256"],
            "totp": pyotp.TOTP(buyer["totp_secret"]).now(),
            "consent": True,
        },
        200,
        key="sign-1",
    )
    assert signed["state"] == "active", signed
    opened = company.http.get(resolve)
    assert hashlib.sha256(opened.content).hexdigest() == hashlib.sha256(weights.read_bytes()).hexdigest()
    done = stack.landbridge("download", MODEL, "--output", str(tmp_path / "got"), token=buyer["token"])
    assert (tmp_path / "got" / weights.name).read_bytes() == weights.read_bytes(), done.stderr
    stranger = stack.account("eve", organization="rival", kind="company", role="owner")
    denied = stack.landbridge("download", MODEL, "--output", str(tmp_path / "no"), token=stranger["token"], check=False)
    assert denied.returncode == 4 and "/lumen/ngram" in denied.stderr, denied.stderr
    lab.post(f"/api/v1/agreements/{number}/suspend", {"reason": "A test of the suspension."}, 200, key="suspend-1")
    after = company.http.get(resolve)
    assert (after.status_code, after.headers["X-Landbridge-Reason"]) == (403, "suspended")
