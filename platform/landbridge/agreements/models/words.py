"""The words of columns: types, states, sides."""

from django.db import models


class AgreementType(models.TextChoices):
    """Types that can be made here (licensing, section 3)."""

    EVAL = "EVAL"


class AgreementState(models.TextChoices):
    SIGNING = "signing"
    EXECUTED = "executed"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    TERMINATED = "terminated"
    SUPERSEDED = "superseded"
    VOIDED = "voided"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"
    DECLINED = "declined"


class Side(models.TextChoices):
    LICENSOR = "licensor"
    LICENSEE = "licensee"
