"""Keeping what a re-run showed."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from landbridge.accounts.models import User
from landbridge.core import ledger, time
from landbridge.evaluations.models import Comparison


@transaction.atomic(durable=True)
def keep_comparison(*, result_id: str, of_id: str, body: Mapping[str, Any], actor: User) -> Comparison:
    """Once and for good; asked again, the kept one."""
    row, created = Comparison.objects.get_or_create(
        result_id=result_id,
        defaults={"of_id": of_id, "verdict": body["verdict"], "body": dict(body), "compared_at": time.db_now()},
    )
    if created:
        ledger.record("result.compared", subject=row, actor=actor, result=result_id, verdict=row.verdict)
    return row
