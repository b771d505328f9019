"""Checking an attestation with nothing but files: who signed, whether they could, and what it is about."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from landbridge_client import dsse
from landbridge_client.formats.digest import file_digest, tree_digest
from landbridge_client.formats.errors import FormatError
from landbridge_client.screening.files import folder_files

FILE_CAP = 16_000_000  # bytes
GOOD, BAD, UNANCHORED = 0, 1, 6
SKEW = timedelta(hours=1)  # a worker's clock may be behind, and a new platform makes its key for its first result


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that was checked. ``holds`` is ``None`` where there was nothing to check it with."""

    name: str
    holds: bool | None
    text: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Report:
    parts: tuple[Part, ...]
    anchored: bool
    statement: dict[str, Any] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        if any(part.holds is False for part in self.parts):
            return BAD
        return GOOD if self.anchored else UNANCHORED

    @property
    def verdict(self) -> str:
        return {GOOD: "good", BAD: "bad", UNANCHORED: "good, but the keys are not anchored"}[self.exit_code]


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A public key and when it may be believed."""

    key: dsse.Key
    valid_from: datetime | None
    valid_until: datetime | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "KeyRecord":
        key = dsse.Key.from_hex(str(data.get("public", "")))
        times = (_instant(data.get(name)) for name in ("valid_from", "valid_until", "revoked_at"))
        return cls(key, *times)

    def problem_at(self, when: datetime) -> str | None:
        if self.valid_from is not None and when < self.valid_from - SKEW:
            return f"the key was valid only from {self.valid_from:%Y-%m-%d}"
        if self.valid_until is not None and when > self.valid_until:
            return f"the key was valid only until {self.valid_until:%Y-%m-%d}"
        if self.revoked_at is not None and when >= self.revoked_at:
            return f"the key was revoked on {self.revoked_at:%Y-%m-%d}"
        return None


def verify_file(file: Path, keys: Path | None = None, model: Path | None = None) -> Report:
    """Check the attestation in ``file``. Raises ``FormatError`` if one of the files cannot be read at all."""
    envelope = _object(file)
    envelope = envelope.get("envelope") or envelope.get("attestation") or envelope
    return check(envelope, key_records(_json(keys)) if keys else (), model)


def key_records(listed: Any) -> tuple[KeyRecord, ...]:  # noqa: ANN401 any JSON
    """The keys of ``GET /api/v1/keys``: a list, or an object that holds one."""
    if isinstance(listed, dict):
        listed = listed.get("keys", listed.get("items"))
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise FormatError("keys_invalid", "The file of keys must hold what GET /api/v1/keys answers.")
    return tuple(KeyRecord.of(item) for item in listed)


def check(envelope: Mapping[str, Any], keys: tuple[KeyRecord, ...] = (), model: Path | None = None) -> Report:
    """Every part that can be checked with what was given."""
    try:
        verified = dsse.verify(envelope, [record.key for record in keys])
    except dsse.BadEnvelope as error:
        return Report((Part("signatures", holds=False, text=error.message),), anchored=False)
    signers = ", ".join(keyid[:16] for keyid in verified.keyids)
    known = "all among the keys" if verified.anchored else "give the server's keys with --keys to know whose they are"
    parts = [Part("signatures", holds=True, text=f"{len(verified.keyids)} by {signers}: {known}")]
    parts.extend(_kind(verified.statement))
    parts.extend(_validity(verified, keys))
    parts.append(_subject(verified.statement, model))
    return Report(tuple(parts), verified.anchored, verified.statement)


def _kind(statement: Mapping[str, Any]) -> Iterator[Part]:
    kinds = (statement.get("_type"), statement.get("predicateType"))
    good = kinds == (dsse.STATEMENT_TYPE, dsse.EVALUATION_RESULT)
    yield Part("kind", holds=good, text="an evaluation's result" if good else f"not an evaluation's result: {kinds[1]}")


def _validity(verified: dsse.Verified, keys: tuple[KeyRecord, ...]) -> Iterator[Part]:
    """Whether each known key could sign when the evaluation ended."""
    predicate = verified.statement.get("predicate")
    end = _instant(predicate.get("end")) if isinstance(predicate, dict) else None
    records = {record.key.keyid: record for record in keys}
    for keyid in verified.keyids:
        if keyid not in records:
            continue
        name = f"key {keyid[:16]}"
        if end is None:
            yield Part(name, holds=False, text="the statement does not say when the evaluation ended")
            continue
        problem = records[keyid].problem_at(end)
        yield Part(name, holds=problem is None, text=problem or f"valid on {end:%Y-%m-%d}")


def _subject(statement: Mapping[str, Any], model: Path | None) -> Part:
    listed = statement.get("subject")
    subjects = {
        str(item.get("digest", {}).get("sha256")): str(item.get("name"))
        for item in (listed if isinstance(listed, list) else [])
        if isinstance(item, dict) and isinstance(item.get("digest"), dict)
    }
    if not subjects:
        return Part("subject", holds=False, text="the statement names no subject")
    if model is None:
        return Part("subject", holds=None, text=f"{', '.join(subjects.values())}; give its files with --model")
    found = tree_digest((file.path, *file_digest(file.place)) for file in folder_files(model))
    if found in subjects:
        return Part("subject", holds=True, text=f"{model} is {subjects[found]} ({found[:16]})")
    return Part(
        "subject", holds=False, text=f"{model} has the digest {found[:16]}, the statement is about another model"
    )


def _instant(text: object) -> datetime | None:
    if not text:
        return None
    try:
        when = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise FormatError("time_invalid", f"{text} is not a time such as 2026-11-23T14:06:12Z.") from error
    return when if when.tzinfo else None


def _json(file: Path) -> Any:  # noqa: ANN401 any JSON
    if file.stat().st_size > FILE_CAP:
        raise FormatError("file_too_large", f"{file} is larger than {FILE_CAP} bytes.")
    try:
        return json.loads(file.read_bytes())
    except (ValueError, RecursionError) as error:
        raise FormatError("json_invalid", f"{file} is not JSON.") from error


def _object(file: Path) -> dict[str, Any]:
    value = _json(file)
    if not isinstance(value, dict):
        raise FormatError("envelope", f"{file} holds no attestation.")
    return value
