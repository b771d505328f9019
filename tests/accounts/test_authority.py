"""The power to bind: two sides give it, nobody to themselves, and it ends at once."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import IntegrityError, transaction

from landbridge.accounts import queries, services
from landbridge.accounts.errors import SelfGrant
from landbridge.accounts.models import AuthorityRecord, Membership, Organization, Role, User
from landbridge.core import time
from landbridge.core.errors import NotAllowed
from tests.conftest import person

if TYPE_CHECKING:
    from tests.accounts.conftest import Caller

URL = "/api/v1/organizations/lumen/authority"
WISH = {
    "user": "carl",
    "title": "Head of Transfer",
    "basis": "sha256:1234",
    "types": ["EVAL"],
    "acts": ["offer", "sign"],
    "value_limit": 100_000,
    "currency": "EUR",
}


@pytest.fixture
def signer(carl: User, lumen: Organization) -> User:
    Membership.objects.create(user=carl, organization=lumen, role=Role.SIGNATORY)
    return carl


def may_sign(organization: Organization, user: User) -> bool:
    return queries.live_authority(organization=organization, person=user).exists()


def test_it_holds_once_an_owner_and_the_operator_have_both_said_so(
    bearer: "Caller", ada: User, olga: User, lumen: Organization, signer: User
) -> None:
    record = bearer(ada).post(URL, WISH, content_type="application/json").json()
    assert record["confirmed_by"] is None and not may_sign(lumen, signer)
    again = bearer(ada).post(f"{URL}/{record['id']}/confirm")
    assert again.status_code == 403, "one side does not confirm itself"
    assert bearer(olga).post(f"{URL}/{record['id']}/confirm").json()["confirmed_by"] == "olga"
    assert may_sign(lumen, signer)


def test_the_operator_may_begin_and_an_owner_confirms(
    bearer: "Caller", ada: User, olga: User, lumen: Organization, signer: User
) -> None:
    record = bearer(olga).post(URL, WISH, content_type="application/json").json()
    assert bearer(olga).post(f"{URL}/{record['id']}/confirm").status_code == 403
    assert bearer(ada).post(f"{URL}/{record['id']}/confirm").status_code == 200
    assert may_sign(lumen, signer)


def test_an_owner_does_not_confirm_what_an_owner_since_demoted_wrote(
    ada: User, olga: User, lumen: Organization, signer: User
) -> None:
    other = person("bea")
    Membership.objects.create(user=other, organization=lumen, role=Role.OWNER)
    record = services.grant_authority(actor=other, slug="lumen", username="carl", title="Head", basis="x")
    Membership.objects.filter(user=other, organization=lumen).update(role=Role.MEMBER)
    with pytest.raises(NotAllowed, match="The operator confirms"):
        services.confirm_authority(actor=ada, slug="lumen", record_id=record.pk)
    assert not may_sign(lumen, signer)
    services.confirm_authority(actor=olga, slug="lumen", record_id=record.pk)
    assert may_sign(lumen, signer)


def test_the_operator_who_owns_the_company_needs_another_of_the_operator(
    ada: User, olga: User, lumen: Organization, signer: User
) -> None:
    Membership.objects.create(user=olga, organization=lumen, role=Role.OWNER)
    record = services.grant_authority(actor=olga, slug="lumen", username="carl", title="Head", basis="x")
    for who in (olga, ada):
        with pytest.raises(NotAllowed, match="The operator confirms"):
            services.confirm_authority(actor=who, slug="lumen", record_id=record.pk)
    assert not may_sign(lumen, signer)


def test_nobody_grants_or_confirms_their_own(ada: User, olga: User, lumen: Organization) -> None:
    with pytest.raises(SelfGrant):
        services.grant_authority(actor=ada, slug="lumen", username="ada", title="CEO", basis="me")
    record = services.grant_authority(actor=olga, slug="lumen", username="ada", title="CEO", basis="me")
    with pytest.raises(SelfGrant):
        services.confirm_authority(actor=ada, slug="lumen", record_id=record.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        AuthorityRecord.objects.filter(pk=record.pk).update(granted_by=ada)
    with pytest.raises(IntegrityError), transaction.atomic():
        AuthorityRecord.objects.filter(pk=record.pk).update(confirmed_by=ada)


@pytest.mark.parametrize("role", [Role.MAINTAINER, Role.MEMBER, Role.SIGNATORY])
def test_only_owners_and_the_operator_grant(lumen: Organization, signer: User, role: Role, olga: User) -> None:
    Membership.objects.filter(user=signer).update(role=role)
    with pytest.raises(NotAllowed):
        services.grant_authority(actor=signer, slug="lumen", username="ada", title="CEO", basis="x")


def test_it_ends_when_revoked_when_its_day_comes_and_when_the_person_leaves(
    ada: User, olga: User, lumen: Organization, signer: User, settings: object
) -> None:
    def grant(**more: object) -> AuthorityRecord:
        record = services.grant_authority(
            actor=ada,
            slug="lumen",
            username="carl",
            title="Head",
            basis="x",
            **more,  # type: ignore[arg-type]
        )
        return services.confirm_authority(actor=olga, slug="lumen", record_id=record.pk)

    services.revoke_authority(actor=ada, slug="lumen", record_id=grant().pk)
    assert not may_sign(lumen, signer)
    grant(ends_at=time.db_now() + timedelta(days=1))
    assert may_sign(lumen, signer)
    settings.LANDBRIDGE_CLOCK_SHIFT = timedelta(days=2)  # type: ignore[attr-defined]
    assert not may_sign(lumen, signer)
    settings.LANDBRIDGE_CLOCK_SHIFT = timedelta(0)  # type: ignore[attr-defined]
    grant()
    services.remove_member(actor=ada, slug="lumen", username="carl")
    assert not may_sign(lumen, signer)


def test_strangers_do_not_see_who_may_sign(
    bearer: "Caller", lumen: Organization, signer: User, acme: Organization
) -> None:
    Membership.objects.filter(user=signer, organization=lumen).delete()
    assert bearer(signer).get(URL).status_code == 403
