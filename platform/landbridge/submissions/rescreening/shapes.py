"""Late findings as JSON, described and made."""

from typing import Any

from rest_framework import serializers

from landbridge.core import time
from landbridge.core.machine import Who
from landbridge.core.serializers import Strict
from landbridge.submissions.rescreening.machine import LATE_FINDING, LateState
from landbridge.submissions.rescreening.models import LateFinding


class LateFindingOut(Strict):
    id = serializers.CharField()
    model = serializers.CharField()
    revision = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()
    state = serializers.ChoiceField(LateState.choices)
    found_at = serializers.DateTimeField()
    state_since = serializers.DateTimeField()
    decided_by = serializers.CharField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    allowed_actions = serializers.ListField(child=serializers.CharField())


def late_finding(row: LateFinding, *, operator: bool = False) -> dict[str, Any]:
    return {
        "id": row.pk,
        "model": str(row.revision.repo),
        "revision": row.revision.commit,
        "code": row.code,
        "message": row.message,
        "state": row.state,
        "found_at": time.text(row.found_at),
        "state_since": time.text(row.state_since),
        "decided_by": row.decided_by.username if row.decided_by else None,
        "reason": row.reason,
        "allowed_actions": LATE_FINDING.allowed(row.state, Who.OPERATOR) if operator else [],
    }
