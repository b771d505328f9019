"""Promises of signed statements: whoever holds the key can be told, and no altered byte passes."""

import base64
import json
import stat
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from landbridge_client import dsse
from landbridge_client.formats import FormatError

WORKER, PLATFORM, STRANGER = (dsse.Signer.generate() for _ in range(3))
STATEMENT = dsse.make_statement(
    subjects={"lumen/x": "a" * 64},
    predicate_type=dsse.EVALUATION_RESULT,
    predicate={"metrics": {"accuracy": {"value": "0.9", "ci95": ["0.8", "1"], "n": 10}}},
)
ENVELOPE = dsse.sign(STATEMENT, WORKER, PLATFORM)


def refusal_of(envelope: dict[str, Any], *keys: dsse.Key) -> str:
    with pytest.raises(dsse.BadEnvelope) as refusal:
        dsse.verify(envelope, keys)
    return refusal.value.code


def test_what_two_parties_signed_is_read_back() -> None:
    verified = dsse.verify(ENVELOPE, [WORKER.key, PLATFORM.key])
    assert verified == dsse.Verified(STATEMENT, (WORKER.keyid, PLATFORM.keyid), anchored=True)


def test_a_signer_that_is_not_among_the_keys_leaves_it_unanchored() -> None:
    assert not dsse.verify(ENVELOPE, [PLATFORM.key]).anchored
    assert not dsse.verify(ENVELOPE).anchored


def test_a_countersignature_covers_the_same_bytes() -> None:
    twice = dsse.countersign(dsse.sign(STATEMENT, WORKER), PLATFORM)
    assert twice == ENVELOPE


def test_the_key_id_is_the_one_that_securesystemslib_computes() -> None:
    key = dsse.Key(bytes(32))
    text = '{"keytype":"ed25519","keyval":{"public":"' + "0" * 64 + '"},"scheme":"ed25519"}'
    digest = __import__("hashlib").sha256(text.encode()).hexdigest()
    assert key.keyid == digest


def test_what_is_signed_is_the_encoding_of_the_dsse_specification() -> None:
    assert dsse.encode("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


@given(st.data())
def test_no_changed_byte_of_payload_or_signature_passes(data: st.DataObject) -> None:
    envelope = json.loads(json.dumps(ENVELOPE))
    holder, field = data.draw(st.sampled_from([(envelope, "payload"), (envelope["signatures"][0], "sig")]))
    raw = bytearray(base64.b64decode(holder[field]))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    holder[field] = base64.b64encode(bytes(raw)).decode()
    assert refusal_of(envelope, WORKER.key, PLATFORM.key) == "signature"


def test_a_forger_cannot_pass_as_a_known_key() -> None:
    forged = dsse.sign({**STATEMENT, "predicate": {}}, STRANGER)
    forged["signatures"][0]["keyid"] = WORKER.keyid
    assert refusal_of(forged, WORKER.key) == "signature"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"signatures": []}, "signature"),
        ({"signatures": [{}]}, "key_invalid"),
        ({"signatures": "x"}, "envelope"),
        ({"payload": "not base64!"}, "envelope"),
        ({"payloadType": "text/plain"}, "payload_type"),
        ({"payloadType": None}, "envelope"),
    ],
)
def test_an_envelope_out_of_shape_is_refused_by_part(change: dict[str, Any], code: str) -> None:
    assert refusal_of({**ENVELOPE, **change}, WORKER.key) == code


def test_a_payload_that_is_no_statement_is_refused() -> None:
    envelope = {"payloadType": dsse.PAYLOAD_TYPE, "payload": base64.b64encode(b"[1]").decode(), "signatures": []}
    assert refusal_of(dsse.countersign(envelope, WORKER), WORKER.key) == "statement"


def test_a_signer_is_kept_in_a_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    place = tmp_path / "key.pem"
    WORKER.save(place)
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert dsse.Signer.load(place).keyid == WORKER.keyid
    with pytest.raises(FileExistsError):
        STRANGER.save(place)
    place.chmod(0o640)
    with pytest.raises(FormatError, match="chmod 600"):
        dsse.Signer.load(place)


def test_a_file_that_holds_another_key_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "key.pem"
    place.write_text("nothing")
    place.chmod(0o600)
    with pytest.raises(FormatError, match="no readable private key"):
        dsse.Signer.load(place)


def test_keys_of_other_tools_are_read(tmp_path: Path) -> None:
    private = Ed25519PrivateKey.generate()
    place = tmp_path / "key.pem"
    place.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    place.chmod(0o600)
    assert dsse.Signer.load(place).public_hex == private.public_key().public_bytes_raw().hex()
