"""Terms as data, and the words that fill a template from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from landbridge.accounts.models import Organization
from landbridge.agreements import documents
from landbridge.agreements.models import AgreementType, Offer

SIGNING_DAYS: Final = 14  # how long a taken offer waits for its signature
OPEN_PLACE: Final = {"en": "(named when the offer is taken)", "zh-hans": "(接受要约时填写)"}
ANY_COUNTRY: Final = {"en": "Every country.", "zh-hans": "所有国家和地区。"}
ONLY: Final = {"en": "Only these countries: {}.", "zh-hans": "仅限下列国家和地区:{}。"}
DEFAULT_LAW: Final = {"en": "the law at the seat of the Licensor", "zh-hans": "许可方住所地法律"}
NO_COUNTRY: Final = {"en": "country not recorded", "zh-hans": "国家未登记"}
NOTHING_ELSE: Final = {
    "en": "No third-party license with conditions was found in the declared lineage of the Material.",
    "zh-hans": "在材料申报的谱系中未发现附条件的第三方许可。",
}
KEEP: Final = {
    "en": "The Material contains work under these licenses; keep their texts and notices with every copy:",
    "zh-hans": "材料含有受下列许可约束的作品,每份副本均须保留其文本和声明:",
}


@dataclass(frozen=True, slots=True)
class OfferRequest:
    """What a licensor chooses; everything else is the template's."""

    revisions: tuple[str, ...] = ()  # commits; empty: the newest sealed one
    days: int = 90
    seats: int = 5
    cap: int = 100
    countries: tuple[str, ...] = ()
    licensee_kinds: tuple[str, ...] = ()
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    zone: str = "UTC"
    law: str = ""


@dataclass(frozen=True, slots=True)
class Parties:
    """Who and what a text is about; ``licensee`` empty in an offer that nobody has taken."""

    licensor: Organization
    model: str
    revisions: Sequence[Mapping[str, str]]
    offer: str
    licensee: Organization | None = None
    domicile: str = ""
    purpose: str = ""
    number: str = ""


def parties_of(offer: Offer) -> Parties:
    """The parties of an offer that nobody has taken."""
    return Parties(offer.licensor, str(offer.repo), offer.revisions, offer.pk)


def of_offer(wanted: OfferRequest, licenses: Sequence[str]) -> dict[str, Any]:
    """The terms of an EVAL offer. Amounts are minor units; an express evaluation is free."""
    return {
        "schema": "landbridge.terms/EVAL/1",
        "type": str(AgreementType.EVAL),
        "days": wanted.days,
        "zone": wanted.zone,
        "seats": wanted.seats,
        "territory": sorted(wanted.countries),
        "purposes": ["evaluation"],
        "files": [],
        "fee": {"amount": 0, "currency": "EUR"},
        "capabilities": {"download_weights": True},
        "law": wanted.law,
        "third_party": list(licenses),
        "signing_days": SIGNING_DAYS,
        "languages": list(documents.LANGUAGES),
        "prevailing": documents.LANGUAGES[0],
    }


def of_agreement(terms: Mapping[str, Any], parties: Parties) -> dict[str, Any]:
    """The offer's terms with the parties, the model and its pinned versions: what one agreement says."""
    licensee = parties.licensee
    return {
        **terms,
        "number": parties.number,
        "offer": parties.offer,
        "licensor": {"slug": parties.licensor.slug, "name": parties.licensor.name, "country": parties.licensor.country},
        "licensee": {
            "slug": licensee.slug if licensee else "",
            "name": licensee.name if licensee else "",
            "country": parties.domicile,
        },
        "model": parties.model,
        "revisions": [dict(revision) for revision in parties.revisions],
        "purpose": parties.purpose,
    }


def texts(terms: Mapping[str, Any], parties: Parties, *, version: str) -> dict[str, str]:
    """The whole text, in every language."""
    values = {language: _values(terms, parties, language) for language in documents.LANGUAGES}
    return documents.render(str(terms["type"]), version, values)


def _values(terms: Mapping[str, Any], parties: Parties, language: str) -> dict[str, str]:
    plain, open_place = documents.plain, documents.plain(OPEN_PLACE[language])
    countries = ", ".join(terms["territory"])
    return {
        "number": plain(parties.number) or open_place,
        "licensor": plain(parties.licensor.name),
        "licensor_country": plain(parties.licensor.country or NO_COUNTRY[language]),
        "licensee": plain(parties.licensee.name) if parties.licensee else open_place,
        "licensee_country": plain(parties.domicile) or open_place,
        "model": plain(parties.model),
        "days": str(terms["days"]),
        "zone": plain(str(terms["zone"])),
        "seats": str(terms["seats"]),
        "law": plain(str(terms["law"]) or DEFAULT_LAW[language]),
        "revisions": "\n".join(f"- `{one['commit']}`, SHA-256 `{one['tree_digest']}`" for one in parties.revisions),
        "purpose": plain(parties.purpose) or open_place,
        "territory": plain(ONLY[language].format(countries) if countries else ANY_COUNTRY[language]),
        "third_party": _third_party(terms["third_party"], language),
        "offer": parties.offer,
    }


def _third_party(licenses: Sequence[str], language: str) -> str:
    if not licenses:
        return NOTHING_ELSE[language]
    return KEEP[language] + "\n\n" + "\n".join(f"- {documents.plain(name)}" for name in licenses)
