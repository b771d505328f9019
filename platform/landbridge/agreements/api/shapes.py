"""What goes in and out about offers and agreements."""

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from landbridge.accounts.models import OrganizationKind, Token, User
from landbridge.agreements import documents, pages, proofs, queries
from landbridge.agreements.models import AccessRow, Agreement, AgreementRevision, AgreementType, Grant, Offer, Seat
from landbridge.core import time
from landbridge.core.serializers import PlainField, Strict

COUNTRY = r"^[A-Z]{2}\Z"
HEX64 = r"^[0-9a-f]{64}\Z"
HEX40 = r"^[0-9a-f]{40}\Z"
CODE = r"^[0-9]{6}\Z"


@extend_schema_field({"oneOf": [{"type": "boolean"}, {"type": "string"}]})
class ConsentField(serializers.Field[str, Any, str, Any]):
    """``true``, or the version that was read. What is signed names the version, so both mean the same text."""

    def to_internal_value(self, data: Any) -> str:  # noqa: ANN401 DRF's signature
        return proofs.CONSENT if data is True else str(data)[:20]

    def to_representation(self, value: str) -> str:
        return value


class OfferWish(Strict):
    model = serializers.RegexField(r"^[^/\s]+/[^/\s]+\Z", help_text="namespace/name")
    revisions = serializers.ListField(child=serializers.RegexField(HEX40), required=False, max_length=20)
    days = serializers.IntegerField(min_value=1, max_value=366, default=90)
    seats = serializers.IntegerField(min_value=1, max_value=500, default=5)
    cap = serializers.IntegerField(min_value=1, max_value=100_000, default=100)
    countries = serializers.ListField(child=serializers.RegexField(COUNTRY), required=False, max_length=250)
    licensee_kinds = serializers.ListField(child=serializers.ChoiceField(OrganizationKind.choices), required=False)
    opens_at = serializers.DateTimeField(required=False)
    closes_at = serializers.DateTimeField(required=False)
    zone = serializers.CharField(max_length=64, default="UTC", help_text="IANA name")
    law = PlainField(max_length=120, required=False, allow_blank=True)
    type = serializers.ChoiceField(AgreementType.choices, default=AgreementType.EVAL)
    totp = serializers.RegexField(CODE, help_text="The six digits of your authenticator app")
    consent = ConsentField(default=proofs.CONSENT, help_text="What is signed names the version")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        opens, closes = attrs.get("opens_at"), attrs.get("closes_at")
        if closes and (closes <= time.db_now() or (opens and closes <= opens)):
            raise serializers.ValidationError({"closes_at": ["It must lie in the future and after opens_at."]})
        return attrs


class Reason(Strict):
    reason = PlainField(max_length=400)


class Ending(Reason):
    totp = serializers.RegexField(CODE)


class Taking(Strict):
    organization = serializers.CharField(max_length=96)
    purpose = PlainField(min_length=3, max_length=400, help_text="What you will evaluate it for; it stands in the text")
    country = serializers.RegexField(COUNTRY, help_text="ISO 3166-1 alpha-2, of your organization's domicile")
    signatory = serializers.CharField(max_length=150, required=False, help_text="Who signs, if several may")


class Signing(Strict):
    statement_sha256 = serializers.RegexField(HEX64)
    totp = serializers.RegexField(CODE)
    consent = ConsentField()


class SeatWish(Strict):
    user = serializers.CharField(max_length=150)


class OfferOut(Strict):
    id = serializers.CharField()
    type = serializers.CharField()
    state = serializers.ChoiceField(["open", "upcoming", "exhausted", "closed", "revoked"])
    licensor = serializers.CharField()
    licensor_name = serializers.CharField()
    model = serializers.CharField()
    revisions = serializers.ListField(child=serializers.DictField())
    terms = serializers.DictField()
    cap = serializers.IntegerField()
    taken = serializers.IntegerField()
    countries = serializers.ListField(child=serializers.CharField())
    licensee_kinds = serializers.ListField(child=serializers.CharField())
    opens_at = serializers.DateTimeField()
    closes_at = serializers.DateTimeField(allow_null=True)
    template = serializers.CharField()
    template_sha256 = serializers.CharField()
    statement_sha256 = serializers.CharField()
    signed_by = serializers.DictField()
    revoked_at = serializers.DateTimeField(allow_null=True)
    verdict = serializers.CharField()
    mark = serializers.CharField()
    page = serializers.CharField()


class OfferDetail(OfferOut):
    texts = serializers.DictField(child=serializers.CharField(), help_text="Markdown per language")
    findings = serializers.ListField(child=serializers.DictField())
    consent = serializers.CharField(help_text="The version that a signer accepts")


class SlotOut(Strict):
    side = serializers.CharField()
    organization = serializers.CharField()
    person = serializers.CharField()
    title = serializers.CharField()
    signed_at = serializers.DateTimeField(allow_null=True)
    level = serializers.CharField(allow_null=True)
    in_advance = serializers.BooleanField()


class StatementOut(Strict):
    body = serializers.DictField()
    sha256 = serializers.CharField()


class AgreementOut(Strict):
    id = serializers.CharField()
    number = serializers.CharField()
    type = serializers.CharField()
    state = serializers.CharField()
    reason = serializers.CharField(allow_blank=True)
    allowed_actions = serializers.ListField(child=serializers.CharField())
    licensor = serializers.CharField()
    licensee = serializers.CharField()
    model = serializers.CharField()
    offer = serializers.CharField(allow_null=True)
    requested_by = serializers.CharField()
    attestations = serializers.DictField()
    offer_until = serializers.DateTimeField()
    executed_at = serializers.DateTimeField(allow_null=True)
    effective_at = serializers.DateTimeField(allow_null=True)
    ends_at = serializers.DateTimeField(allow_null=True)
    ends_on = serializers.DateField(allow_null=True)
    zone = serializers.CharField()
    suspended_at = serializers.DateTimeField(allow_null=True)
    terminated_at = serializers.DateTimeField(allow_null=True)
    document_sha256 = serializers.CharField(allow_null=True)
    mark = serializers.CharField()
    page = serializers.CharField()


class AgreementDetail(AgreementOut):
    revision = serializers.CharField()
    revisions = serializers.ListField(child=serializers.DictField())
    terms_sha256 = serializers.CharField()
    slots = SlotOut(many=True)
    waits_for = serializers.ListField(child=serializers.CharField(), help_text="Who must act next")
    statement = StatementOut(allow_null=True, help_text="What you are asked to sign, if it is you")
    statement_sha256 = serializers.CharField(allow_null=True)
    consent = serializers.CharField()


class TextOut(Strict):
    language = serializers.CharField()
    prevailing = serializers.BooleanField()
    markdown = serializers.CharField()
    html = serializers.CharField()
    sha256 = serializers.CharField()
    terms_sha256 = serializers.CharField()
    revision_sha256 = serializers.CharField()
    signatures = serializers.ListField(child=serializers.DictField())
    seal = serializers.DictField(allow_null=True)
    mark = serializers.CharField()


class GrantOut(Strict):
    id = serializers.CharField()
    capability = serializers.CharField()
    organization = serializers.CharField()
    model = serializers.CharField()
    commits = serializers.ListField(child=serializers.CharField())
    scope = serializers.DictField()
    quota = serializers.IntegerField(allow_null=True)
    used = serializers.IntegerField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()


class SeatOut(Strict):
    user = serializers.CharField()
    given_at = serializers.DateTimeField()
    given_by = serializers.CharField()
    ended_at = serializers.DateTimeField(allow_null=True)


class AccessOut(Strict):
    id = serializers.CharField()
    at = serializers.DateTimeField()
    allowed = serializers.BooleanField()
    code = serializers.CharField()
    capability = serializers.CharField()
    user = serializers.CharField(allow_null=True)
    token = serializers.CharField(allow_null=True)
    model = serializers.CharField(allow_null=True)
    commit = serializers.CharField()
    path = serializers.CharField()
    sha256 = serializers.CharField()
    range = serializers.CharField()
    bytes_sent = serializers.IntegerField(allow_null=True)
    outcome = serializers.CharField(allow_null=True)


class LicenseOut(Strict):
    model = serializers.CharField()
    declared = serializers.CharField(allow_blank=True)
    gate = serializers.CharField()
    offers = OfferOut(many=True)
    access = serializers.DictField(help_text="state, allowed, code, sentence, page, agreement")
    mark = serializers.CharField()


def instant(value: datetime | None) -> str | None:
    return time.text(value) if value else None


def state_of(offer: Offer, now: datetime) -> str:
    if offer.revoked_at is not None:
        return "revoked"
    if offer.closes_at is not None and offer.closes_at <= now:
        return "closed"
    if offer.taken >= offer.cap:
        return "exhausted"
    return "open" if offer.opens_at <= now else "upcoming"


def offer_out(offer: Offer) -> dict[str, Any]:
    return {
        "id": offer.pk,
        "type": offer.type,
        "state": state_of(offer, time.db_now()),
        "licensor": offer.licensor.slug,
        "licensor_name": offer.licensor.name,
        "model": str(offer.repo),
        "revisions": offer.revisions,
        "terms": offer.terms,
        "cap": offer.cap,
        "taken": offer.taken,
        "countries": offer.countries,
        "licensee_kinds": offer.licensee_kinds,
        "opens_at": instant(offer.opens_at),
        "closes_at": instant(offer.closes_at),
        "template": f"{offer.template}/{offer.template_version}",
        "template_sha256": offer.template_sha256,
        "statement_sha256": offer.statement_sha256,
        "signed_by": {
            "name": proofs.legal_name(offer.signed_by),
            "title": offer.authority_snapshot["title"],
            "at": instant(offer.signed_at),
        },
        "revoked_at": instant(offer.revoked_at),
        "verdict": offer.verdict["verdict"],
        "mark": documents.MARK,
        "page": pages.request(offer.repo),
    }


def offer_detail(offer: Offer) -> dict[str, Any]:
    texts = queries.offer_texts(offer)
    return {**offer_out(offer), "texts": texts, "findings": offer.verdict["findings"], "consent": proofs.CONSENT}


def agreement_out(agreement: Agreement, user: User, token: Token | None = None) -> dict[str, Any]:
    return {
        "id": agreement.pk,
        "number": agreement.number,
        "type": agreement.type,
        "state": str(queries.current_state(agreement)),
        "reason": agreement.reason,
        "allowed_actions": queries.actions_for(agreement, user, token),
        "licensor": agreement.licensor.slug,
        "licensee": agreement.licensee.slug,
        "model": str(agreement.repo),
        "offer": agreement.offer_id,
        "requested_by": agreement.requested_by.username,
        "attestations": agreement.attestations,
        "offer_until": instant(agreement.offer_until),
        "executed_at": instant(agreement.executed_at),
        "effective_at": instant(agreement.effective_at),
        "ends_at": instant(agreement.ends_at),
        "ends_on": agreement.ends_on.isoformat() if agreement.ends_on else None,
        "zone": agreement.zone,
        "suspended_at": instant(agreement.suspended_at),
        "terminated_at": instant(agreement.terminated_at),
        "document_sha256": agreement.document_sha256 or None,
        "mark": documents.MARK,
        "page": pages.agreement(agreement.number),
    }


def agreement_detail(agreement: Agreement, user: User, token: Token | None = None) -> dict[str, Any]:
    revision = queries.revision_of(agreement)
    body, slots = agreement_out(agreement, user, token), queries.slots_of(agreement)
    waiting = queries.statement_for(agreement, user) if body["state"] == "signing" else None
    unsigned = [slot["person"] for slot in slots if slot["signed_at"] is None]
    return {
        **body,
        "revision": f"r{revision.number}",
        "revisions": revision.terms["revisions"],
        "terms_sha256": revision.terms_sha256,
        "slots": slots,
        "waits_for": unsigned if body["state"] == "signing" else [],
        "statement": {"body": waiting.body, "sha256": waiting.sha256} if waiting else None,
        "statement_sha256": waiting.sha256 if waiting else None,
        "consent": proofs.CONSENT,
    }


def text_out(agreement: Agreement, revision: AgreementRevision, language: str) -> dict[str, Any]:
    markdown = revision.texts[language]
    return {
        "language": language,
        "prevailing": language == revision.terms["prevailing"],
        "markdown": markdown,
        "html": documents.html(markdown),
        "sha256": documents.digest_of_text(markdown),
        "terms_sha256": revision.terms_sha256,
        "revision_sha256": revision.revision_sha256,
        "signatures": queries.signatures_of(agreement, revision),
        "seal": agreement.seal if agreement.sealed_at else None,
        "mark": documents.MARK,
    }


def grant_out(grant: Grant) -> dict[str, Any]:
    return {
        "id": grant.pk,
        "capability": grant.capability,
        "organization": grant.organization.slug,
        "model": str(grant.repo),
        "commits": [one.commit for one in grant.commits.all()],
        "scope": grant.scope,
        "quota": grant.quota,
        "used": grant.used,
        "starts_at": instant(grant.starts_at),
        "ends_at": instant(grant.ends_at),
    }


def seat_out(seat: Seat) -> dict[str, Any]:
    return {
        "user": seat.user.username,
        "given_at": instant(seat.created_at),
        "given_by": seat.given_by.username,
        "ended_at": instant(seat.ended_at),
    }


def access_out(row: AccessRow) -> dict[str, Any]:
    end = getattr(row, "end", None)
    return {
        "id": row.pk,
        "at": instant(row.at),
        "allowed": row.allowed,
        "code": row.code,
        "capability": row.capability,
        "user": row.user.username if row.user else None,
        "token": row.token or None,
        "model": str(row.repo) if row.repo else None,
        "commit": row.commit,
        "path": row.path,
        "sha256": row.sha256,
        "range": row.range_asked,
        "bytes_sent": end.bytes_sent if end else None,
        "outcome": end.outcome if end else None,
    }
