"""Is it alive, is it ready, what is it: for supervisors, load balancers and people on call."""

import os
import secrets
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from kombu.exceptions import KombuError

from landbridge.celery import app
from landbridge.core import heartbeat, time
from landbridge.core.access import Access, Right, declares
from landbridge.evaluations.models import Worker

SILENCE: Final = timedelta(seconds=60)  # after this a sweeper or worker counts as gone
NO_STORE: Final = {"Cache-Control": "no-store"}


def _database() -> str | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return None


def _migrations() -> str | None:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return f"{len(missing)} migrations are not applied: run manage.py migrate." if missing else None


def _storage() -> str | None:
    home = Path(settings.LANDBRIDGE_HOME)
    return None if os.access(home, os.W_OK) else f"{home} is not writable."


def _broker() -> str | None:
    with app.connection_for_write(connect_timeout=2) as broker:
        broker.ensure_connection(max_retries=1, timeout=2)
    return None


def _sweeper() -> str | None:
    seen = heartbeat.last("sweeper")
    if seen is None or seen < time.db_now() - SILENCE:
        return "No sweep in the last 60 seconds: start manage.py sweep."
    return None


def _worker() -> str | None:
    alive = Worker.objects.filter(enabled=True, last_seen__gt=time.now(-SILENCE)).exists()
    return None if alive else "No worker was seen in the last 60 seconds: jobs wait."


HARD: Final[dict[str, Callable[[], str | None]]] = {
    "database": _database,
    "migrations": _migrations,
    "storage": _storage,
}
SOFT: Final[dict[str, Callable[[], str | None]]] = {"broker": _broker, "sweeper": _sweeper, "worker": _worker}


def judge(check: Callable[[], str | None]) -> str | None:
    """What is wrong, or nothing."""
    try:
        return check()
    except (DatabaseError, KombuError, OSError) as error:
        return type(error).__name__  # the message may hold a password


@declares(GET=Access(Right.PUBLIC))
def livez(_request: HttpRequest) -> HttpResponse:
    """The process answers. It asks nobody else, so that a broken database restarts no web server."""
    return JsonResponse({"status": "alive"}, headers=NO_STORE)


@declares(GET=Access(Right.PUBLIC))
def readyz(_request: HttpRequest) -> HttpResponse:
    """503 if a hard part is broken, else 200; ``degraded`` names the soft parts that are missing."""
    hard = {name: judge(check) for name, check in HARD.items()}
    broken = any(hard.values())
    soft = {} if hard["database"] else {name: judge(check) for name, check in SOFT.items()}
    status = "unavailable" if broken else "degraded" if any(soft.values()) else "ready"
    parts = {
        name: {"ok": fault is None, **({"detail": fault} if fault else {})} for name, fault in (hard | soft).items()
    }
    headers = NO_STORE | ({"Retry-After": "5"} if broken else {})
    return JsonResponse({"status": status, "parts": parts}, status=503 if broken else 200, headers=headers)


def may_read_metrics(request: HttpRequest) -> bool:
    """From this machine itself, or with ``METRICS_TOKEN``."""
    token: str = settings.METRICS_TOKEN
    _, _, sent = request.headers.get("Authorization", "").partition(" ")
    if token and secrets.compare_digest(sent.encode(), token.encode()):
        return True
    forwarded = {"X-Forwarded-For", "Forwarded"} & set(request.headers)
    return not token and not forwarded and request.META.get("REMOTE_ADDR") in {"127.0.0.1", "::1"}
