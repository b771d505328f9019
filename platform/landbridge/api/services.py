"""Deeds of the instance as a whole."""

from django.db import transaction

from landbridge.accounts.models import Organization, User
from landbridge.core import ledger


@transaction.atomic(durable=True)
def note_demo(*, verb: str, operator: Organization, actor: User) -> None:
    """Write down that demo rows are being made (``demo.begun``) or are complete (``demo.seeded``)."""
    ledger.record(verb, subject=operator, actor=actor)
