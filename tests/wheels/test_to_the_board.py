"""From ``plugin new`` to a ranked row, by command line and by API: the wheel alone, its code in the sandbox only."""

import hashlib
import json
import re
import time
from pathlib import Path

import httpx2
import pytest

from tests.stack import Stack
from tests.walk import Api, Json
from tests.wheels.scaffolds import scaffolded, wheel_of

pytestmark = pytest.mark.xdist_group("wheels")


@pytest.fixture(scope="module")
def token(stack: Stack) -> str:
    return stack.account("bruno", organization="harbor", kind="lab", role="owner")["token"]


def row_of(stack: Stack, token: str, model: str) -> Json:
    rows = json.loads(stack.landbridge("board", "show", "demo", "--json", token=token).stdout)["entries"]
    row: Json
    (row,) = [row for row in rows if row["model"] == model and row["task"] == "django_langid"]
    return row


def until_settled(api: Api, submission: str, seconds: float = 120) -> Json:
    deadline = time.monotonic() + seconds
    while (found := api.get(f"/api/v1/submissions/{submission}"))["state"] not in {"published", "needs_changes"}:
        assert time.monotonic() < deadline, found
        time.sleep(0.3)  # noqa: TID251 a real job in another process
    return found


def test_by_command_line(stack: Stack, token: str, wheel: Path, tmp_path: Path) -> None:
    command = ("submit", str(wheel), "--as", "harbor/letters", "--suite", "offline_demo", "--wait", "--json")
    done = stack.landbridge(*command, token=token)
    said = json.loads(done.stdout)
    assert said["model"] == "harbor/letters" and said["screening"]["id"], said
    row = row_of(stack, token, "harbor/letters")
    assert row["rank"] and "code" in row["marks"], row
    api = Api(stack.url, token)
    job = api.get(f"/api/v1/jobs/{said['job']['id']}")
    envelope = api.get(f"/api/v1/results/{job['result']['id']}/attestation")
    (tmp_path / "attestation.json").write_text(json.dumps(envelope))
    (tmp_path / "keys.json").write_text(json.dumps(api.get("/api/v1/keys")))
    verified = stack.landbridge(
        "verify", str(tmp_path / "attestation.json"), "--keys", str(tmp_path / "keys.json"), "--json", token=token,
        check=False,
    )  # fmt: skip
    statement = json.loads(verified.stdout)["statement"]["predicate"]
    assert verified.returncode in {0, 6}, verified.stdout
    assert statement["plugin"]["wheel_sha256"] == hashlib.sha256(wheel.read_bytes()).hexdigest()
    assert statement["sandbox"]["tier"] != "none"


def test_by_api(stack: Stack, token: str, tmp_path: Path) -> None:
    wheel = wheel_of(scaffolded(tmp_path, "harbor-shapes"))
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    with httpx2.Client(base_url=stack.url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as http:
        address = f"/api/v1/organizations/harbor/wheels/{digest}?file={wheel.name}"
        sent = http.put(address, content=wheel.read_bytes(), headers={"Content-Type": "application/zip"})
        assert sent.status_code == 201, sent.text
        assert http.put(address, content=wheel.read_bytes()).json() == sent.json(), "sent again, the same"
        wish = {"organization": "harbor", "wheel_sha256": digest, "suite": "offline_demo"}
        made = http.post("/api/v1/plugins", json=wish)
        assert made.status_code == 201, made.text
    api = Api(stack.url, token)
    ended = until_settled(api, made.json()["id"])
    assert ended["state"] == "published", ended
    assert row_of(stack, token, "harbor/harbor-shapes")["rank"]
    release = api.get("/api/v1/plugins/harbor_shapes/releases/0.1.0")
    assert release["wheel_sha256"] == digest and release["organization"] == "harbor"
    assert [one["slug"] for one in release["models"]] == ["harbor-shapes-letters"]
    assert re.search(r"harbor-shapes", json.dumps(api.get("/api/v1/plugins")))
