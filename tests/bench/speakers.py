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
from http.client import HTTPConnection
from typing import Any

import django

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
        self.headers = {"Authorization": f"Bearer {token}", "Landbridge-Protocol": "1"}
        self.http = HTTPConnection(url.removeprefix("http://"), timeout=30)  # light: it shares the platform's machine
        labels = [*ground.LABELS, "isolated"]
        said = {"name": name, "instance": str(uuid.uuid4()), "public_key": self.signer.public_hex, "labels": labels}
        self.call("POST", "register", said)

    def call(self, method: str, path: str, body: Json | bytes, **headers: str) -> Any:  # noqa: ANN401 JSON
        self.calls += 1
        kind = {} if isinstance(body, bytes) else {"Content-Type": "application/json"}
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.http.request(method, f"/api/worker/v1/{path}", content, {**self.headers, **kind, **headers})
        answer = self.http.getresponse()
        text = answer.read()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {text!r}")
        return json.loads(text) if text else None

    def run(self) -> None:
        try:
            while spec := self.lease():
                self.work(spec)
                self.done += 1
        except BaseException as error:  # noqa: BLE001 told by the process
            self.error = error

    def lease(self) -> Json | None:
        for _ in range(3):  # the running limit of an organization may have been met for a moment
            spec: Json | None = self.call("POST", "leases", {"job": None}, **{"Idempotency-Key": uuid.uuid4().hex})
            if spec is not None:
                return spec
            time.sleep(0.05)  # noqa: TID251 other workers' jobs are to end
        return None

    def work(self, spec: Json) -> None:
        """Everything that a worker of a short job says: a beat, its shards, the result with its log."""
        at = f"attempts/{spec['job']}/{spec['attempt']}"
        self.call("POST", f"{at}/heartbeat", {"state": "running", "stage": "task", "items_done": 0})
        kept = []
        for one in spec["shards"]:
            body = ground.shard(one["index"])
            digest = f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
            self.call("PUT", f"{at}/shards/{one['index']}", body, **{"Content-Digest": digest})
            kept.append({"index": one["index"], "sha256": hashlib.sha256(body).hexdigest()})
        results, log = ground.results(spec), {"offset": 0, "text": "scores are computed and signed\n"}
        envelope = ground.envelope(spec, results, kept, self.signer)
        self.call("POST", f"{at}/result", {"results": results, "envelope": envelope, "shards": kept, "log": log})


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
