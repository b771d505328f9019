"""The list of keys, as rows: who signed what is for good; how long a key may sign is here."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from landbridge.core import signing, time
from landbridge.core.db import step
from landbridge.core.models import KeyUse, SigningKey
from landbridge.core.prepared import Prepared, slot
from landbridge_client import dsse, keylist

TERM: Final = timedelta(days=400)  # of a platform's key: a year, and the overlap
OVERLAP: Final = timedelta(days=35)  # how long an old platform key is valid beside the new one
YEAR: Final = timedelta(days=365)
LATE: Final = timedelta(hours=1)  # a worker's clock may be ahead of ours when it signs its last result


_by_public = Prepared(lambda: SigningKey.objects.filter(public=slot(SigningKey, "public")))


def ensure(workers: Iterable[tuple[str, str, datetime]] = ()) -> None:
    """Rows for the platform's key and for ``workers`` (public key, name, since) that have none yet."""
    signer, since = signing.platform_signer(), datetime.fromtimestamp(signing.made_at(), UTC)
    known = set(SigningKey.objects.values_list("public", flat=True))
    if signer.public_hex not in known:
        note(signer.key, use=KeyUse.PLATFORM, name="platform", since=since, until=since + TERM)
    for public, name, begun in workers:
        if public not in known:
            note(dsse.Key.from_hex(public), use=KeyUse.WORKER, name=name, since=begun)


def note(key: dsse.Key, *, use: str, name: str, since: datetime, until: datetime | None = None) -> SigningKey:
    """The row of ``key``, made if there is none: a key that is there keeps its times."""
    row, _ = SigningKey.objects.get_or_create(
        keyid=key.keyid,
        defaults={"public": key.hex, "use": use, "name": name[:80], "valid_from": since, "valid_until": until},
    )
    return row


@step
def follow_worker(*, name: str, old: str, new: str, since: datetime) -> None:
    """A worker signs with another key from now on: the new one is listed, the old one ends but stays listed."""
    now = time.db_now()
    if old and old != new:
        row = note(dsse.Key.from_hex(old), use=KeyUse.WORKER, name=name, since=since)
        SigningKey.objects.filter(pk=row.pk, valid_until=None).update(valid_until=now + LATE)
    row = note(dsse.Key.from_hex(new), use=KeyUse.WORKER, name=name, since=now)
    SigningKey.objects.filter(pk=row.pk, use=KeyUse.WORKER).update(valid_until=None)  # it may come back to an old key


def problem_of(public: str, at: datetime) -> str | None:
    """Why what ``public`` signs may not be believed at ``at``; ``None`` where it may, or the key has no row yet."""
    row = _by_public.first(public=public)
    if row is None:
        return None
    found = keylist.KeyRecord.of(to_json(row)).problem_at(at)
    return found[1] if found else None


def listed() -> list[dict[str, Any]]:
    """Every key that ever was, the oldest first."""
    return [to_json(row) for row in SigningKey.objects.order_by("valid_from", "keyid")]


def to_json(row: SigningKey) -> dict[str, Any]:
    return {
        "keyid": row.keyid,
        "public": row.public,
        "use": row.use,
        "name": row.name,
        "valid_from": time.text(row.valid_from),
        "valid_until": time.text(row.valid_until) if row.valid_until else None,
        "revoked_at": time.text(row.revoked_at) if row.revoked_at else None,
        "reason": row.reason,
    }


def published() -> dict[str, Any]:
    """What ``GET /api/v1/keys`` answers: the list, and the signatures of the root and of the platform over it."""
    keys, now = listed(), time.text(time.db_now())
    here, root = signing.root_signer(), signing.root_key()
    workers = [one for one in keys if one["use"] == KeyUse.WORKER]
    return {
        "keys": keys,
        "envelope": keylist.sign_list(keys, here, now) if here is not None else signing.signed_list(),
        "workers": keylist.sign_list(workers, signing.platform_signer(), now),
        "root": {"keyid": root.keyid, "public": root.hex} if root is not None else None,
    }


def is_certified(keyid: str) -> bool:
    """Whether the root has signed a list with this key in it, or lies here and will."""
    if signing.root_signer() is not None:
        return True
    root, envelope = signing.root_key(), signing.signed_list()
    if root is None or envelope is None:
        return False
    said = keylist.rooted({"envelope": envelope, "keys": []}, root.keyid)
    return any(one.key.keyid == keyid for one in said)
