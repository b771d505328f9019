"""Deeds on the instance's own keys."""

from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from landbridge.core import keys, ledger, signing, time
from landbridge.core.errors import Conflict, NotFound
from landbridge.core.models import KeyUse, SigningKey


@transaction.atomic(durable=True)
def prepare_key(*, actor: AbstractBaseUser) -> SigningKey:
    """List the platform's next key, so that the root can sign a list with it before it signs anything."""
    signer, now = signing.next_signer(), time.db_now()
    keys.ensure()
    row = keys.note(signer.key, use=KeyUse.PLATFORM, name="platform", since=now, until=now + keys.TERM)
    ledger.record("signing_key.prepared", subject=row, actor=actor, keyid=row.keyid)
    return row


@transaction.atomic(durable=True)
def rotate_key(*, actor: AbstractBaseUser) -> SigningKey:
    """The platform signs with its next key from now on; the one before is valid for the overlap, and listed for good.

    The caller makes the files follow (``signing.promote``) once this is committed. Raises ``Conflict`` where the root
    is offline and has not signed a list with the next key in it.
    """
    old, signer, now = signing.platform_signer(), signing.next_signer(), time.db_now()
    if not keys.is_certified(signer.keyid):
        raise Conflict(
            "The root lies elsewhere and has not signed the next key yet. Run: manage.py rotate_key --prepare; "
            "manage.py signing_root list; sign that list with the root; manage.py signing_root import FILE; then this."
        )
    keys.ensure()
    row = keys.note(signer.key, use=KeyUse.PLATFORM, name="platform", since=now, until=now + keys.TERM)
    ends = now + keys.OVERLAP
    SigningKey.objects.filter(keyid=old.keyid, valid_until__gt=ends).update(valid_until=ends)
    ledger.record("signing_key.rotated", subject=row, actor=actor, old=old.keyid, new=row.keyid)
    return row


@transaction.atomic(durable=True)
def revoke_key(*, keyid: str, reason: str, at: datetime | None, actor: AbstractBaseUser) -> SigningKey:
    """Void what the key signs with a date of ``at`` (now, if not said) or later; what was done before stays done.

    Again with an earlier time voids more; with a later one changes nothing. Raises ``NotFound``.
    """
    keys.ensure()
    found = list(SigningKey.objects.select_for_update().filter(keyid__startswith=keyid.lower()))
    if len(found) != 1:
        raise NotFound(f"{len(found)} keys begin with {keyid}. GET /api/v1/keys lists them all.")
    (row,) = found
    when = at or time.db_now()
    if row.revoked_at is None or when < row.revoked_at:
        SigningKey.objects.filter(pk=row.pk).update(revoked_at=when, reason=reason[:400])
        ledger.record(
            "signing_key.revoked", subject=row, actor=actor, keyid=row.keyid, at=time.text(when), reason=reason[:400]
        )
    row.refresh_from_db()
    return row
