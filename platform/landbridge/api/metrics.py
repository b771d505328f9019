"""Numbers for Prometheus. No label names a user, an organization, a model or a path: routes are the URL map's own."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseForbidden
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from landbridge.api.health import may_read_metrics
from landbridge.core import time as db_time
from landbridge.core.access import Access, Right, declares
from landbridge.evaluations.models import Job, Worker

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
    """What the database knows, read at each scrape."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        jobs = GaugeMetricFamily("landbridge_jobs", "Jobs by state", labels=["state"])
        for state, number in Job.objects.values_list("state").annotate(Count("pk")).order_by("state"):
            jobs.add_metric([state], number)
        yield jobs
        alive = Worker.objects.filter(enabled=True, last_seen__gt=db_time.now(-SILENCE)).count()
        yield GaugeMetricFamily("landbridge_workers_alive", "Workers seen in the last minute", value=alive)


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
