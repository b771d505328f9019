"""The express path: a standing offer, taken, signed, executed in one transaction."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection
from django.db.transaction import atomic

from landbridge.accounts.errors import PersonRequired, StepUpRequired
from landbridge.accounts.models import Membership, Organization, Role, Token, TokenKind, User
from landbridge.agreements import access, authority, documents, execution, queries, services, steps
from landbridge.agreements.errors import (
    AboveAuthority,
    ConsentMissing,
    NoAuthority,
    NotYourSlot,
    TextChanged,
)
from landbridge.agreements.machine import AGREEMENT, state_at
from landbridge.agreements.models import Agreement, Grant, Offer, Seat, Signature, Statement
from landbridge.core import append_only, ledger, outbox, time
from landbridge.core.errors import NotAllowed, TransitionRefused
from landbridge.core.models import Line
from landbridge.core.signing import platform_signer
from landbridge_client import dsse
from landbridge_registry.models import Hold, Repo
from tests.agreements.conftest import COMMIT, Signatory, code_of, publish, sign, take, wrong_code_of


def state(agreement: Agreement) -> str:
    agreement.refresh_from_db()
    return state_at(agreement, time.db_now())


def test_from_the_offer_to_the_open_bytes(ngram: Repo, sofia: User, carl: User, dora: User) -> None:
    offer = publish(ngram, sofia)
    ngram.refresh_from_db()
    assert ngram.gate == "manual", "an offered model's bytes need an agreement"
    agreement = take(offer, carl)
    assert agreement.number.startswith("LB-ACME-") is False and agreement.number.startswith("LB-LUMEN-EVAL-")
    assert state(agreement) == "signing" and not Grant.objects.exists()
    asked: dict[str, Any] = {
        "token": None,
        "capability": access.DOWNLOAD,
        "repo": ngram,
        "revision": COMMIT,
        "path": "m.safetensors",
    }
    assert access.decide(actor=carl, **asked).code == "not_effective"
    signed = sign(agreement, dora)
    assert signed.fresh and state(agreement) == "active"
    decision = access.decide(actor=carl, **asked)
    assert decision.allowed and decision.grant_id == Grant.objects.get().pk
    assert decision.page == f"/agreements/{agreement.number}"
    assert set(Seat.objects.values_list("user__username", flat=True)) == {"carl", "dora"}
    assert ledger.broken_at(steps.chain_of(offer.licensor)) is None
    assert set(Hold.objects.values_list("commit", flat=True)) == {COMMIT}


def test_the_last_signature_tells_the_execution_after_commit(
    taken: Agreement, dora: User, django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[object]]
) -> None:
    heard = AGREEMENT["execute"].effect
    assert heard == "agreement.executed"
    outbox.SUBSCRIBERS[heard].append("tests.nobody")
    try:
        with django_capture_on_commit_callbacks(execute=True):
            sign(taken, dora)
            assert not outbox.kept, "nothing is told before the commit"
    finally:
        outbox.SUBSCRIBERS[heard].remove("tests.nobody")
    assert [(one.task, one.identity) for one in outbox.kept if one.task == "tests.nobody"] == [
        ("tests.nobody", taken.pk)
    ]


def test_every_deed_is_a_line_on_the_licensors_chain(licensed: Agreement, sofia: User, carl: User) -> None:
    services.suspend(number=licensed.number, reason="Examined", actor=sofia)
    services.resume(number=licensed.number, reason="Cleared", actor=sofia)
    services.end_seat(number=licensed.number, username="dora", actor=carl)
    chain = steps.chain_of(licensed.licensor)
    assert list(Line.objects.filter(chain=chain).order_by("seq").values_list("verb", flat=True)) == [
        "offer.published",
        "agreement.taken",
        "agreement.signed",
        "agreement.executed",
        "agreement.suspended",
        "agreement.resumed",
        "seat.ended",
    ]
    assert ledger.broken_at(chain) is None


def test_grants_are_written_by_the_executing_step_alone() -> None:
    """No other code of the platform creates one."""
    made = r"\.objects\.(create|bulk_create|get_or_create|update_or_create)"
    writers = re.compile(rf"\b(Grant|GrantedRevision)({made}|\()")
    room = Path(execution.__file__).parents[1]
    found = {path.name for path in room.rglob("*.py") if writers.search(path.read_text())}
    assert found - {"0001_initial.py", "rights.py"} == {"execution.py"}


def test_the_signature_keeps_what_a_third_party_needs(licensed: Agreement, dora: User) -> None:
    row = Signature.objects.get(slot__agreement=licensed, slot__side="licensee")
    verified = dsse.verify(
        row.platform_signature, [platform_signer().key], payload_type="application/vnd.landbridge.signature+json"
    )
    assert verified.anchored
    assert verified.statement == {"statement": row.statement, "proof": row.proof}
    assert row.statement["says"] == "I, dora, sign for Acme as Director."
    assert row.authority_snapshot["confirmed_by"] == "olga"
    assert row.level == "SES"
    assert row.proof["kind"] == "totp" and code_of(dora) not in str(row.proof)
    theirs = Signature.objects.get(slot__agreement=licensed, slot__side="licensor")
    assert theirs.offer_id == licensed.offer_id, "the lab's slot holds the offer's signature"


def test_the_seal_is_the_platforms_signature_over_text_and_signatures(licensed: Agreement) -> None:
    revision = queries.revision_of(licensed)
    expected = documents.sha256_of(
        {"revision": revision.revision_sha256, "signatures": queries.signatures_of(licensed, revision)}
    )
    assert licensed.document_sha256 == expected
    signer = platform_signer()
    assert signer.key.verifies(expected.encode(), bytes.fromhex(licensed.seal["sig"]))


def test_the_same_signature_again_gives_the_first(taken: Agreement, dora: User) -> None:
    first = sign(taken, dora)
    again = sign(taken, dora, totp="000000")
    assert (again.signature.pk, again.fresh) == (first.signature.pk, False)
    assert Signature.objects.filter(slot__side="licensee").count() == 1


def test_the_database_refuses_a_second_signature_in_a_slot(licensed: Agreement) -> None:
    row = Signature.objects.get(slot__side="licensee")
    row.pk, row.nonce = None, "other"
    with pytest.raises(IntegrityError), atomic():
        row.save(force_insert=True)


def test_authority_is_read_again_when_the_signature_is_given(taken: Agreement, dora: User) -> None:
    dora.authority.update(revoked_at=time.db_now())
    with pytest.raises(NoAuthority):
        sign(taken, dora)
    assert state(taken) == "signing" and not Grant.objects.exists()


def test_a_signature_ends_with_the_membership(taken: Agreement, dora: User) -> None:
    Membership.objects.filter(user=dora).delete()
    with pytest.raises(NoAuthority):
        sign(taken, dora)


def test_a_limit_is_a_limit(acme: Organization, signatory: Signatory) -> None:
    small = signatory("dora", acme, value_limit=100_000, currency="EUR")
    deed = authority.Deed("EVAL", "sign", 100_000, "EUR")
    assert authority.find(person=small, organization=acme, deed=deed).value_limit == 100_000
    for value, currency in ((100_001, "EUR"), (1, "USD")):
        with pytest.raises(AboveAuthority):
            authority.find(person=small, organization=acme, deed=authority.Deed("EVAL", "sign", value, currency))


def test_a_wrong_code_signs_nothing(taken: Agreement, dora: User) -> None:
    with pytest.raises(StepUpRequired):
        sign(taken, dora, totp=wrong_code_of(dora))
    assert not Signature.objects.filter(slot__side="licensee").exists() and not Grant.objects.exists()


def test_a_code_works_once(offer: Offer, carl: User, dora: User) -> None:
    agreement = take(offer, carl)
    code = code_of(dora)
    sign(agreement, dora, totp=code)
    with pytest.raises(StepUpRequired, match="used before"):
        services.terminate(number=agreement.number, reason="No need", totp=code, actor=dora)
    assert state(agreement) == "active"


def test_the_other_sides_account_signs_nothing(taken: Agreement, sofia: User, carl: User) -> None:
    for other in (sofia, carl):
        with pytest.raises(NotYourSlot):
            services.sign_agreement(
                number=taken.number,
                statement_sha256=Statement.objects.get().sha256,
                totp="123456",
                consent="2026-1",
                actor=other,
            )


def test_a_program_signs_nothing(taken: Agreement, dora: User) -> None:
    robot = Token(kind=TokenKind.ROBOT, user=dora, scopes=["agreements.sign"])
    with pytest.raises(PersonRequired):
        sign(taken, dora, token=robot)


def test_consent_is_asked_for(taken: Agreement, dora: User) -> None:
    with pytest.raises(ConsentMissing):
        sign(taken, dora, consent="1999-1")


def test_another_statement_is_refused(taken: Agreement, dora: User) -> None:
    with pytest.raises(TextChanged):
        sign(taken, dora, statement_sha256="0" * 64)


def test_a_text_that_was_changed_in_the_database_cannot_be_signed(taken: Agreement, dora: User) -> None:
    revision = queries.revision_of(taken)
    table = revision._meta.db_table
    with connection.cursor() as cursor:
        on = f' ON "{table}"' if connection.vendor == "postgresql" else ""
        cursor.execute(f'DROP TRIGGER "{table}_no_update"{on}')
        texts = {**revision.texts, "en": revision.texts["en"].replace("90 days", "900 days")}
        assert texts != revision.texts
        type(revision).objects.filter(pk=revision.pk).update(texts=texts)
    append_only.enforce()
    with pytest.raises(TextChanged, match="not the one that was frozen"):
        sign(taken, dora)


def test_what_was_frozen_cannot_be_changed_or_removed(licensed: Agreement) -> None:
    frozen = (queries.revision_of(licensed), Signature.objects.earliest("pk"), Statement.objects.earliest("pk"))
    for row in frozen:
        rows = type(row)._default_manager.all()
        with pytest.raises(DatabaseError, match="append-only"), atomic():
            rows.update(created_at=time.db_now())
        with pytest.raises(DatabaseError, match="append-only"), atomic():
            rows._raw_delete("default")


def test_moves_refuse_where_they_do_not_start(licensed: Agreement, sofia: User, carl: User) -> None:
    with pytest.raises(TransitionRefused) as refusal:
        services.resume(number=licensed.number, reason="Why not", actor=sofia)
    assert refusal.value.detail["state"] == "active"
    assert refusal.value.detail["allowed_actions"] == ["suspend", "terminate"]
    with pytest.raises(NotAllowed):
        services.suspend(number=licensed.number, reason="Mine now", actor=carl)
    assert Membership.objects.get(user=carl).role == Role.OWNER
