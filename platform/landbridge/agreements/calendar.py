"""Contract dates: a local day in a named zone, turned into an exclusive instant (licensing, section 10)."""

from datetime import UTC, date, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from landbridge.core.errors import Invalid

SECOND: Final = timedelta(seconds=1)
DAY: Final = timedelta(days=1)


def zone_of(name: str) -> ZoneInfo:
    """The zone of this IANA name."""
    if name not in available_timezones():
        fault = {"pointer": "/zone", "code": "unknown_zone", "detail": name}
        raise Invalid(f"{name} is no IANA time zone. Write one such as Europe/Berlin.", errors=[fault])
    return ZoneInfo(name)


def tzdata_version() -> str:
    """Which edition of the zone rules made an instant: recorded beside it."""
    try:
        return version("tzdata")
    except PackageNotFoundError:
        return "system"


def whole_second(instant: datetime) -> datetime:
    return instant.replace(microsecond=0)


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a local day: midnight, or the first valid one after it; the first of two."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    instant = midnight.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == midnight.replace(tzinfo=None):
        return instant
    return _first_of(day, zone, instant - DAY, instant + DAY)


def _first_of(day: date, zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """Halve until the second at which the local date becomes ``day``."""
    while after - before > SECOND:
        middle = whole_second(before + (after - before) / 2)
        if middle.astimezone(zone).date() >= day:
            after = middle
        else:
            before = middle
    return after


def term(begins: datetime, days: int, zone: ZoneInfo) -> tuple[date, datetime]:
    """The last local day of a term of ``days`` full days after the one it begins on, and its exclusive end."""
    last = begins.astimezone(zone).date() + timedelta(days=days)
    return last, start_of(last + DAY, zone)
