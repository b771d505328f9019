"""Two at the same time, on real transactions: a cap is a cap, numbers have no gaps, a double click signs once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from landbridge.accounts.models import Organization, OrganizationKind, User
from landbridge.agreements import numbers, services, steps
from landbridge.agreements.errors import OfferExhausted
from landbridge.agreements.models import Agreement, Grant, NumberCounter, Offer, Signature
from landbridge.core import ledger
from landbridge.core.errors import DomainError
from landbridge_registry.models import Repo
from tests.agreements.conftest import Signatory, code_of, publish, sign, take
from tests.conftest import organization, person

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*deeds: Callable[[], Any]) -> list[Any]:
    """What each deed answered or raised, all begun at the same moment, each on a connection of its own."""
    barrier = Barrier(len(deeds))

    def run(deed: Callable[[], Any]) -> Any:  # noqa: ANN401 what the deed answers
        barrier.wait(timeout=20)
        try:
            return deed()
        except DomainError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(run, deeds))


@pytest.fixture
def companies(signatory: Signatory) -> list[User]:
    """Six companies, each with an owner who may sign."""
    people = []
    for number in range(6):
        user = person(f"boss{number}")
        signatory(user.username, organization(f"firm{number}", OrganizationKind.COMPANY, user))
        people.append(user)
    return people


@pytest.mark.usefixtures("transactional_db")
def test_of_six_takers_as_many_get_it_as_the_cap_says(ngram: Repo, sofia: User, companies: list[User]) -> None:
    offer = publish(ngram, sofia, cap=2)
    results = at_once(
        *(lambda who=who, number=number: take(offer, who, f"firm{number}") for number, who in enumerate(companies))
    )
    taken = [one for one in results if isinstance(one, Agreement)]
    assert len(taken) == 2
    assert all(isinstance(one, OfferExhausted) for one in results if one not in taken)
    offer.refresh_from_db()
    assert offer.taken == 2
    assert sorted(one.number.split("-")[-2] for one in taken) == ["00001", "00002"]
    assert NumberCounter.objects.get().last == 2
    assert all(numbers.well_formed(one.number) for one in taken)
    assert ledger.broken_at(steps.chain_of(offer.licensor)) is None


@pytest.mark.usefixtures("transactional_db")
def test_a_double_click_signs_once(ngram: Repo, sofia: User, companies: list[User]) -> None:
    boss = companies[0]
    agreement = take(publish(ngram, sofia), boss, "firm0")
    code = code_of(boss)
    results = at_once(*[lambda: sign(agreement, boss, totp=code)] * 3)
    assert sorted(one.fresh for one in results if not isinstance(one, DomainError)) == [False, False, True]
    assert Signature.objects.filter(slot__side="licensee").count() == 1
    assert Grant.objects.count() == 1


@pytest.mark.usefixtures("transactional_db")
def test_revoking_an_offer_while_takers_decline_and_take_stops_nobody(
    ngram: Repo, sofia: User, companies: list[User]
) -> None:
    offer = publish(ngram, sofia, cap=50)
    waiting = [take(offer, who, f"firm{number}") for number, who in enumerate(companies[:4])]
    results = at_once(
        lambda: services.revoke_offer(offer_id=offer.pk, reason="Over", actor=sofia),
        *(
            lambda one=one, who=who: services.decline(number=one.number, reason="No", actor=who)
            for one, who in zip(waiting, companies[:4], strict=True)
        ),
        lambda: take(offer, companies[4], "firm4"),
    )
    assert isinstance(results[0], Offer)
    offer.refresh_from_db()
    assert offer.revoked_at is not None and offer.taken == 0
    assert not Agreement.objects.filter(withdrawn_at=None, declined_at=None).exists()


@pytest.mark.usefixtures("transactional_db")
def test_signing_and_withdrawing_at_once_leaves_one_truth(ngram: Repo, sofia: User, companies: list[User]) -> None:
    boss = companies[0]
    offer = publish(ngram, sofia)
    agreement = take(offer, boss, "firm0")
    code = code_of(boss)
    at_once(
        lambda: sign(agreement, boss, totp=code),
        lambda: services.withdraw(number=agreement.number, reason="Too late", actor=sofia),
    )
    agreement.refresh_from_db()
    assert (agreement.executed_at is None) == (agreement.withdrawn_at is not None)
    assert Grant.objects.exists() == (agreement.executed_at is not None)
    assert Offer.objects.get().taken == (1 if agreement.executed_at else 0)
    assert Organization.objects.filter(slug="firm0").exists()
