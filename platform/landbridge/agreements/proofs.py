"""That a person, and this person, signs: the step-up, the statement, and the platform's signature over both."""

import secrets
from collections.abc import Mapping
from typing import Any, Final

from landbridge.accounts.errors import PersonRequired
from landbridge.accounts.models import AuthorityRecord, Organization, Token, TokenKind, User, UserKind
from landbridge.accounts.stepup import verify_totp
from landbridge.agreements.errors import ConsentMissing
from landbridge.agreements.models import Agreement, AgreementRevision
from landbridge.core import time
from landbridge.core.signing import platform_signer
from landbridge_client import dsse

CONSENT: Final = "2026-1"  # version of the consent to electronic records that a signer accepts
PAYLOAD: Final = "application/vnd.landbridge.signature+json"
LEVEL: Final = "SES"  # sign-in and a one-time code; never called qualified


def require_person(actor: User, token: Token | None) -> None:
    """Programs of an organization prepare; only people sign."""
    robot = token is not None and token.kind != TokenKind.PERSON
    if robot or actor.kind != UserKind.PERSON:
        raise PersonRequired("Only a person with authority can sign. Sign in, or use a token of your own account.")


def require_consent(version: str) -> None:
    if version != CONSENT:
        raise ConsentMissing(
            f'Read and accept the consent to electronic records: send "consent": "{CONSENT}".',
            errors=[{"pointer": "/consent", "code": "consent_missing", "detail": f"The current version is {CONSENT}."}],
        )


def says(person: User, entity: Organization, record: AuthorityRecord) -> dict[str, object]:
    """The part of a statement that names who signs, for whom and by what power."""
    name = legal_name(person)
    return {
        "says": f"I, {name}, sign for {entity.name} as {record.title}.",
        "signer": person.username,
        "entity": entity.slug,
        "title": record.title,
        "authority": record.pk,
        "consent": CONSENT,
    }


def statement_for(
    *, agreement: Agreement, revision: AgreementRevision, person: User, entity: Organization, record: AuthorityRecord
) -> dict[str, object]:
    """What the licensee's signatory is asked to sign. Its nonce serves once."""
    return {
        "schema": "landbridge.signature/1",
        "agreement": agreement.number,
        "revision": f"r{revision.number}",
        "terms_sha256": revision.terms_sha256,
        "revision_sha256": revision.revision_sha256,
        "nonce": secrets.token_hex(32),
        **says(person, entity, record),
    }


def legal_name(person: User) -> str:
    return person.get_full_name() or person.username


def step_up(*, person: User, code: str, token: Token | None) -> dict[str, object]:
    """Use up the person's code now. Called last: a code that was used is gone even if the deed fails."""
    proof = verify_totp(person, code)
    signed_in = {"event": "token", "token": token.pk} if token else {"event": "session"}
    return {
        "kind": "totp",
        "events": [
            {**signed_in, "user": person.username, "at": time.text(proof.at)},
            {"event": "totp", **proof.to_json()},
        ],
    }


def countersign(statement: Mapping[str, object], proof: Mapping[str, object]) -> dict[str, Any]:
    """The platform's Ed25519 signature over statement and authentication events, as a DSSE envelope."""
    return dsse.sign({"statement": dict(statement), "proof": dict(proof)}, platform_signer(), payload_type=PAYLOAD)
