"""A robot does for its side what the person who made its token may do today, and nothing above."""

from collections.abc import Callable

import pytest
from django.test import Client

from landbridge.accounts.models import Membership, Organization, Role, Token, User
from landbridge.accounts.services import issue_organization_token
from landbridge.accounts.tokens import SCOPES
from landbridge.agreements import access, lineage, services
from landbridge.agreements.models import Agreement, Offer
from landbridge.core.errors import NotAllowed
from tests.agreements.conftest import COMMIT, publish
from tests.conftest import person

API = "/api/v1"
Robot = tuple[Client, Token]


@pytest.fixture
def robot() -> Callable[[Organization], Robot]:
    """A maintainer robot of the organization whose token was made by ``eve``, an owner beside the others."""

    def make(entity: Organization) -> Robot:
        eve = person("eve")
        Membership.objects.create(user=eve, organization=entity, role=Role.OWNER)
        scopes = [one for one in SCOPES if one != "agreements.sign"]
        issued = issue_organization_token(actor=eve, slug=entity.slug, name="ci", scopes=scopes, role=Role.MAINTAINER)
        return Client(headers={"Authorization": f"Bearer {issued.text}"}), issued.token

    return make


def demote() -> None:
    Membership.objects.filter(user__username="eve").update(role=Role.MEMBER)


def leave() -> None:
    """Only the membership goes: the token is not revoked with it."""
    Membership.objects.filter(user__username="eve").delete()


def send(client: Client, path: str, **body: str) -> int:
    return client.post(f"{API}{path}", body, content_type="application/json").status_code


def test_it_ends_nothing_for_its_side_once_its_maker_is_a_member(
    licensed: Agreement, lumen: Organization, robot: Callable[[Organization], Robot]
) -> None:
    client, token = robot(lumen)
    path = f"/agreements/{licensed.number}"
    shown = client.get(f"{API}{path}").json()
    assert shown["allowed_actions"] == ["suspend", "terminate"]
    assert send(client, f"{path}/suspend", reason="Late") == send(client, f"{path}/resume", reason="Paid") == 200
    demote()
    assert send(client, f"{path}/suspend", reason="Late") == 404
    assert client.get(f"{API}{path}").status_code == client.get(f"{API}{path}/access-log").status_code == 404
    assert client.get(f"{API}/agreements").json()["items"] == []
    with pytest.raises(NotAllowed):
        services.suspend(number=licensed.number, reason="Late", actor=token.user, token=token)
    licensed.refresh_from_db()
    assert licensed.suspended_at is None


def test_it_withdraws_no_offer_once_its_maker_is_a_member(
    offer: Offer, lumen: Organization, robot: Callable[[Organization], Robot]
) -> None:
    client, _ = robot(lumen)
    demote()
    assert send(client, f"/offers/{offer.pk}/revoke", reason="Over") == 403
    offer.refresh_from_db()
    assert offer.revoked_at is None


def test_it_gives_no_seats_and_takes_nothing_once_its_maker_is_gone(
    licensed: Agreement, acme: Organization, sofia: User, robot: Callable[[Organization], Robot]
) -> None:
    _, token = robot(acme)
    Membership.objects.create(user=person("paul"), organization=acme, role=Role.MEMBER)
    services.give_seat(number=licensed.number, username="paul", actor=token.user, token=token)
    demote()
    with pytest.raises(NotAllowed, match="gives and ends seats"):
        services.end_seat(number=licensed.number, username="paul", actor=token.user, token=token)
    leave()
    with pytest.raises(NotAllowed, match="do not belong"):
        services.take_offer(
            offer_id=publish(licensed.repo, sofia).pk,
            organization="acme",
            purpose="Routing of questions",
            country="DE",
            verdict=lineage.Verdict(()),
            actor=token.user,
            token=token,
        )


def test_it_reads_no_weights_once_its_maker_is_gone(
    licensed: Agreement, lumen: Organization, acme: Organization, robot: Callable[[Organization], Robot]
) -> None:
    def ask(token: Token) -> str:
        return access.decide(
            actor=token.user,
            token=token,
            capability=access.DOWNLOAD,
            repo=licensed.repo,
            revision=COMMIT,
            path="model.safetensors",
        ).code

    _, ours = robot(lumen)
    theirs = issue_organization_token(
        actor=User.objects.get(username="dora"), slug="acme", name="ci", scopes=["repo.read"]
    ).token
    services.give_seat(number=licensed.number, username=theirs.user.username, actor=User.objects.get(username="dora"))
    assert (ask(ours), ask(theirs)) == ("member", "grant")
    leave()
    Membership.objects.filter(user__username="dora").delete()
    assert (ask(ours), ask(theirs)) == ("token_scope", "token_scope")
