"""Labs and companies: who makes them, who belongs, who may change that, and who is always left."""

import re
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.core import mail
from django.db import connection
from django.test import Client

from landbridge.accounts import services
from landbridge.accounts.errors import LastOwner
from landbridge.accounts.models import Invitation, Membership, Organization, OrganizationKind, Role, User
from landbridge.core import sweeps
from landbridge.core.models import Line
from landbridge_registry.models import Namespace
from tests.conftest import person

if TYPE_CHECKING:
    from tests.accounts.conftest import Caller

JSON = "application/json"
URL = "/api/v1/organizations"


def test_who_makes_an_organization_owns_it_and_its_namespace_is_its_slug(client: Client, ada: User) -> None:
    client.force_login(ada)
    answer = client.post(URL, {"slug": "Beacon", "kind": "lab", "country": "FR"}, content_type=JSON)
    assert (answer.status_code, answer["Location"]) == (201, f"{URL}/Beacon")
    assert answer.json()["role"] == "owner"
    assert Namespace.objects.get(name="Beacon").kind == "organization"
    assert Line.objects.filter(verb="organization.created", actor=ada).count() == 1


@pytest.mark.usefixtures("lumen")
@pytest.mark.parametrize(
    ("wish", "status", "code"),
    [
        ({"slug": "LUMEN", "kind": "lab"}, 409, "name_taken"),
        ({"slug": "ada", "kind": "lab"}, 409, "name_taken"),
        ({"slug": "models", "kind": "lab"}, 400, "bad_name"),
        ({"slug": "a--b", "kind": "lab"}, 400, "bad_name"),
        ({"slug": "beacon", "kind": "operator"}, 400, "invalid"),
        ({"slug": "beacon", "kind": "lab", "country": "France"}, 400, "invalid"),
        ({"slug": "beacon", "kind": "lab", "name": "a\u202eb"}, 400, "invalid"),
        ({"slug": "beacon", "kind": "lab", "color": "red"}, 400, "invalid"),
        ({"kind": "lab"}, 400, "invalid"),
    ],
)
def test_a_wish_that_cannot_be_met_says_why(
    client: Client, ada: User, wish: dict[str, str], status: int, code: str
) -> None:
    client.force_login(ada)
    answer = client.post(URL, wish, content_type=JSON)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["detail"]
    assert Organization.objects.count() == 1


@pytest.mark.usefixtures("lumen", "acme")
def test_everyone_sees_which_organizations_there_are_and_nobody_else_who_belongs(
    client: Client, bearer: "Caller", carl: User, ada: User
) -> None:
    assert [item["slug"] for item in client.get(URL).json()["items"]] == ["acme", "lumen"]
    assert [item["slug"] for item in client.get(f"{URL}?kind=lab").json()["items"]] == ["lumen"]
    assert client.get(f"{URL}/LUMEN").json()["slug"] == "lumen"
    assert client.get(f"{URL}/lumen/members").status_code == 401
    assert bearer(carl).get(f"{URL}/lumen/members").json()["code"] == "role_missing"
    members = bearer(ada).get(f"{URL}/lumen/members").json()["items"]
    assert [(row["user"], row["role"]) for row in members] == [("ada", "owner")]


def test_the_last_owner_stays(client: Client, ada: User, lumen: Organization, carl: User) -> None:
    client.force_login(ada)
    Membership.objects.create(user=carl, organization=lumen, role=Role.MEMBER)
    demoted = client.patch(f"{URL}/lumen/members/ada", {"role": "member"}, content_type=JSON)
    removed = client.delete(f"{URL}/lumen/members/ada")
    assert (demoted.status_code, demoted.json()["code"]) == (409, "last_owner")
    assert (removed.status_code, removed.json()["code"]) == (409, "last_owner")
    assert client.patch(f"{URL}/lumen/members/carl", {"role": "owner"}, content_type=JSON).status_code == 200
    assert client.delete(f"{URL}/lumen/members/ada").status_code == 204
    assert list(Membership.objects.values_list("user__username", "role")) == [("carl", "owner")]


def test_a_robot_that_owns_does_not_count_as_an_owner(ada: User, lumen: Organization) -> None:
    robot = services.create_robot(actor=ada, slug="lumen", name="ci", role=Role.OWNER)
    assert Membership.objects.get(user=robot).role == Role.OWNER
    with pytest.raises(LastOwner):
        services.remove_member(actor=ada, slug="lumen", username="ada")


def test_an_owner_who_was_switched_off_does_not_count(ada: User, lumen: Organization, carl: User) -> None:
    Membership.objects.create(user=carl, organization=lumen, role=Role.OWNER)
    carl.is_active = False
    carl.save()
    with pytest.raises(LastOwner):
        services.change_role(actor=ada, slug="lumen", username="ada", role=Role.MEMBER)


def test_two_owners_who_leave_at_once_do_not_both_leave(transactional_db: None) -> None:
    ada, carl = person("ada"), person("carl")
    services.create_organization(actor=ada, slug="lumen", kind=OrganizationKind.LAB)
    lumen = Organization.objects.get()
    Membership.objects.create(user=carl, organization=lumen, role=Role.OWNER)
    together, refused = threading.Barrier(2), []

    def leave(user: User) -> None:
        together.wait()
        try:
            services.remove_member(actor=user, slug="lumen", username=user.username)
        except LastOwner:
            refused.append(user.username)
        finally:
            connection.close()

    threads = [threading.Thread(target=leave, args=(user,)) for user in (ada, carl)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(refused) == 1
    assert list(Membership.objects.values_list("user__username", flat=True)) == refused


def test_members_change_nobodys_role_but_may_leave(
    bearer: "Caller", ada: User, lumen: Organization, carl: User
) -> None:
    Membership.objects.create(user=carl, organization=lumen, role=Role.MAINTAINER)
    client = bearer(carl)
    answer = client.patch(f"{URL}/lumen/members/carl", {"role": "owner"}, content_type=JSON)
    assert (answer.status_code, answer.json()["code"]) == (403, "role_missing")
    assert client.delete(f"{URL}/lumen/members/ada").status_code == 403
    assert client.delete(f"{URL}/lumen/members/Carl").status_code == 204


@pytest.mark.usefixtures("lumen", "invited")
class TestAnInvitation:
    @pytest.fixture
    def invited(self, client: Client, ada: User) -> Invitation:
        client.force_login(ada)
        answer = client.post(
            f"{URL}/lumen/invitations", {"email": "carl@example.org", "role": "maintainer"}, content_type=JSON
        )
        assert answer.status_code == 201, answer.content
        return Invitation.objects.get()

    def secret(self) -> tuple[str, str]:
        """The link's address and the secret in it, out of the one mail that went."""
        sweeps.run_once()
        (message,) = mail.outbox
        assert message.to == ["carl@example.org"]
        (link,) = re.findall(r"https?://[^/\s]+(/organizations/invitations/\S+)", str(message.body))
        return link, link.rpartition("/")[2]

    def test_its_mail_goes_once_even_if_its_message_was_lost(self) -> None:
        self.secret()
        sweeps.run_once()
        assert len(mail.outbox) == 1

    def test_the_link_of_the_mail_gives_the_place(self, carl: User) -> None:
        link, _ = self.secret()
        browser = Client()
        browser.force_login(carl)
        assert "lumen" in browser.get(link).content.decode().lower()
        assert not Membership.objects.filter(user=carl).exists(), "reading it takes nothing: scanners follow links"
        assert browser.post(link)["Location"] == "/lumen"
        assert Membership.objects.get(user=carl).role == Role.MAINTAINER

    def test_it_is_accepted_by_api_once(self, invited: Invitation, carl: User, bearer: "Caller") -> None:
        _, secret = self.secret()
        client, accept = bearer(carl), f"/api/v1/invitations/{invited.pk}/accept"
        assert client.post(accept, {"secret": secret}, content_type=JSON).json()["role"] == "maintainer"
        assert client.post(accept, {"secret": secret}, content_type=JSON).status_code == 410

    def test_without_its_secret_or_the_verified_address_it_gives_nothing(
        self, invited: Invitation, carl: User, bearer: "Caller"
    ) -> None:
        client, accept = bearer(carl), f"/api/v1/invitations/{invited.pk}/accept"
        for body in ({}, {"secret": "x" * 43}):
            answer = client.post(accept, body, content_type=JSON)
            assert (answer.status_code, answer.json()["code"]) == (403, "not_invited")

    def test_withdrawn_or_expired_it_gives_nothing(
        self, invited: Invitation, carl: User, client: Client, settings: object
    ) -> None:
        link, _ = self.secret()
        browser = Client()
        browser.force_login(carl)
        settings.LANDBRIDGE_CLOCK_SHIFT = timedelta(days=15)  # type: ignore[attr-defined]
        assert browser.post(link).status_code == 404
        settings.LANDBRIDGE_CLOCK_SHIFT = timedelta(0)  # type: ignore[attr-defined]
        assert client.delete(f"{URL}/lumen/invitations/{invited.pk}").status_code == 204
        assert browser.post(link).status_code == 404
        assert not Membership.objects.filter(user=carl).exists()


def test_only_the_operator_verifies(bearer: "Caller", ada: User, olga: User, lumen: Organization) -> None:
    assert bearer(ada).post(f"{URL}/lumen/verification").json()["code"] == "role_missing"
    answer = bearer(olga).post(f"{URL}/lumen/verification")
    assert answer.json()["verified_at"]
    assert bearer(olga).post(f"{URL}/lumen/verification").json()["verified_at"] == answer.json()["verified_at"]
