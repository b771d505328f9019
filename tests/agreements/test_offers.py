"""Standing offers: who publishes, who takes, and what stands in the way."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from landbridge.accounts.models import Organization, User
from landbridge.agreements import queries, services
from landbridge.agreements.errors import (
    AlreadyLicensed,
    NoAuthority,
    OfferExhausted,
    OfferLapsed,
    OfferWithdrawn,
    OutsideTheOffer,
    Unprocessable,
)
from landbridge.agreements.machine import state_at
from landbridge.agreements.models import Agreement, Offer
from landbridge.agreements.services import offers
from landbridge.core import time
from landbridge.core.errors import NotAllowed
from landbridge_registry.models import Repo
from tests.agreements.conftest import COMMIT, OTHER, Signatory, model, publish, sign, take

TABLE = Agreement._meta.db_table


def state(agreement: Agreement) -> str:
    agreement.refresh_from_db()
    return state_at(agreement, time.db_now())


def test_publishing_needs_authority_to_offer(ngram: Repo, signatory: Signatory, lumen: Organization, ada: User) -> None:
    signatory("ada", lumen, acts=["sign"])
    with pytest.raises(NoAuthority, match="no authority to offer a EVAL for Lumen"):
        publish(ngram, ada)
    ngram.refresh_from_db()
    assert ngram.gate == "" and not Offer.objects.exists()


@pytest.mark.parametrize(
    "columns",
    [
        {"types": ["NDA"]},
        {"acts": ["offer"]},
        {"confirmed_by": None},
        {
            "ends_at": datetime(2020, 1, 1, tzinfo=UTC),
            "starts_at": datetime(2019, 1, 1, tzinfo=UTC),
        },
        {"starts_at": datetime(2099, 1, 1, tzinfo=UTC)},
        {"revoked_at": datetime(2020, 1, 1, tzinfo=UTC)},
    ],
    ids=["other type", "other act", "unconfirmed", "ended", "not begun", "revoked"],
)
def test_taking_needs_somebody_with_authority_to_sign(
    offer: Offer, acme: Organization, signatory: Signatory, carl: User, columns: dict[str, object]
) -> None:
    signatory("carl", acme, **columns)
    with pytest.raises(NoAuthority):
        take(offer, carl)
    offer.refresh_from_db()
    assert offer.taken == 0, "nothing half-made stays"


def test_an_offer_whose_signatory_lost_the_authority_is_not_taken(
    offer: Offer, carl: User, dora: User, sofia: User
) -> None:
    sofia.authority.update(revoked_at=time.db_now())
    with pytest.raises(OfferLapsed, match="sign it again"):
        take(offer, carl)


def test_taking_again_while_it_waits_gives_the_same(taken: Agreement, offer: Offer, carl: User) -> None:
    assert take(offer, carl).pk == taken.pk
    offer.refresh_from_db()
    assert offer.taken == 1


def test_a_second_license_is_refused_while_one_runs(licensed: Agreement, offer: Offer, carl: User) -> None:
    with pytest.raises(AlreadyLicensed) as refusal:
        take(offer, carl)
    assert refusal.value.detail["agreement"] == licensed.number


@pytest.mark.usefixtures("dora")
def test_a_cap_of_one_is_one(ngram: Repo, sofia: User, carl: User, rival: User, signatory: Signatory) -> None:
    offer = publish(ngram, sofia, cap=1)
    signatory("rita", Organization.objects.get(slug="rival"))
    first = take(offer, carl)
    with pytest.raises(OfferExhausted, match="All 1 licenses"):
        take(offer, rival, entity="rival")
    services.decline(number=first.number, reason="Changed our mind", actor=carl)
    assert state(first) == "declined"
    assert take(offer, rival, entity="rival").number.split("-")[-2] == "00002", "numbers have no gaps"


def test_an_offer_reaches_only_whom_it_is_for(ngram: Repo, sofia: User, carl: User, dora: User, ada: User) -> None:
    offer = publish(ngram, sofia, countries=("FR",))
    with pytest.raises(OutsideTheOffer) as refusal:
        take(offer, carl)
    assert refusal.value.reason == "territory"
    with pytest.raises(OutsideTheOffer) as refusal:
        take(offer, carl, country="FR")
    assert refusal.value.reason == "country_mismatch"
    with pytest.raises(OutsideTheOffer) as refusal:
        take(publish(ngram, sofia), ada, entity="lumen")
    assert refusal.value.reason == "own_model"
    with pytest.raises(OutsideTheOffer, match="kind lab"):
        take(publish(ngram, sofia, licensee_kinds=("lab",)), carl)
    with pytest.raises(NotAllowed):
        take(offer, ada, entity="acme")


def test_revoking_an_offer_ends_what_waits_and_keeps_what_is_signed(
    licensed: Agreement, rival: User, signatory: Signatory, sofia: User, carl: User
) -> None:
    offer = Offer.objects.get()
    signatory("rita", Organization.objects.get(slug="rival"))
    waiting = take(offer, rival, entity="rival")
    with pytest.raises(NotAllowed):
        services.revoke_offer(offer_id=offer.pk, reason="Mine", actor=carl)
    services.revoke_offer(offer_id=offer.pk, reason="A new version comes", actor=sofia)
    assert state(waiting) == "withdrawn" and state(licensed) == "active"
    with pytest.raises(OfferWithdrawn):
        sign(waiting, rival)
    services.revoke_offer(offer_id=offer.pk, reason="Again", actor=sofia)
    offer.refresh_from_db()
    assert offer.revoked_reason == "A new version comes" and offer.taken == 1


def test_revoking_locks_what_waits_before_the_offer_as_every_deed_does(
    taken: Agreement, offer: Offer, sofia: User
) -> None:
    with CaptureQueriesContext(connection) as sent:
        services.revoke_offer(offer_id=offer.pk, reason="Over", actor=sofia)
    asked = [one["sql"] for one in sent]
    first = next(at for at, sql in enumerate(asked) if sql.startswith("SELECT") and f'FROM "{TABLE}"' in sql)
    closing = next(at for at, sql in enumerate(asked) if sql.startswith(f'UPDATE "{Offer._meta.db_table}"'))
    assert first < closing
    assert state(taken) == "withdrawn"


def test_what_was_taken_while_the_offer_was_being_revoked_falls_too(
    taken: Agreement, offer: Offer, sofia: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    early: list[list[Agreement]] = [[]]
    locked = offers._unsigned
    monkeypatch.setattr(offers, "_unsigned", lambda one: early.pop() if early else locked(one))
    services.revoke_offer(offer_id=offer.pk, reason="Over", actor=sofia)
    assert state(taken) == "withdrawn"
    offer.refresh_from_db()
    assert offer.taken == 0 and offer.revoked_at is not None


def test_only_sealed_public_versions_of_an_organization_are_offered(ngram: Repo, sofia: User) -> None:
    with pytest.raises(Unprocessable, match="no sealed versions: cccc"):
        publish(ngram, sofia, revisions=("c" * 40,))
    Repo.objects.filter(pk=ngram.pk).update(visibility="private")
    with pytest.raises(Unprocessable, match="Make it public first"):
        publish(ngram, sofia)


def test_an_unknown_license_is_not_offered(lumen: Organization, sofia: User) -> None:
    cases = (
        ("", ""),
        ("CC-BY-NC-4.0", ""),
        ("Apache-2.0 AND GPL-3.0-only", ""),
        ("MIT", "x/y"),
        ("not ( a license", ""),
    )
    for number, (declared, base) in enumerate(cases):
        card = {"base_model": base} if base else {}
        repo = model(lumen, f"model-{number}", declared, card=card)
        with pytest.raises(Unprocessable) as refusal:
            publish(repo, sofia)
        assert refusal.value.reason == "lineage_review" and refusal.value.detail["findings"]
        repo.refresh_from_db()
        assert repo.gate == ""


def test_the_check_tells_nothing_of_another_labs_private_model(lumen: Organization, sofia: User, rival: User) -> None:
    other = Organization.objects.get(slug="rival")
    model(other, "secret", "LicenseRef-Rival-Secret", visibility="private", card={"base_model": "rival/deeper"})

    def said(number: int, base: str) -> list[dict[str, object]]:
        with pytest.raises(Unprocessable) as refusal:
            publish(model(lumen, f"probe-{number}", "MIT", card={"base_model": base}), sofia)
        return [one for one in refusal.value.detail["findings"] if one["rule"] != "R5"]  # type: ignore[attr-defined]

    (hidden,), (absent,) = said(1, "rival/secret"), said(2, "rival/absent")
    assert hidden["message"] == str(absent["message"]).replace("absent", "secret")
    assert (hidden["rule"], hidden["license"]) == (absent["rule"], absent["license"]) == ("R13", "")


def test_who_may_not_offer_is_not_told_what_the_check_found(
    lumen: Organization, signatory: Signatory, ada: User
) -> None:
    signatory("ada", lumen, acts=["sign"])
    with pytest.raises(NoAuthority):
        publish(model(lumen, "unclear", ""), ada)


def test_known_licenses_of_the_model_and_its_bases_go_along_as_conditions(lumen: Organization, sofia: User) -> None:
    model(lumen, "base", "LicenseRef-Lumen-1.0")
    repo = model(lumen, "tuned", "MIT OR GPL-3.0-only", card={"base_model": ["Lumen/Base@main"]})
    offer = publish(repo, sofia)
    assert offer.verdict["verdict"] == "conditions"
    assert offer.terms["third_party"] == ["MIT OR GPL-3.0-only"]
    assert "MIT OR GPL" in queries.offer_texts(offer)["en"]


def test_the_offer_pins_the_newest_version_if_none_is_named(ngram: Repo, sofia: User) -> None:
    assert publish(ngram, sofia, revisions=()).revisions[0]["commit"] == COMMIT
    assert {one["commit"] for one in publish(ngram, sofia, revisions=(OTHER, COMMIT)).revisions} == {OTHER, COMMIT}
