"""Signs of life of parts that nobody can call: they write, ``/readyz`` reads."""

from datetime import datetime

from landbridge.core import time
from landbridge.core.models import Heartbeat


def beat(name: str) -> None:
    Heartbeat.objects.update_or_create(name=name, defaults={"at": time.db_now()})


def last(name: str) -> datetime | None:
    return Heartbeat.objects.filter(name=name).values_list("at", flat=True).first()
