"""Workers that only speak the protocol, as a process: what they take of a job is what the platform takes.

``python -m tests.bench.speakers URL JOBS THREADS`` queues ``JOBS`` jobs of one shard each in the database, then lets
``THREADS`` workers bring them to their results over HTTP, and prints ``{"jobs", "seconds", "submitted_s", "calls"}``.
"""

import base64
import hashlib
import json
import sys
import threading
import time
import uuid
from typing import Any

import django
import httpx2

django.setup()

from landbridge.accounts.clock import clock  # noqa: E402 apps are loaded first
from landbridge.accounts.services import create_worker_account  # noqa: E402
from landbridge.evaluations import services  # noqa: E402
from landbridge.evaluations.models import Job, JobState  # noqa: E402
from landbridge_client import dsse  # noqa: E402
from tests.jobs import ground  # noqa: E402

Json = dict[str, Any]
LABS = 8  # organizations whose jobs lie in the queue


class Speaker(threading.Thread):
    """One worker with a token and a key of its own; ends when there is nothing left to lease."""

    def __init__(self, url: str, name: str) -> None:
        super().__init__(name=name)
        token = create_worker_account(actor=clock(), name=name, pool="operator").text
        self.signer, self.done, self.calls = dsse.Signer.generate(), 0, 0
        self.error: BaseException | None = None
        headers = {"Authorization": f"Bearer {token}", "Landbridge-Protocol": "1"}
        self.http = httpx2.Client(base_url=f"{url}/api/worker/v1/", headers=headers, timeout=30)
        labels = [*ground.LABELS, "isolated"]
        said = {"name": name, "instance": str(uuid.uuid4()), "public_key": self.signer.public_hex, "labels": labels}
        self.call("POST", "register", json=said)

    def call(self, method: str, path: str, **parts: Any) -> httpx2.Response:  # noqa: ANN401 httpx2's own
        self.calls += 1
        answer = self.http.request(method, path, **parts)
        if answer.is_error:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer

    def run(self) -> None:
        try:
            while spec := self.lease():
                self.work(spec)
                self.done += 1
        except BaseException as error:  # noqa: BLE001 told by the process
            self.error = error

    def lease(self) -> Json | None:
        for _ in range(3):  # the running limit of an organization may have been met for a moment
            answer = self.call("POST", "leases", json={"job": None}, headers={"Idempotency-Key": uuid.uuid4().hex})
            if answer.status_code != 204:
                spec: Json = answer.json()
                return spec
            time.sleep(0.05)  # noqa: TID251 other workers' jobs are to end
        return None

    def work(self, spec: Json) -> None:
        """Everything that a worker of a short job says: a beat, its shards, its log, the result."""
        at = f"attempts/{spec['job']}/{spec['attempt']}"
        self.call("POST", f"{at}/heartbeat", json={"state": "running", "stage": "task", "items_done": 0})
        kept = []
        for one in spec["shards"]:
            body = ground.shard(one["index"])
            digest = f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
            self.call("PUT", f"{at}/shards/{one['index']}", content=body, headers={"Content-Digest": digest})
            kept.append({"index": one["index"], "sha256": hashlib.sha256(body).hexdigest()})
        self.call("POST", f"{at}/logs", json={"offset": 0, "text": "scores are computed and signed\n"})
        results = ground.results(spec)
        envelope = ground.envelope(spec, results, kept, self.signer)
        self.call("POST", f"{at}/result", json={"results": results, "envelope": envelope, "shards": kept})


def submit(jobs: int) -> float:
    """Queue ``jobs`` jobs of ``LABS`` organizations; the seconds it took."""
    suite = ground.suite("throughput")
    models = [ground.model(f"lab{number % LABS}/model-{number}") for number in range(jobs)]
    started = time.perf_counter()
    for model in models:
        services.request_evaluation(revision_id=model.pk, suite_revision_id=suite.pk, actor=clock())
    return time.perf_counter() - started


def main(url: str, jobs: int, threads: int) -> None:
    submitted_s = submit(jobs)
    speakers = [Speaker(url, f"speaker-{number}") for number in range(threads)]
    started = time.perf_counter()
    for speaker in speakers:
        speaker.start()
    for speaker in speakers:
        speaker.join()
    seconds = time.perf_counter() - started
    errors = [str(speaker.error) for speaker in speakers if speaker.error is not None]
    done = Job.objects.filter(state=JobState.DONE).count()
    assert not errors and done == jobs, f"{done} of {jobs} jobs done; {errors[:3]}"
    calls = sum(speaker.calls for speaker in speakers)
    said = {"jobs": done, "seconds": seconds, "submitted_s": submitted_s, "calls": calls}
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
