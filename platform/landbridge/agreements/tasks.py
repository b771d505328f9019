"""What time does to agreements. Rights never wait for this: it gives places back and keeps lists fresh."""

from django.db.models import Q

from landbridge.accounts.clock import clock
from landbridge.agreements import live, services
from landbridge.agreements.models import Agreement, AgreementState
from landbridge.core import time

AT_ONCE = 200
UNSIGNED = Q(executed_at=None, declined_at=None, withdrawn_at=None, voided_at=None, lapsed_at=None)


def lapse_unsigned() -> int:
    """Give the places of unsigned agreements back whose time to sign is over."""
    overdue = Agreement.objects.filter(UNSIGNED, offer_until__lte=time.now())
    actor = clock()
    ids = list(overdue.values_list("pk", flat=True)[:AT_ONCE])
    return sum(services.lapse(agreement_id=one, actor=actor) for one in ids)


def stamp_states() -> int:
    """Set the state column of what became active or expired since."""
    now, running = time.now(), (AgreementState.EXECUTED, AgreementState.ACTIVE, AgreementState.SUSPENDED)
    begun = Q(state=AgreementState.EXECUTED) & live.in_force(now)
    over = Q(state__in=running, ends_at__lte=now)
    actor = clock()
    ids = list(Agreement.objects.filter(begun | over).values_list("pk", flat=True)[:AT_ONCE])
    return sum(services.stamp_state(agreement_id=one, actor=actor) for one in ids)
