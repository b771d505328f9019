"""Who may bind an organization: found in records, judged by the database's clock, copied into what was signed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from landbridge.accounts.models import AuthorityRecord, Organization, User
from landbridge.accounts.queries import live_authority
from landbridge.agreements.errors import AboveAuthority, NoAuthority
from landbridge.core import time


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody wants to do in their organization's name: ``value`` in minor units of ``currency``."""

    kind: str
    act: str
    value: int = 0
    currency: str = ""

    @classmethod
    def under(cls, terms: Mapping[str, Any], act: str) -> Self:
        """``act`` on these terms; their value is what the licensee pays over the term."""
        return cls(str(terms["type"]), act, int(terms["fee"]["amount"]), str(terms["fee"]["currency"]))


def find(*, person: User, organization: Organization, deed: Deed) -> AuthorityRecord:
    """The record that lets ``person`` do ``deed`` for ``organization`` now.

    Raises ``NoAuthority`` without one, ``AboveAuthority`` if every one ends below the value.
    """
    rows = live_authority(organization=organization, person=person).order_by("created_at").distinct()
    fitting: list[AuthorityRecord] = [row for row in rows if deed.kind in row.types and deed.act in row.acts]
    if not fitting:
        raise NoAuthority(
            f"{person.username} holds no authority to {deed.act} a {deed.kind} for {organization.name} now. An owner "
            f"of {organization.slug} and the operator record it under Settings, Authority.",
            organization=organization.slug,
        )
    for row in fitting:
        if covers(row, deed):
            return row
    raise AboveAuthority(
        f"The value of this agreement is above what {person.username} may sign for {organization.name}. Somebody with "
        "a higher limit signs it.",
        organization=organization.slug,
    )


def covers(record: AuthorityRecord, deed: Deed) -> bool:
    """No limit covers all; a limit covers what is free, and what is within it in its own currency."""
    if record.value_limit is None or deed.value == 0:
        return True
    return record.currency == deed.currency and deed.value <= record.value_limit


def signatories(*, organization: Organization, kind: str) -> list[AuthorityRecord]:
    """Who may sign a ``kind`` for ``organization`` now, one record a person."""
    rows = live_authority(organization=organization).select_related("person").order_by("created_at").distinct()
    found: dict[int, AuthorityRecord] = {}
    for row in rows:
        if kind in row.types and "sign" in row.acts:
            found.setdefault(row.person_id, row)
    return list(found.values())


def snapshot(record: AuthorityRecord) -> dict[str, object]:
    """The record as it stood when it was used."""
    return {
        "id": record.pk,
        "organization": record.organization.slug,
        "person": record.person.username,
        "title": record.title,
        "types": record.types,
        "acts": record.acts,
        "value_limit": record.value_limit,
        "currency": record.currency,
        "starts_at": time.text(record.starts_at),
        "ends_at": time.text(record.ends_at) if record.ends_at else None,
        "basis": record.basis,
        "granted_by": record.granted_by.username,
        "confirmed_by": record.confirmed_by.username if record.confirmed_by else None,
    }
