"""The life of a late finding, as a table: found by the clock, decided on by a person of the operator's."""

from typing import Final

from django.db import models

from landbridge.core.machine import Machine, Move, Who


class LateState(models.TextChoices):
    OPEN = "open"
    SUSPENDED = "suspended"
    DISMISSED = "dismissed"
    LIFTED = "lifted"


L = LateState
OPERATOR: Final = (Who.OPERATOR,)

LATE_FINDING = Machine("late finding", initial=L.OPEN, moves=(
    Move("suspend", (L.OPEN,),      L.SUSPENDED, OPERATOR),
    Move("dismiss", (L.OPEN,),      L.DISMISSED, OPERATOR),
    Move("lift",    (L.SUSPENDED,), L.LIFTED,    OPERATOR),
))  # fmt: skip
