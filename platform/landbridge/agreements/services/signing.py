"""The licensee's signature, which executes an express license in the same transaction."""

from dataclasses import dataclass

from django.db import transaction

from landbridge.accounts.models import Token, User
from landbridge.agreements import authority, documents, execution, proofs, steps
from landbridge.agreements.errors import NotYourSlot, OfferLapsed, OfferWithdrawn, TextChanged
from landbridge.agreements.machine import AGREEMENT
from landbridge.agreements.models import Agreement, AgreementState, Signature, Statement
from landbridge.core import time
from landbridge.core.errors import TransitionRefused
from landbridge.core.machine import Who


@dataclass(frozen=True, slots=True)
class Signed:
    agreement: Agreement
    signature: Signature
    fresh: bool  # false: the same signature was given before


@transaction.atomic(durable=True)
def sign_agreement(  # noqa: PLR0913 what a signature rests on
    *,
    number: str,
    statement_sha256: str,
    totp: str,
    consent: str,
    actor: User,
    token: Token | None = None,
    trace: str = "",
) -> Signed:
    """Sign the frozen text; with the last signature it is executed, sealed and effective, grants and seats written.

    The same signature again gives the first one. Raises ``NotYourSlot``, ``TextChanged``, ``OfferLapsed``,
    ``NoAuthority``, ``AboveAuthority``, ``ConsentMissing``, accounts' ``StepUpRequired`` and ``PersonRequired``.
    """
    proofs.require_person(actor, token)
    agreement = steps.lock(number)
    statement = _statement_of(agreement, actor)
    given = Signature.objects.filter(slot=statement.slot, revision=statement.revision).first()
    if given is not None and given.statement_sha256 == statement_sha256:
        return Signed(agreement, given, fresh=False)
    _require_signing(agreement)
    steps.require_listed(agreement.repo)
    _require_same_text(statement, statement_sha256)
    proofs.require_consent(consent)
    deed = authority.Deed.under(statement.revision.terms, "sign")
    record = authority.find(person=actor, organization=statement.slot.organization, deed=deed)
    proof = proofs.step_up(person=actor, code=totp, token=token)
    at = time.db_now()
    signature = steps.write_signature(statement=statement, person=actor, record=record, proof=proof, at=at, trace=trace)
    execution.execute(agreement=agreement, revision=statement.revision, at=at)
    steps.note(
        "agreement.signed",
        subject=agreement,
        actor=actor,
        number=agreement.number,
        signature=signature.pk,
        statement_sha256=signature.statement_sha256,
    )
    steps.note(
        "agreement.executed",
        subject=agreement,
        actor=actor,
        number=agreement.number,
        document_sha256=agreement.document_sha256,
        ends_at=time.text(agreement.ends_at) if agreement.ends_at else None,
    )
    return Signed(agreement, signature, fresh=True)


def _statement_of(agreement: Agreement, actor: User) -> Statement:
    """The statement made for this account. Nobody signs in another's slot."""
    rows = Statement.objects.filter(slot__agreement=agreement, slot__person=actor)
    found = (
        rows.select_related("slot__organization", "slot__agreement", "revision").order_by("-revision__number").first()
    )
    if found is None:
        raise NotYourSlot("Another account signs here. The agreement's page names whom it waits for.")
    return found


def _require_signing(agreement: Agreement) -> None:
    if agreement.state == AgreementState.LAPSED:
        raise OfferLapsed("The time to sign is over. Take the offer again.")
    if agreement.state == AgreementState.WITHDRAWN:
        raise OfferWithdrawn("The licensor has withdrawn its offer; nothing can be signed here any more.")
    if agreement.state != AgreementState.SIGNING:
        raise TransitionRefused(
            f"This agreement is {agreement.state}; it can be signed only while it waits for signatures.",
            state=agreement.state,
            allowed_actions=AGREEMENT.allowed(agreement.state, Who.LICENSEE),
        )


def _require_same_text(statement: Statement, statement_sha256: str) -> None:
    """What is stored, what was frozen and what the signer read are one text."""
    revision = statement.revision
    stored = documents.terms_digest(revision.terms, revision.texts)
    frozen = revision.terms_sha256 == statement.body["terms_sha256"] == stored
    if not frozen or documents.sha256_of(statement.body) != statement.sha256:
        raise TextChanged("The stored text is not the one that was frozen. Nothing can be signed; tell the operator.")
    if statement_sha256 != statement.sha256:
        raise TextChanged("You confirmed another statement than the one that waits for you. Read it and sign again.")


@transaction.atomic(durable=True)
def note_refusal(*, number: str, code: str, actor: User) -> None:
    """An attempt to sign that was refused leaves no signature, but a line."""
    agreement = Agreement.objects.filter(number=number).first()
    if agreement is not None:
        steps.note("agreement.signature_refused", subject=agreement, actor=actor, number=number, code=code)
