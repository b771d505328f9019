"""The whole path by REST, and what each refusal answers."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from landbridge.accounts.models import Membership, Organization, Role, Token, TokenKind, User
from landbridge.accounts.tokens import digest_of, new_text
from landbridge.agreements import access, access_log, services, tasks
from landbridge.agreements.models import Agreement, Offer, Signature
from landbridge.core import ledger, sweeps, time
from landbridge.core.models import Line
from landbridge_registry.models import Repo
from tests.agreements.conftest import COMMIT, OTHER, code_of, model, wrong_code_of
from tests.conftest import person

API = "/api/v1"
Bearer = Callable[..., Client]
Clock = Callable[[timedelta], None]


def post(client: Client, path: str, body: dict[str, Any], key: str = "") -> Any:  # noqa: ANN401 the test client's answer
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(f"{API}{path}", body, content_type="application/json", headers=headers)


def test_the_whole_path_by_rest(ngram: Repo, sofia: User, dora: User, bearer: Bearer) -> None:
    lab, company = bearer(sofia), bearer(dora)
    made = post(lab, "/offers", {"model": "lumen/ngram", "totp": code_of(sofia), "days": 30}, "o1")
    assert made.status_code == 201, made.content
    offer = made.json()
    assert offer["state"] == "open" and offer["revisions"][0]["commit"] == COMMIT
    listed = company.get(f"{API}/offers?model=lumen/ngram").json()["items"]
    assert [one["id"] for one in listed] == [offer["id"]]
    shown = company.get(f"{API}/offers/{offer['id']}").json()
    assert set(shown["texts"]) == {"en", "zh-hans"} and shown["mark"] == "template default, needs counsel"
    body = {"organization": "acme", "purpose": "Routing of questions", "country": "DE"}
    taken = post(company, f"/offers/{offer['id']}/take", body, "t1")
    assert taken.status_code == 201, taken.content
    agreement = taken.json()
    assert agreement["state"] == "signing" and agreement["waits_for"] == ["dora"]
    assert agreement["allowed_actions"] == ["sign", "decline"]
    wish = {"statement_sha256": agreement["statement"]["sha256"], "totp": code_of(dora), "consent": True}
    path = f"/agreements/{agreement['number']}"
    assert post(company, f"{path}/sign", wish).json()["code"] == "idempotency_key_required"
    signed = post(company, f"{path}/sign", wish, "s1")
    assert (signed.status_code, signed.json()["state"]) == (200, "active"), signed.content
    again = post(company, f"{path}/sign", wish, "s1")
    assert again.headers["Idempotent-Replayed"] == "true" and again.json()["number"] == agreement["number"]
    assert post(company, f"{path}/sign", wish, "s2").status_code == 200, "the same signature again, by another key"
    (grant,) = company.get(f"{API}{path}/grants").json()["items"]
    assert grant["commits"] == [COMMIT] and grant["capability"] == "download_weights"
    text = company.get(f"{API}{path}/text?language=zh-hans").json()
    assert "评估许可" in text["markdown"] and [one["side"] for one in text["signatures"]] == ["licensor", "licensee"]
    license_ = company.get(f"{API}/models/lumen/ngram/license").json()
    assert license_["access"]["state"] == "active" and license_["access"]["agreement"] == agreement["number"]
    assert (
        company.get(f"{API}/agreements?state=active&side=licensee").json()["items"][0]["number"] == agreement["number"]
    )
    assert company.get(f"{API}/agreements?side=licensor").json()["items"] == []


def test_before_the_last_signature_no_signature_is_served(taken: Agreement, carl: User, bearer: Bearer) -> None:
    client = bearer(carl)
    text = client.get(f"{API}/agreements/{taken.number}/text").json()
    assert text["signatures"] == [] and text["seal"] is None
    body = client.get(f"{API}/agreements/{taken.number}").json()
    assert body["statement"] is None, "the statement is for who signs it"
    assert "platform_signature" not in str(body)
    assert "platform_signature" not in client.get(f"{API}/offers/{taken.offer_id}").content.decode()


def test_a_robot_prepares_and_a_person_signs(taken: Agreement, dora: User, sofia: User) -> None:
    for user, path in ((dora, f"/agreements/{taken.number}/sign"), (sofia, "/offers")):
        text = new_text()
        Token.objects.create(
            kind=TokenKind.ROBOT,
            user=user,
            name="robot",
            digest=digest_of(text),
            scopes=["agreements.sign"],
            expires_at=time.db_now() + timedelta(days=1),
        )
        client = Client(headers={"Authorization": f"Bearer {text}"})
        answer = post(client, path, {}, "r1")
        assert (answer.status_code, answer.json()["code"]) == (403, "person_required")


def test_a_refused_signature_leaves_a_line_and_no_row(taken: Agreement, dora: User, carl: User, bearer: Bearer) -> None:
    path = f"/agreements/{taken.number}/sign"
    wish = {"statement_sha256": "0" * 64, "totp": "000000", "consent": True}
    assert post(bearer(dora), path, wish, "1").json()["code"] == "text_changed"
    wish["statement_sha256"] = bearer(dora).get(f"{API}/agreements/{taken.number}").json()["statement_sha256"]
    assert post(bearer(dora), path, {**wish, "totp": wrong_code_of(dora)}, "2").json()["code"] == "step_up_required"
    assert post(bearer(carl), path, wish, "3").json()["code"] == "not_your_slot"
    lines = Line.objects.filter(verb="agreement.signature_refused").order_by("seq")
    assert [line.data["code"] for line in lines] == ["text_changed", "step_up_required", "not_your_slot"]
    assert not Signature.objects.filter(slot__side="licensee").exists()
    assert ledger.broken_at(lines[0].chain) is None


def test_somebody_elses_agreement_is_as_absent_as_none(licensed: Agreement, rival: User, bearer: Bearer) -> None:
    client = bearer(rival)
    for path in ("", "/text", "/grants", "/seats", "/access-log"):
        theirs = client.get(f"{API}/agreements/{licensed.number}{path}")
        absent = client.get(f"{API}/agreements/LB-LUMEN-EVAL-2026-99999-A{path}")
        assert theirs.status_code == absent.status_code == 404
        drop = {"instance", "request_id"}
        bodies = [{name: value for name, value in one.json().items() if name not in drop} for one in (theirs, absent)]
        assert bodies[0] == bodies[1]
    for action in ("suspend", "resume", "terminate", "sign", "decline", "withdraw"):
        answer = post(client, f"/agreements/{licensed.number}/{action}", {"reason": "Mine", "totp": "000000"}, action)
        assert answer.status_code == 404, action


def test_suspend_resume_terminate_by_rest(licensed: Agreement, sofia: User, carl: User, bearer: Bearer) -> None:
    lab, company, path = bearer(sofia), bearer(carl), f"/agreements/{licensed.number}"
    assert post(company, f"{path}/suspend", {"reason": "No"}).json()["code"] == "role_missing"
    assert post(lab, f"{path}/suspend", {}).status_code == 400
    suspended = post(lab, f"{path}/suspend", {"reason": "A claim is examined"}).json()
    assert (suspended["state"], suspended["reason"]) == ("suspended", "A claim is examined")
    assert suspended["allowed_actions"] == ["resume", "terminate"]
    refused = post(lab, f"{path}/suspend", {"reason": "Again"})
    assert (refused.status_code, refused.json()["code"]) == (409, "transition_refused")
    assert post(lab, f"{path}/resume", {"reason": "Cleared"}).json()["state"] == "active"
    ended = post(lab, f"{path}/terminate", {"reason": "Breach", "totp": code_of(sofia)}, "end")
    assert ended.json()["state"] == "terminated" and ended.json()["allowed_actions"] == []


def test_seats_by_rest(licensed: Agreement, carl: User, acme: Organization, bearer: Bearer) -> None:
    client, path = bearer(carl), f"/agreements/{licensed.number}/seats"
    assert post(client, path, {"user": "eve"}).json()["code"] == "not_a_member"
    for number in range(4):
        Membership.objects.create(user=person(f"user{number}"), organization=acme, role=Role.MEMBER)
    assert [post(client, path, {"user": f"user{number}"}).status_code for number in range(3)] == [201, 201, 201]
    assert post(client, path, {"user": "user0"}).status_code == 200
    full = post(client, path, {"user": "user3"})
    assert (full.status_code, full.json()["code"]) == (409, "no_seat_left")
    assert client.delete(f"{API}{path}/user0").status_code == 204
    assert client.delete(f"{API}{path}", {"user": "user1"}, content_type="application/json").status_code == 204
    assert post(client, path, {"user": "user3"}).status_code == 201
    held = {one["user"]: one["ended_at"] for one in client.get(f"{API}{path}").json()["items"]}
    assert held["user0"] and held["user3"] is None
    member = bearer(Membership.objects.get(user__username="user3").user)
    assert post(member, path, {"user": "user0"}).json()["code"] == "role_missing"
    assert member.get(f"{API}/agreements/{licensed.number}/access-log").status_code == 403
    assert member.delete(f"{API}{path}/user3").status_code == 204, "one's own seat is one's own to leave"


def test_an_offer_is_revoked_by_its_side_only(offer: Offer, carl: User, sofia: User, bearer: Bearer) -> None:
    path = f"/offers/{offer.pk}/revoke"
    assert post(bearer(carl), path, {"reason": "Mine"}).status_code == 403
    assert post(bearer(sofia), path, {"reason": "A new version"}).json()["state"] == "revoked"
    assert bearer(carl).get(f"{API}/offers").json()["items"] == []
    mine = bearer(sofia).get(f"{API}/offers?mine=true").json()["items"]
    assert [one["state"] for one in mine] == ["revoked"]


@pytest.mark.usefixtures("dora")
def test_an_unsigned_agreement_lapses_and_gives_its_place_back(
    offer: Offer, carl: User, bearer: Bearer, clock: Clock
) -> None:
    body = {"organization": "acme", "purpose": "Routing", "country": "DE"}
    number = post(bearer(carl), f"/offers/{offer.pk}/take", body).json()["number"]
    token = bearer(carl)
    clock(timedelta(days=14, seconds=1))
    shown = token.get(f"{API}/agreements/{number}").json()
    assert (shown["state"], shown["allowed_actions"]) == ("lapsed", []), "by time alone"
    offer.refresh_from_db()
    assert offer.taken == 1
    assert (tasks.lapse_unsigned(), tasks.lapse_unsigned()) == (1, 0)
    offer.refresh_from_db()
    assert offer.taken == 0


def test_the_sweeper_keeps_stamps_of_lists_fresh(licensed: Agreement, clock: Clock) -> None:
    assert {"agreements.lapse", "agreements.stamp"} <= set(sweeps.SWEEPS)
    assert tasks.stamp_states() == 1
    licensed.refresh_from_db()
    assert licensed.state == "active"
    clock(timedelta(days=100))
    assert (tasks.stamp_states(), tasks.stamp_states()) == (1, 0)
    licensed.refresh_from_db()
    assert licensed.state == "expired"


def test_bad_input_names_its_field(ngram: Repo, sofia: User, offer: Offer, carl: User, bearer: Bearer) -> None:
    take_it = f"/offers/{offer.pk}/take"
    cases: list[tuple[Client, str, dict[str, Any], str]] = [
        (bearer(sofia), "/offers", {"model": "lumen/ngram", "totp": "12"}, "/totp"),
        (bearer(sofia), "/offers", {"model": "lumen/ngram", "totp": "123456", "days": 0}, "/days"),
        (bearer(sofia), "/offers", {"model": "lumen/ngram", "totp": "123456", "revisions": ["main"]}, "/revisions/0"),
        (bearer(sofia), "/offers", {"model": "ngram", "totp": "123456"}, "/model"),
        (
            bearer(carl),
            take_it,
            {"organization": "acme", "purpose": "x", "country": "DE"},
            "/purpose",
        ),
        (
            bearer(carl),
            take_it,
            {"organization": "acme", "purpose": "xxx", "country": "Germany"},
            "/country",
        ),
    ]
    for number, (client, path, body, pointer) in enumerate(cases):
        answer = post(client, path, body, f"bad{number}")
        assert answer.status_code == 400, (path, answer.content)
        assert pointer in {fault["pointer"] for fault in answer.json()["errors"]}, answer.json()


def test_a_private_model_and_its_offer_are_absent_to_strangers(offer: Offer, carl: User, bearer: Bearer) -> None:
    Repo.objects.filter(pk=offer.repo_id).update(visibility="private")
    client = bearer(carl)
    for path in (
        f"/offers/{offer.pk}",
        "/offers?model=lumen/ngram",
        "/models/lumen/ngram/license",
        "/models/no/no/license",
    ):
        assert client.get(f"{API}{path}").status_code == 404, path
    assert client.get(f"{API}/offers").json()["items"] == []


def test_a_list_by_model_answers_alike_for_a_hidden_model_and_none(
    licensed: Agreement, lumen: Organization, carl: User, bearer: Bearer
) -> None:
    model(lumen, "hidden", visibility="private")
    client = bearer(carl)
    hidden, absent = (client.get(f"{API}/agreements?model=lumen/{name}") for name in ("hidden", "absent"))
    assert (hidden.status_code, hidden.json()["items"]) == (absent.status_code, absent.json()["items"]) == (200, [])
    (mine,) = client.get(f"{API}/agreements?model=Lumen/NGRAM").json()["items"]
    assert mine["number"] == licensed.number


def test_the_log_is_read_by_those_who_act_for_a_side(
    licensed: Agreement, sofia: User, carl: User, bearer: Bearer
) -> None:

    for commit in (COMMIT, OTHER):
        asked: dict[str, Any] = {"actor": carl, "token": None, "capability": access.DOWNLOAD, "revision": commit}
        asked["repo"] = licensed.repo
        access_log.begin(decision=access.decide(**asked, path="m"), **asked, path="m", address="192.0.2.7")
    for user in (sofia, carl):
        items = bearer(user).get(f"{API}/agreements/{licensed.number}/access-log").json()["items"]
        assert [one["code"] for one in items] == ["out_of_scope_revision", "grant"]
        assert "192.0.2.7" not in str(items)
    denied = bearer(sofia).get(f"{API}/agreements/{licensed.number}/access-log?decision=denied").json()["items"]
    assert [one["code"] for one in denied] == ["out_of_scope_revision"]
    services.end_seat(number=licensed.number, username="carl", actor=carl)
