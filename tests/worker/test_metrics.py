"""What Prometheus reads: the queue, leases, attempts, workers and GPUs, in few statements however much there is."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from landbridge.accounts.clock import clock
from landbridge.accounts.models import User
from landbridge.api.metrics import gather
from landbridge.core import time
from landbridge.evaluations import services
from landbridge.evaluations.models import Job, Worker
from tests.jobs.ground import bench, model, queue

pytestmark = pytest.mark.django_db
Key = tuple[str, tuple[tuple[str, str], ...]]


def scraped() -> dict[Key, float]:
    found: dict[Key, float] = {}
    for family in text_string_to_metric_families(gather().decode()):
        for sample in family.samples:
            found[sample.name, tuple(sorted(sample.labels.items()))] = sample.value
    return found


def at(found: dict[Key, float], name: str, **labels: str) -> float:
    return found[f"landbridge_{name}", tuple(sorted(labels.items()))]


def test_the_queue_is_told_by_what_its_jobs_need(ada: User) -> None:
    bench()
    queue(ada, model("lumen/one"))
    waiting = queue(ada, model("lumen/two"))
    old = time.db_now() - timedelta(seconds=90)
    Job.objects.filter(pk=waiting.pk).update(needs_key="isolated", state_since=old)
    found = scraped()
    assert at(found, "queue_depth", pool="operator", needs="any", tier="2") == 1
    assert at(found, "queue_workers", pool="operator", needs="any", tier="2") == 1
    assert at(found, "queue_depth", pool="operator", needs="isolated", tier="2") == 1
    assert at(found, "queue_workers", pool="operator", needs="isolated", tier="2") == 0
    assert 90 <= at(found, "queue_oldest_seconds", pool="operator", needs="isolated", tier="2") < 120
    assert at(found, "jobs", state="queued") == 2


def test_leases_attempts_and_logs_are_told(ada: User) -> None:
    one = bench()
    for name in ("lumen/one", "lumen/two"):
        queue(ada, model(name))
    spec, kept = one.lease().json(), one.lease().json()
    assert one.call("POST", one.at(spec, "/logs"), {"offset": 0, "text": "hello\n"}).status_code == 200
    one.call("POST", one.at(spec, "/fault"), {"code": "wall", "text": "too long", "retryable": False})
    gone = time.db_now() - timedelta(seconds=100)
    Job.objects.filter(pk=kept["job"]).update(lease_until=gone, seen_at=gone)
    found = scraped()
    assert (at(found, "leases"), at(found, "leases_overdue")) == (1, 1)
    assert 100 <= at(found, "lease_silence_seconds") < 130
    assert (at(found, "attempts_total", outcome="failed"), at(found, "attempts_total", outcome="running")) == (1, 1)
    assert at(found, "log_bytes_total") == len("hello\n")


def test_workers_are_told_by_state_and_gpus_while_their_load_is_fresh(ada: User) -> None:
    one, two = bench("one"), bench("two")
    gpu: dict[str, Any] = {"uuid": "GPU-1", "used_percent": 87, "memory_used_mb": 40210}
    now = time.db_now()
    fresh = {**gpu, "measured_at": time.text(now)}
    stale = {**gpu, "uuid": "GPU-2", "measured_at": time.text(now - timedelta(minutes=10))}
    Worker.objects.filter(pk=one.worker.pk).update(devices=[fresh, stale, {"uuid": "GPU-3"}])
    services.drain_worker(worker_id=two.worker.pk, actor=clock())
    found = scraped()
    assert at(found, "workers", pool="operator", state="ready") == 1
    assert at(found, "workers", pool="operator", state="draining") == 1
    assert at(found, "workers_alive") == 2
    assert at(found, "gpu_used_ratio", worker="one", gpu="GPU-1") == 0.87
    assert at(found, "gpu_memory_used_bytes", worker="one", gpu="GPU-1") == 40210 << 20
    assert len([key for key in found if key[0] == "landbridge_gpu_used_ratio"]) == 1


def test_a_scrape_takes_as_many_statements_with_many_jobs_as_with_none(
    ada: User,
    django_assert_num_queries: Any,  # noqa: ANN401 a fixture without a type
) -> None:
    with django_assert_num_queries(6):
        gather()
    for number in range(5):
        bench(f"worker-{number}")
        queue(ada, model(f"lumen/m{number}"))
    with django_assert_num_queries(6):
        gather()


def test_it_is_for_this_machine_only(client: Client) -> None:
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.7"}).status_code == 403
