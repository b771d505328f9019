"""Two hundred workers before a long queue, as a process: how long a lease takes while all of them beat.

``python -m tests.bench.crowd URL ROWS WORKERS`` fills the queue in the database, then leases over HTTP at a steady rate
while each worker that holds a job sends its heartbeats, and prints the seconds that each call took.
"""

import json
import sys
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta

import django
import httpx2

django.setup()

from django.db import connection  # noqa: E402 apps are loaded first

from landbridge.accounts.clock import clock  # noqa: E402
from landbridge.accounts.services import create_worker_account  # noqa: E402
from landbridge.core import time as clocks  # noqa: E402
from landbridge.evaluations import services  # noqa: E402
from landbridge.evaluations.models import Job, Shard, Share  # noqa: E402
from landbridge.evaluations.values import Registration  # noqa: E402
from tests.jobs import ground  # noqa: E402

LABS, RATE, BEAT, LEASES, THREADS = 50, 20.0, 4.0, 400, 24


def fill(rows: int) -> None:
    """``rows`` queued jobs of ``LABS`` organizations, each of one shard."""
    suite = ground.suite("crowd")
    task, now = suite.tasks.get(), clocks.db_now()
    first = [
        services.request_evaluation(
            revision_id=ground.model(f"lab{number}/model").pk, suite_revision_id=suite.pk, actor=clock()
        )
        for number in range(LABS)
    ]
    jobs = []
    for number in range(rows - LABS):
        of = first[number % LABS]
        same = {name: getattr(of, name) for name in ("repo_id", "evaluation_id", "share_id", "requested_by_id")}
        same |= {name: getattr(of, name) for name in ("commit", "tree_digest", "configuration", "needs_key", "tier")}
        moment = now + timedelta(milliseconds=number)
        key = f"{number:064d}"
        jobs.append(Job(content_key=key, state_since=moment, submitted_at=moment, woken_at=now, items_total=40, **same))
    Job.objects.bulk_create(jobs, batch_size=2000)
    Shard.objects.bulk_create((Shard(job=job, index=0, task=task, start=0, stop=40) for job in jobs), batch_size=2000)
    Share.objects.update(running_limit=1000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


class Member:
    """One worker: its client, and the job that it holds."""

    def __init__(self, url: str, number: int) -> None:
        issued = create_worker_account(actor=clock(), name=f"crowd-{number}", pool="operator")
        said = Registration(instance=uuid.uuid4(), labels=ground.LABELS, public_key=f"{number:064x}", slots=1)
        services.register_worker(registration=said, pool="operator", actor=issued.token.user)
        headers = {"Authorization": f"Bearer {issued.text}", "Landbridge-Protocol": "1"}
        self.http = httpx2.Client(base_url=f"{url}/api/worker/v1/", headers=headers, timeout=30)
        self.at = ""

    def lease(self) -> float:
        """Give back what it holds, then take another; seconds of the second."""
        if self.at:
            held, self.at = self.at, ""
            self.http.post(f"{held}/release", json={"reason": "bench"}).raise_for_status()
        started = time.perf_counter()
        answer = self.http.post("leases", json={"job": None}, headers={"Idempotency-Key": uuid.uuid4().hex})
        took = time.perf_counter() - started
        assert answer.status_code == 201, answer.text
        spec = answer.json()
        self.at = f"attempts/{spec['job']}/{spec['attempt']}"
        return took

    def beat(self) -> float:
        at = self.at
        if not at:
            return 0.0
        started = time.perf_counter()
        answer = self.http.post(f"{at}/heartbeat", json={"state": "leased", "stage": "downloading"})
        assert answer.is_success or self.at != at, answer.text
        return time.perf_counter() - started


def steadily(pool: ThreadPoolExecutor, calls: list[Callable[[], float]], rate: float) -> list[float]:
    """Make ``calls`` at ``rate`` a second, however long each takes; what they answer."""
    waiting, made = threading.Event(), list[Future[float]]()
    started = time.perf_counter()
    for number, call in enumerate(calls):
        waiting.wait(max(0.0, started + number / rate - time.perf_counter()))
        made.append(pool.submit(call))
    return [one.result() for one in made]


def main(url: str, rows: int, workers: int) -> None:
    fill(rows)
    members = [Member(url, number) for number in range(workers)]
    with ThreadPoolExecutor(THREADS) as beating, ThreadPoolExecutor(THREADS) as leasing:
        beats = [members[number % workers].beat for number in range(round(LEASES / RATE * workers / BEAT))]
        background = leasing.submit(lambda: steadily(beating, beats, workers / BEAT))
        leases = steadily(leasing, [members[number % workers].lease for number in range(LEASES)], RATE)
        beaten = [one for one in background.result() if one]
    sys.stdout.write(json.dumps({"leases": leases, "beats": beaten, "rows": rows, "workers": workers}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
