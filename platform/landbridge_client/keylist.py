"""The published list of keys: who may sign what from when until when, and the root that vouches for the list.

``GET /api/v1/keys`` answers ``{"keys", "envelope": DSSE by the root, "workers": DSSE by a platform key, "root"}``.
The root signs the list at a ceremony and lies offline afterwards; workers come and go between ceremonies, so their keys
are signed by a platform key that the root has signed. Whoever was told the root's fingerprint by another way needs to
trust nothing else in the file.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from landbridge_client import dsse
from landbridge_client.formats.errors import FormatError

PAYLOAD_TYPE: Final = "application/vnd.landbridge.keys+json"
SCHEMA: Final = "landbridge.keys/1"
PLATFORM, WORKER = "platform", "worker"
SKEW: Final = timedelta(
    hours=1
)  # a worker's clock may be behind, and a new platform makes its key for its first result


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A public key and when it may be believed."""

    key: dsse.Key
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    revoked_at: datetime | None = None
    reason: str = ""
    use: str = ""  # platform, worker; empty: it was not said
    name: str = ""

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "KeyRecord":
        """From one member of the list. Raises ``FormatError`` where the key id is not the key's."""
        key = dsse.Key.from_hex(str(data.get("public", "")))
        if data.get("keyid", key.keyid) != key.keyid:
            raise FormatError("keys_altered", f"The list gives the key {key.keyid[:16]} the id of another one.")
        since, until, revoked = (instant(data.get(name)) for name in ("valid_from", "valid_until", "revoked_at"))
        reason, use, name = (str(data.get(name) or "") for name in ("reason", "use", "name"))
        return cls(key, since, until, revoked, reason, use, name)

    def problem_at(self, when: datetime) -> tuple[str, str] | None:
        """(code, sentence) of why what is dated ``when`` may not be believed; ``None`` where it may."""
        if self.revoked_at is not None and when >= self.revoked_at:
            why = f" ({self.reason})" if self.reason else ""
            return "key_revoked", f"the key was revoked on {self.revoked_at:%Y-%m-%d}{why}, before this was dated"
        if self.valid_from is not None and when < self.valid_from - SKEW:
            return "key_not_yet_valid", f"the key was valid only from {self.valid_from:%Y-%m-%d}"
        if self.valid_until is not None and when > self.valid_until:
            return "key_expired", f"the key was valid only until {self.valid_until:%Y-%m-%d}"
        return None


def key_records(listed: object) -> tuple[KeyRecord, ...]:
    """The keys of ``GET /api/v1/keys`` as they stand there: a list, or an object that holds one."""
    if isinstance(listed, dict):
        listed = listed.get("keys", listed.get("items"))
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise FormatError("keys_invalid", "The file of keys must hold what GET /api/v1/keys answers.")
    return tuple(KeyRecord.of(item) for item in listed)


def rooted(listed: object, root: str) -> tuple[KeyRecord, ...]:
    """The keys that the root with the fingerprint ``root`` vouches for. Raises ``FormatError`` that says what is wrong.

    A revocation counts wherever it stands: who leaves one out must break a signature, who adds one harms only himself.
    """
    if not isinstance(listed, dict) or not isinstance(listed.get("envelope"), dict):
        raise FormatError("keys_unsigned", "The file of keys is not signed by a root. Fetch GET /api/v1/keys again.")
    signed = _opened(listed["envelope"], root.lower().removeprefix("sha256:"))
    found = {one.key.keyid: one for one in key_records(signed)}
    found |= {one.key.keyid: one for one in _delegated(listed.get("workers"), found) if one.key.keyid not in found}
    for one in key_records(listed):
        mine = found.get(one.key.keyid)
        if mine is not None and one.revoked_at is not None:
            first = min(filter(None, (mine.revoked_at, one.revoked_at)))
            found[one.key.keyid] = replace(mine, revoked_at=first, reason=mine.reason or one.reason)
    return tuple(found.values())


def _opened(envelope: Mapping[str, Any], root: str) -> dict[str, Any]:
    try:
        verified = dsse.verify(envelope, payload_type=PAYLOAD_TYPE)
    except dsse.BadEnvelope as error:
        raise FormatError("keys_altered", f"The list of keys was altered: {error.message}") from error
    if verified.keyids != (root,):
        said = verified.keyids[0][:16]
        raise FormatError("wrong_root", f"The list of keys is signed by the root {said}, not by {root[:16] or 'none'}.")
    return verified.statement


def _delegated(envelope: object, trusted: Mapping[str, KeyRecord]) -> Sequence[KeyRecord]:
    """Workers' keys, signed by a platform key that the root has signed and that was good then."""
    if not isinstance(envelope, dict):
        return ()
    platform = {keyid: one for keyid, one in trusted.items() if one.use == PLATFORM}
    try:
        verified = dsse.verify(envelope, [one.key for one in platform.values()], payload_type=PAYLOAD_TYPE)
    except dsse.BadEnvelope as error:
        raise FormatError("keys_altered", f"The list of workers' keys was altered: {error.message}") from error
    issued = instant(verified.statement.get("issued_at"))
    if issued is None or not verified.anchored or any(platform[one].problem_at(issued) for one in verified.keyids):
        return ()
    return [one for one in key_records(verified.statement) if one.use == WORKER]


def sign_list(keys: Iterable[Mapping[str, Any]], signer: dsse.Signer, issued_at: str) -> dict[str, Any]:
    """An envelope around ``keys``: by the root around all of them, by a platform key around those of workers."""
    body = {"schema": SCHEMA, "issued_at": issued_at, "keys": [dict(one) for one in keys]}
    return dsse.sign(body, signer, payload_type=PAYLOAD_TYPE)


def instant(text: object) -> datetime | None:
    """A time such as ``2026-11-23T14:06:12Z``; ``None`` for none, and for one that does not say its zone."""
    if not text:
        return None
    try:
        when = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise FormatError("time_invalid", f"{text} is not a time such as 2026-11-23T14:06:12Z.") from error
    return when if when.tzinfo else None
