"""Checking an attestation with nothing but files: who signed, whether they could, and what it is about."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from landbridge_client import attested_predictions, dsse, keylist
from landbridge_client.formats.digest import file_digest, tree_digest
from landbridge_client.formats.errors import FormatError
from landbridge_client.keylist import KeyRecord, key_records
from landbridge_client.screening.files import folder_files

__all__ = ["BAD", "GOOD", "UNANCHORED", "Given", "KeyRecord", "Part", "Report", "check", "key_records", "verify_file"]

FILE_CAP: Final = 16_000_000  # bytes
GOOD, BAD, UNANCHORED = 0, 1, 6
KINDS: Final[Mapping[str, str]] = {
    dsse.EVALUATION_RESULT: "an evaluation's result",
    dsse.SCREENING_RESULT: "a screening's result",
}
FORMS: Final[tuple[dict[str, Any], ...]] = (
    {"separators": (",", ":")},
    {},
    *({"indent": width} for width in (1, 2, 4, "\t")),
)


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that was checked. ``holds`` is ``None`` where there was nothing to check it with."""

    name: str
    holds: bool | None
    text: str
    code: str = ""  # of what fails, for programs

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
    def codes(self) -> list[str]:
        """Why it is bad, for programs; empty where it is not."""
        return [part.code for part in self.parts if part.holds is False]

    @property
    def verdict(self) -> str:
        return {GOOD: "good", BAD: "bad", UNANCHORED: "good, but the keys are not anchored"}[self.exit_code]


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What there is to check with. ``root``: the fingerprint that vouches for the list of keys."""

    keys: tuple[KeyRecord, ...] = ()
    model: Path | None = None
    predictions: Path | None = None


def verify_file(
    file: Path,
    keys: Path | None = None,
    model: Path | None = None,
    *,
    root: str | None = None,
    predictions: Path | None = None,
) -> Report:
    """Check the attestation in ``file``: whatever is wrong with it, or with the keys, stands in the report."""
    try:
        listed = _json(_bytes(keys)) if keys else None
        known = () if listed is None else keylist.rooted(listed, root) if root else key_records(listed)
    except FormatError as error:
        return Report((Part("keys", holds=False, text=error.message, code=error.code),), anchored=False)
    try:
        envelope = _envelope(_bytes(file))
    except FormatError as error:
        return Report((Part("signatures", holds=False, text=error.message, code=error.code),), anchored=False)
    return check(envelope, known, given=Given(model=model, predictions=predictions))


def check(
    envelope: Mapping[str, Any], keys: Iterable[KeyRecord] = (), model: Path | None = None, given: Given | None = None
) -> Report:
    """Every part that can be checked with what was given."""
    records = {record.key.keyid: record for record in keys}
    given = given or Given(model=model)
    try:
        verified = dsse.verify(envelope, [record.key for record in records.values()])
    except dsse.BadEnvelope as error:
        return Report((Part("signatures", holds=False, text=error.message, code=error.code),), anchored=False)
    said = verified.statement.get("predicate")
    predicate: Mapping[str, Any] = said if isinstance(said, dict) else {}
    signers = ", ".join(keyid[:16] for keyid in verified.keyids)
    known = "all among the keys" if verified.anchored else "give the server's keys with --keys to know whose they are"
    parts = [Part("signatures", holds=True, text=f"{len(verified.keyids)} by {signers}: {known}")]
    parts.append(_kind(verified.statement))
    parts.extend(_signers(verified, predicate, records))
    parts.extend(_validity(verified, predicate, records))
    parts.append(_subject(verified.statement, given.model))
    parts.append(_predictions(predicate, given.predictions))
    return Report(tuple(parts), verified.anchored, verified.statement)


def _kind(statement: Mapping[str, Any]) -> Part:
    kind = KINDS.get(str(statement.get("predicateType")))
    if statement.get("_type") == dsse.STATEMENT_TYPE and kind:
        return Part("kind", holds=True, text=kind)
    text = f"not an evaluation's result: {statement.get('predicateType')}"
    return Part("kind", holds=False, text=text, code="not_a_result")


def _signers(verified: dsse.Verified, predicate: Mapping[str, Any], records: Mapping[str, KeyRecord]) -> Iterator[Part]:
    """Who must have signed: the worker that the statement names, and this platform."""
    worker = predicate.get("worker")
    named = worker.get("keyid") if isinstance(worker, dict) else None
    if named is not None and named not in verified.keyids:
        text = f"the statement names the worker's key {str(named)[:16]}, which has not signed it"
        yield Part("worker", holds=False, text=text, code="wrong_key")
    platform = {keyid for keyid, record in records.items() if record.use == keylist.PLATFORM}
    if platform and not platform & set(verified.keyids):
        text = (
            "no key of the platform that these keys are of has signed it: it comes from elsewhere, or was not accepted"
        )
        yield Part("platform", holds=False, text=text, code="wrong_key")


def _validity(
    verified: dsse.Verified, predicate: Mapping[str, Any], records: Mapping[str, KeyRecord]
) -> Iterator[Part]:
    """Whether each known key could sign when the evaluation ended."""
    try:
        end = keylist.instant(predicate.get("end"))
    except FormatError:
        end = None
    for keyid in verified.keyids:
        if keyid not in records:
            continue
        name = f"key {keyid[:16]}"
        if end is None:
            text = "the statement does not say when the evaluation ended"
            yield Part(name, holds=False, text=text, code="no_end")
            continue
        code, text = records[keyid].problem_at(end) or ("", f"valid on {end:%Y-%m-%d}")
        yield Part(name, holds=not code, text=text, code=code)


def _subject(statement: Mapping[str, Any], model: Path | None) -> Part:
    listed = statement.get("subject")
    subjects = {
        str(item.get("digest", {}).get("sha256")): str(item.get("name"))
        for item in (listed if isinstance(listed, list) else [])
        if isinstance(item, dict) and isinstance(item.get("digest"), dict)
    }
    if not subjects:
        return Part("subject", holds=False, text="the statement names no subject", code="no_subject")
    if model is None:
        return Part("subject", holds=None, text=f"{', '.join(subjects.values())}; give its files with --model")
    found = tree_digest((file.path, *file_digest(file.place)) for file in folder_files(model))
    if found in subjects:
        return Part("subject", holds=True, text=f"{model} is {subjects[found]} ({found[:16]})")
    text = f"{model} has the digest {found[:16]}, the statement is about another model"
    return Part("subject", holds=False, text=text, code="wrong_model")


def _predictions(predicate: Mapping[str, Any], file: Path | None) -> Part:
    if file is None:
        return Part("predictions", holds=None, text="give them with --predictions, where you may have them")
    try:
        good, text = attested_predictions.problem_of(file, predicate)
    except FormatError as error:
        return Part("predictions", holds=False, text=error.message, code=error.code)
    return Part("predictions", holds=good, text=text, code="" if good else "wrong_predictions")


def _envelope(raw: bytes) -> dict[str, Any]:
    """The attestation in the bytes of a file, alone or under ``envelope`` or ``attestation``."""
    value = _json(raw)
    if not isinstance(value, dict):
        raise FormatError("envelope", "The file holds no attestation.")
    if not _as_written(raw, value):
        raise FormatError(
            "not_as_served",
            "The file is not byte for byte as the server, or a common JSON writer, gave it: it was altered or "
            "reformatted. Download the attestation again.",
        )
    wrapped = next((value[name] for name in ("envelope", "attestation") if set(value) == {name}), value)
    if not isinstance(wrapped, dict):
        raise FormatError("envelope", "The file holds no attestation.")
    return wrapped


def _as_written(raw: bytes, value: dict[str, Any]) -> bool:
    """Whether ``raw`` is one of the usual ways to write ``value``: then no byte outside what is signed was changed."""
    text = raw.removesuffix(b"\n")
    return any(
        text == json.dumps(value, ensure_ascii=ascii_only, **form).encode("utf-8", "surrogatepass")
        for form in FORMS
        for ascii_only in (True, False)
    )


def _bytes(file: Path) -> bytes:
    if file.stat().st_size > FILE_CAP:
        raise FormatError("file_too_large", f"{file} is larger than {FILE_CAP} bytes.")
    return file.read_bytes()


def _json(raw: bytes) -> Any:  # noqa: ANN401 any JSON
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise FormatError("json_invalid", "The file is not JSON.") from error
