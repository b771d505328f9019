"""How soon a job runs: from a request by HTTP until its first shard runs, on the idle embedded default.

The model is a baseline that needs no torch. The moment is the event that the job's stream shows, so the way back to a
watcher is in it.
"""

import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

import httpx2

from landbridge_client.rest.events import messages
from tests.bench.rows import Row
from tests.stack import Stack, running
from tests.walk import Api

LIMIT_S = 1.5
ROUNDS = 9
MODEL = "baselines/nb-char"


def run() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder, running(Path(folder) / "home") as stack:
        api = Api(stack.url, stack.ready["tokens"]["operator"])
        idle(api)
        first = api.get("/api/v1/jobs", model=model_of(api), state="done")["items"][0]["id"]
        taken = [one_rerun(stack, api, first) for _ in range(ROUNDS)]
    took = median(taken)
    what = "submit until the first shard runs, torch-free baseline, idle embedded default"
    return [Row(what, f"{took:.2f} s (worst {max(taken):.2f})", f"limit {LIMIT_S} s", LIMIT_S / took, 1.0)]


def model_of(api: Api) -> str:
    """A baseline of the demo that loads without torch."""
    names = {job["model"] for job in api.get("/api/v1/jobs", state="done")["items"]}
    light = sorted(name for name in names if "majority" in name or "nb" in name or "tfidf" in name)
    assert light, f"the demo has no torch-free baseline: {names}"
    return str(light[0])


def idle(api: Api, seconds: float = 300) -> None:
    """Until every job of the demo has ended: what runs beside would be measured, too."""
    until = time.monotonic() + seconds
    while any(api.get("/api/v1/jobs", state=state)["items"] for state in ("queued", "leased", "running", "finalizing")):
        assert time.monotonic() < until, "the demo's jobs did not end"
        time.sleep(1)  # noqa: TID251 real jobs in other processes


def one_rerun(stack: Stack, api: Api, job: str) -> float:
    """Seconds from the request until the stream says that the first shard runs."""
    started = time.perf_counter()
    made = api.post(f"/api/v1/jobs/{job}/rerun", {}, 202)["id"]
    took = next(seen for seen, data in watched(stack, api, made) if runs(data)) - started
    api.until_ended(made)
    time.sleep(1)  # noqa: TID251 the worker is to be idle again
    return took


def runs(data: dict[str, Any]) -> bool:
    """A shard runs, or has: a short one may end before a beat says its stage."""
    return data.get("state") in {"finalizing", "done"} or str(data.get("stage", "")).startswith("task:")


def watched(stack: Stack, api: Api, job: str) -> Iterator[tuple[float, dict[str, Any]]]:
    """(when it arrived, what it says) of each event of a job."""
    with (
        httpx2.Client(base_url=stack.url, headers=api.http.options["headers"], timeout=60) as client,
        client.stream("GET", f"/api/v1/jobs/{job}/events", headers={"Accept": "text/event-stream"}) as answer,
    ):
        for message in messages(answer.iter_lines()):
            yield time.perf_counter(), json.loads(message.text or "{}")
