"""Numbers for Prometheus. No label names a user, an organization, a model or a path: routes are the URL map's own.

Of workers only the operator's own are named.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseForbidden
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from landbridge.api.health import may_read_metrics
from landbridge.core import time as db_time
from landbridge.core.access import Access, Right, declares
from landbridge.evaluations import fleet
from landbridge.evaluations.models import Job, Pool, Worker

SILENCE: Final = timedelta(seconds=60)
HTTP = Histogram("landbridge_http_seconds", "Time to answer a request", ["route", "method", "status"])
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class MetricsMiddleware:
    """Times every answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        began = time.perf_counter()
        response = self.get_response(request)
        route = request.resolver_match.route if request.resolver_match else "none"
        method = request.method if request.method in METHODS else "other"
        HTTP.labels(route, method, response.status_code).observe(time.perf_counter() - began)
        return response


class Rows(Collector):
    """What the database knows, read at each scrape, in six statements however much there is."""

    def collect(self) -> Iterator[Metric]:
        now, machines = db_time.db_now(), list(fleet.workers())
        yield from _jobs()
        yield from _queue(machines, now)
        yield from _leases(now)
        yield from _attempts()
        yield from _workers(machines, now)
        yield from _gpus(machines, now)


def _jobs() -> Iterator[Metric]:
    jobs = GaugeMetricFamily("landbridge_jobs", "Jobs by state", labels=["state"])
    for state, number in Job.objects.values_list("state").annotate(Count("pk")).order_by("state"):
        jobs.add_metric([state], number)
    yield jobs


def _queue(machines: list[Worker], now: datetime) -> Iterator[Metric]:
    names = ["pool", "needs", "tier"]
    depth = GaugeMetricFamily("landbridge_queue_depth", "Queued jobs by the labels they need", labels=names)
    oldest = GaugeMetricFamily("landbridge_queue_oldest_seconds", "How long the oldest of them waits", labels=names)
    able = GaugeMetricFamily("landbridge_queue_workers", "Workers that take such jobs", labels=names)
    found: dict[tuple[str, str, str], list[fleet.Waiting]] = {}
    for one in fleet.waiting(machines):
        found.setdefault((one.pool, one.label, str(one.tier)), []).append(one)
    for key, rows in found.items():
        depth.add_metric(key, sum(one.jobs for one in rows))
        oldest.add_metric(key, max((now - one.since).total_seconds() for one in rows))
        able.add_metric(key, min(one.workers for one in rows))
    yield from (depth, oldest, able)


def _leases(now: datetime) -> Iterator[Metric]:
    held = fleet.leases(now)
    yield GaugeMetricFamily("landbridge_leases", "Jobs under lease", value=held.running)
    yield GaugeMetricFamily("landbridge_leases_overdue", "Leases that ran out, not swept yet", value=held.overdue)
    yield GaugeMetricFamily("landbridge_lease_silence_seconds", "Longest since a kept heartbeat", value=held.silence)
    yield GaugeMetricFamily("landbridge_lease_age_seconds", "Longest in one active state", value=held.age)


def _attempts() -> Iterator[Metric]:
    ended = CounterMetricFamily("landbridge_attempts", "Attempts by how they ended", labels=["outcome"])
    size = 0
    for outcome, number, logged in fleet.attempts():
        ended.add_metric([outcome], number)
        size += logged
    yield ended
    yield CounterMetricFamily("landbridge_log_bytes", "Bytes of log received from workers", value=size)


def _workers(machines: list[Worker], now: datetime) -> Iterator[Metric]:
    states = GaugeMetricFamily("landbridge_workers", "Workers by pool and state", labels=["pool", "state"])
    for (pool, state), number in sorted(Counter((one.pool, fleet.state_of(one)) for one in machines).items()):
        states.add_metric([pool, state], number)
    yield states
    alive = sum(one.enabled and one.last_seen is not None and now - one.last_seen < SILENCE for one in machines)
    yield GaugeMetricFamily("landbridge_workers_alive", "Workers seen in the last minute", value=alive)


def _gpus(machines: list[Worker], now: datetime) -> Iterator[Metric]:
    """Of the operator's own machines: what others call theirs is no label."""
    names = ["worker", "gpu"]
    busy = GaugeMetricFamily("landbridge_gpu_used_ratio", "How busy a GPU is, 0 to 1", labels=names)
    memory = GaugeMetricFamily("landbridge_gpu_memory_used_bytes", "Memory in use on a GPU", labels=names)
    for worker, device in fleet.loads((one for one in machines if one.pool == Pool.OPERATOR), now):
        key = [worker.name, str(device["uuid"])]
        busy.add_metric(key, device["used_percent"] / 100)
        memory.add_metric(key, device["memory_used_mb"] << 20)
    yield from (busy, memory)


def gather() -> bytes:
    """The text of one scrape. With PROMETHEUS_MULTIPROC_DIR, of all processes together."""
    rows = CollectorRegistry()
    rows.register(Rows())
    requests: CollectorRegistry = REGISTRY
    if settings.PROMETHEUS_MULTIPROC_DIR:
        requests = CollectorRegistry()
        MultiProcessCollector(requests)  # type: ignore[no-untyped-call]
    return bytes(generate_latest(requests) + generate_latest(rows))


@declares(GET=Access(Right.PUBLIC, why="From this machine only, or with METRICS_TOKEN; others get 403."))
def metrics(request: HttpRequest) -> HttpResponse:
    if not may_read_metrics(request):
        return HttpResponseForbidden("From this machine only, or with METRICS_TOKEN.", content_type="text/plain")
    return HttpResponse(gather(), content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})
