"""How many jobs an organization may queue in a day, by the database's clock. One conditional UPDATE decides.

Counting rows and then inserting one would race: of fifty that ask at once, all would count the same number.
"""

from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.db.models import F

from landbridge.core import time
from landbridge.core.db import step
from landbridge.evaluations.errors import QuotaExhausted
from landbridge.evaluations.models import Job, QuotaWindow, Share


@step
def take(share: Share) -> date:
    """Count one job against today's window, and answer which day that is. Raises ``QuotaExhausted``."""
    now = time.db_now()
    day = now.date()
    windows = QuotaWindow.objects.filter(share=share, day=day)
    if windows.filter(used__lt=F("limit")).update(used=F("used") + 1) == 1:
        return day
    limit = settings.LANDBRIDGE_DAILY_JOBS if share.daily_limit is None else share.daily_limit
    QuotaWindow.objects.bulk_create([QuotaWindow(share=share, day=day, limit=limit)], ignore_conflicts=True)
    if windows.filter(used__lt=F("limit")).update(used=F("used") + 1) == 1:
        return day
    raise exhausted(share, now)


@step
def give_back(job: Job) -> None:
    """A job that failed by no fault of its organization is not counted."""
    if job.quota_day is not None:
        QuotaWindow.objects.filter(share=job.share_id, day=job.quota_day, used__gt=0).update(used=F("used") - 1)


@step
def set_limit(share: Share, limit: int | None) -> None:
    """Another limit from now on, today included; ``None`` is the instance's own. What was used stays counted."""
    Share.objects.filter(pk=share.pk).update(daily_limit=limit)
    wanted = settings.LANDBRIDGE_DAILY_JOBS if limit is None else limit
    for window in QuotaWindow.objects.filter(share=share, day=time.db_now().date()):
        QuotaWindow.objects.filter(pk=window.pk, used__lte=wanted).update(limit=wanted)
        QuotaWindow.objects.filter(pk=window.pk, used__gt=wanted).update(limit=F("used"))


def reset_after(now: datetime) -> datetime:
    """When the window after the one of ``now`` begins."""
    return datetime.combine(now.date() + timedelta(days=1), datetime.min.time(), UTC)


def exhausted(share: Share, now: datetime) -> QuotaExhausted:
    reset = reset_after(now)
    used = QuotaWindow.objects.filter(share=share, day=now.date()).values_list("limit", flat=True).first() or 0
    return QuotaExhausted(
        f"{share.namespace} has queued the {used} jobs that it may queue in a day. Ask again after {time.text(reset)}, "
        "or ask the operator for more.",
        limit=used,
        resets_at=time.text(reset),
        retry_after=max(1, round((reset - now).total_seconds())),
    )
