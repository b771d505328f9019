"""What the operator grants an organization, and what waiting earns a job."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import F, Q

from landbridge.accounts.models import Organization, User
from landbridge.core import ledger, time
from landbridge.core.errors import Conflict
from landbridge.evaluations import quotas
from landbridge.evaluations.machine import JobState
from landbridge.evaluations.models import Job, Share

AGES: Final = timedelta(hours=6)  # of waiting raise a job by one tier
AT_ONCE: Final = 500


@transaction.atomic(durable=True)
def set_share(*, organization: Organization, changes: Mapping[str, Any], actor: User) -> Share:
    """Change ``daily_limit`` (jobs queued in a day; ``None``: the instance's own), ``running_limit`` or ``weight``.

    Raises ``Conflict`` for a running limit below what runs now.
    """
    share, _ = Share.objects.get_or_create(namespace_id=organization.namespace_id)
    if "daily_limit" in changes:
        quotas.set_limit(share, changes["daily_limit"])
    if "running_limit" in changes:
        limit = changes["running_limit"]
        if Share.objects.filter(pk=share.pk, running__lte=limit).update(running_limit=limit) != 1:
            raise Conflict("More jobs than that run now. Ask again when some have ended.", code="more_are_running")
    if "weight" in changes:
        Share.objects.filter(pk=share.pk).update(weight=changes["weight"])
    said: dict[str, Any] = {
        name: value if isinstance(value, int | None) else str(value) for name, value in changes.items()
    }
    ledger.record("share.changed", subject=organization, actor=actor, organization=organization.slug, **said)
    share.refresh_from_db()
    return share


@transaction.atomic(durable=True)
def age_jobs(*, actor: User) -> int:  # noqa: ARG001 every service names its actor
    """One tier up for what has waited six hours since it came or last rose. Answers how many rose."""
    now = time.db_now()
    waited = Q(aged_at__lte=now - AGES) | Q(aged_at=None, submitted_at__lte=now - AGES)
    rows = Job.objects.filter(waited, state=JobState.QUEUED, hold="", cancel_requested=False, tier__gt=0)
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True)
    found = [job.pk for job in rows.only("pk").order_by("pk")[:AT_ONCE]]
    return Job.objects.filter(pk__in=found, tier__gt=0).update(tier=F("tier") - 1, aged_at=now)
