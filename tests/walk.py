"""How a program walks the main job: the calls that several tests share."""

import time
from pathlib import Path
from typing import Any

import httpx2

from landbridge_client.hub import HubClient
from tests.stack import Stack

Json = dict[str, Any]
ENDED = {"done", "failed", "cancelled"}


class Http:
    """A connection per call: nothing is left open when a test ends."""

    def __init__(self, url: str, token: str | None) -> None:
        self.options: Json = {"base_url": url, "timeout": 60}
        self.options["headers"] = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str, **options: Any) -> httpx2.Response:  # noqa: ANN401 httpx2's own
        with httpx2.Client(**self.options) as client:
            return client.get(path, **options)

    def post(self, path: str, **options: Any) -> httpx2.Response:  # noqa: ANN401 httpx2's own
        with httpx2.Client(**self.options) as client:
            return client.post(path, **options)


class Api:
    """``/api/v1`` as one caller sees it; refusals fail the test with the server's words."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self.http = Http(url, token)

    def get(self, path: str, **query: str) -> Json:
        answer = self.http.get(path, params=query)
        assert answer.is_success, answer.text
        found: Json = answer.json()
        return found

    def post(self, path: str, body: object, status: int, key: str | None = None) -> Json:
        answer = self.http.post(path, json=body, headers={"Idempotency-Key": key} if key else {})
        assert answer.status_code == status, answer.text
        found: Json = answer.json()
        return found

    def until_ended(self, job: str, seconds: float = 120) -> Json:
        deadline = time.monotonic() + seconds
        while (found := self.get(f"/api/v1/jobs/{job}"))["state"] not in ENDED:
            assert found["reason"]["text"], "a waiting job always says why"
            assert time.monotonic() < deadline, f"{job} did not end in {seconds} s: {found}"
            time.sleep(0.3)  # noqa: TID251 a real job in another process
        return found


def submit(stack: Stack, token: str, model: str, folder: Path, suite: str = "offline_demo") -> Json:
    """Upload ``folder`` by the Hub routes, submit it twice with one key, and wait for its job to end."""
    with HubClient(stack.url, token) as hub:
        hub.create_repo(model)
        hub.upload_folder(model, "model", folder)
    api = Api(stack.url, token)
    body = {"model": model, "suite": suite}
    made = api.post("/api/v1/submissions", body, 201, key=f"submit {model}")
    again = api.post("/api/v1/submissions", body, 201, key=f"submit {model}")
    assert again["id"] == made["id"]
    deadline = time.monotonic() + 60
    while (found := api.get(f"/api/v1/submissions/{made['id']}"))["job"] is None:
        assert found["state"] in {"screening", "sealed"}, found
        assert time.monotonic() < deadline, found
        time.sleep(0.3)  # noqa: TID251 real screening in another process
    api.until_ended(found["job"]["id"])
    return api.get(f"/api/v1/submissions/{made['id']}")
