"""Signed statements: in-toto Statement v1 in a DSSE envelope, Ed25519. Signing and verifying stand here once.

DSSE: https://github.com/secure-systems-lab/dsse. The signature covers the payload's bytes as sent, so nothing is
re-encoded to verify. Key ids follow securesystemslib and are a hint only: a key is trusted because of where it
came from.
"""

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from landbridge_client.formats.canonical import canonical_json
from landbridge_client.formats.errors import FormatError

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
EVALUATION_RESULT = "urn:landbridge:evaluation-result:v1"
SCREENING_RESULT = "urn:landbridge:screening-result:v1"
PAYLOAD_CAP = 8_000_000  # bytes
SIGNATURES_CAP = 16
KEY_BYTES = 32
MEMBERS = frozenset({"payloadType", "payload", "signatures"})
SIGNATURE_MEMBERS = frozenset({"keyid", "sig", "public"})


class BadEnvelope(FormatError):
    """An envelope that cannot be trusted; ``code`` says which part failed."""


@dataclass(frozen=True, slots=True)
class Key:
    """A public key."""

    public: bytes  # 32 bytes

    @classmethod
    def from_hex(cls, text: str) -> Self:
        try:
            raw = bytes.fromhex(text)
        except ValueError as error:
            raise BadEnvelope("key_invalid", "A public key must be 64 hex digits.") from error
        if len(raw) != KEY_BYTES or raw.hex() != text:
            raise BadEnvelope("key_invalid", "A public key must be 64 hex digits, in lower case.")
        return cls(raw)

    @property
    def hex(self) -> str:
        return self.public.hex()

    @property
    def keyid(self) -> str:
        """SHA-256 of the key's canonical description, as securesystemslib computes it."""
        described = {"keytype": "ed25519", "keyval": {"public": self.hex}, "scheme": "ed25519"}
        return hashlib.sha256(canonical_json(described)).hexdigest()

    def verifies(self, message: bytes, signature: bytes) -> bool:
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


class Signer:
    """A private key that signs. It leaves memory only into a file that its owner alone can read."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.key = Key(private.public_key().public_bytes_raw())

    @property
    def keyid(self) -> str:
        return self.key.keyid

    @property
    def public_hex(self) -> str:
        return self.key.hex

    @classmethod
    def generate(cls) -> Self:
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a PEM file. Raises ``FormatError`` if others may read it, or if it holds no Ed25519 key."""
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise FormatError("key_readable", f"Others can read {path}. Run: chmod 600 {path}")
        try:
            private = serialization.load_pem_private_key(path.read_bytes(), password=None)
        except (ValueError, TypeError) as error:
            raise FormatError("key_invalid", f"{path} holds no readable private key.") from error
        if not isinstance(private, Ed25519PrivateKey):
            raise FormatError("key_invalid", f"{path} holds a key of another kind; Ed25519 is needed.")
        return cls(private)

    def save(self, path: Path) -> None:
        """Write a new PEM file with mode 0600. Raises ``FileExistsError``: a key is never overwritten."""
        pem = self._private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(pem)
            stream.flush()
            os.fsync(stream.fileno())

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)


@dataclass(frozen=True, slots=True)
class Verified:
    """A statement whose every signature holds. ``anchored``: each signer is among the keys that were given."""

    statement: dict[str, Any]
    keyids: tuple[str, ...]
    anchored: bool


def make_statement(
    *, subjects: Mapping[str, str], predicate_type: str, predicate: Mapping[str, object]
) -> dict[str, Any]:
    """An in-toto Statement v1 about ``subjects`` (name → SHA-256)."""
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": name, "digest": {"sha256": sha256}} for name, sha256 in sorted(subjects.items())],
        "predicateType": predicate_type,
        "predicate": dict(predicate),
    }


def sign(statement: Mapping[str, object], *signers: Signer, payload_type: str = PAYLOAD_TYPE) -> dict[str, Any]:
    """An envelope around the canonical JSON of ``statement``, signed by each of ``signers``."""
    payload = canonical_json(dict(statement))
    envelope: dict[str, Any] = {
        "payloadType": payload_type,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [],
    }
    for signer in signers:
        envelope = countersign(envelope, signer)
    return envelope


def countersign(envelope: Mapping[str, Any], signer: Signer) -> dict[str, Any]:
    """The same envelope with one more signature over the same payload bytes."""
    kind, payload, signatures = _opened(envelope, least=0)
    signature = base64.b64encode(signer.sign(encode(kind, payload))).decode()
    mine = {"keyid": signer.keyid, "sig": signature, "public": signer.public_hex}
    return {**envelope, "signatures": [*signatures, mine]}


def encode(payload_type: str, payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding: what is really signed."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def verify(envelope: Mapping[str, Any], keys: Iterable[Key] = (), *, payload_type: str = PAYLOAD_TYPE) -> Verified:
    """Check every signature of ``envelope``; raise ``BadEnvelope`` naming the part that fails.

    A signer among ``keys`` is anchored. Another one is checked with the public key that its signature carries, which
    proves that nothing was altered but not who signed: then ``anchored`` is false. What stands beside a signature,
    the key and its id, must fit it too: no byte of an envelope can change unnoticed.
    """
    kind, payload, signatures = _opened(envelope, least=1)
    if kind != payload_type:
        raise BadEnvelope("payload_type", f"The envelope carries {kind!r}, not {payload_type!r}.")
    known = {key.keyid: key for key in keys}
    message, keyids, anchored = encode(kind, payload), [], True
    for number, signature in enumerate(signatures, start=1):
        key = known.get(str(signature.get("keyid")))
        if key is None:
            anchored, key = False, Key.from_hex(str(signature.get("public", "")))
        if not key.verifies(message, _decoded(signature.get("sig"), "sig")):
            raise BadEnvelope(
                "signature", f"Signature {number} ({key.keyid[:16]}) does not match: something was altered."
            )
        _check_beside(number, signature, key)
        keyids.append(key.keyid)
    if len(set(keyids)) != len(keyids):
        raise BadEnvelope("signature", "The envelope is signed twice by one key.")
    return Verified(_statement(payload), tuple(keyids), anchored)


def _check_beside(number: int, signature: Mapping[str, Any], key: Key) -> None:
    """What stands beside a signature is not signed: it must be what follows from the key that made it."""
    if set(signature) - SIGNATURE_MEMBERS:
        raise BadEnvelope("envelope", f"Signature {number} holds more than keyid, sig and public: it was altered.")
    if signature.get("keyid") != key.keyid:
        raise BadEnvelope("keyid", f"The key id beside signature {number} is not that of its key: it was altered.")
    if signature.get("public", key.hex) != key.hex:
        raise BadEnvelope("key_mismatch", f"The key beside signature {number} is not the one that made it.")


def _opened(envelope: Mapping[str, Any], *, least: int) -> tuple[str, bytes, Sequence[dict[str, Any]]]:
    kind, signatures = envelope.get("payloadType"), envelope.get("signatures")
    if set(envelope) - MEMBERS:
        raise BadEnvelope("envelope", "The envelope holds more than payloadType, payload and signatures.")
    if not isinstance(kind, str) or not isinstance(signatures, list):
        raise BadEnvelope("envelope", "This is not a DSSE envelope (payloadType, payload, signatures).")
    if not least <= len(signatures) <= SIGNATURES_CAP or not all(isinstance(item, dict) for item in signatures):
        raise BadEnvelope("signature", f"The envelope needs {least} to {SIGNATURES_CAP} signatures.")
    payload = _decoded(envelope.get("payload"), "payload")
    if len(payload) > PAYLOAD_CAP:
        raise BadEnvelope("envelope", f"The payload is larger than {PAYLOAD_CAP} bytes.")
    return kind, payload, signatures


def _decoded(text: object, what: str) -> bytes:
    try:
        raw = base64.b64decode(str(text), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadEnvelope("envelope", f"{what} is not base64.") from error
    if base64.b64encode(raw).decode() != text:  # the last digit has bits to spare
        raise BadEnvelope("envelope", f"{what} is not the base64 of its bytes: it was altered.")
    return raw


def _statement(payload: bytes) -> dict[str, Any]:
    try:
        statement = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise BadEnvelope("statement", "The payload is not JSON.") from error
    if not isinstance(statement, dict):
        raise BadEnvelope("statement", "The payload is not a statement.")
    return statement
