"""Promises of re-screening: findings are told, only a person suspends, holders hear of it and keep what they have."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from django.test import Client

from landbridge.accounts.models import Membership, Organization, OrganizationKind, Role, User
from landbridge.agreements.access import DOWNLOAD, decide
from landbridge.agreements.errors import ListingSuspended
from landbridge.agreements.models import Agreement
from landbridge.agreements.queries import live_offers
from landbridge.core import time
from landbridge.core.errors import TransitionRefused
from landbridge.core.models import Line
from landbridge.submissions.models import LateFinding, Notice, Rescreening
from landbridge.submissions.rescreening import examining, queries, services, tasks
from landbridge_plugins import Finding
from landbridge_registry import sealing
from landbridge_registry.models import Repo, Revision
from tests.agreements.conftest import COMMIT, authorize, publish, take
from tests.conftest import organization, person
from tests.registry.kit import add, land, new_repo

CARD = b"---\nlicense: apache-2.0\n---\nA model.\n"
MARKER = b'{"schema": "landbridge.model/1", "slug": "majority"}'
REASON = "The weights hide a second file."


def sealed(repo: Repo, *more: Any) -> Revision:  # noqa: ANN401 changes of a commit
    commit = land(repo, add("README.md", CARD), add("landbridge.json", MARKER), *more)
    with transaction.atomic():
        return sealing.seal(repo=repo, commit=commit, at=time.db_now(), reason="test", subject="test:1")


def age(revision: Revision, days: int = 8) -> None:
    row = Rescreening.objects.get(revision=revision)
    Rescreening.objects.filter(pk=row.pk).update(checked_at=row.checked_at - timedelta(days=days))


@pytest.fixture
def weights(lumen: Organization) -> Revision:
    return sealed(new_repo("weights", "lumen"))


@pytest.fixture
def stale_rule(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Finding]]:
    """A rule of today that the version breaks: what ``screen`` would say with it."""
    found = [Finding(code="weights_hidden", message="model.safetensors hides bytes.", blocking=True)]
    monkeypatch.setattr(examining, "late_findings", lambda _revision: found)
    return found  # type: ignore[return-value]


def finding(revision: Revision, actor: User) -> LateFinding:
    tasks.sweep()
    age(revision)
    assert tasks.sweep() == 1
    return LateFinding.objects.get(revision=revision)


def test_a_version_that_is_still_good_is_looked_at_weekly_and_when_rules_change(
    weights: Revision, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tasks.sweep() == 0, "it was screened when it was sealed"
    age(weights)
    assert tasks.sweep() == 1 and tasks.sweep() == 0
    assert not LateFinding.objects.exists()
    monkeypatch.setattr(examining, "rules", lambda: "f" * 64)
    assert tasks.sweep() == 1 and Rescreening.objects.get().rules == "f" * 64


def test_what_todays_rules_refuse_is_found_in_the_stored_files(lumen: Organization, olga: User, ada: User) -> None:
    """Sealed by older rules, which took a pickle."""
    revision = sealed(new_repo("old", "lumen"), add("model.bin", b"\x80\x04K\x01."))
    found = finding(revision, olga)
    assert found.state == "open" and "model.bin" in found.message
    assert not Repo.objects.get(name="old").suspended_reason, "a finding suspends nothing by itself"
    assert {notice.user for notice in Notice.objects.all()} == {ada, olga}
    assert tasks.sweep_notices() == 2 and {to for one in mail.outbox for to in one.to} == {ada.email, olga.email}
    assert tasks.sweep_notices() == 0 and len(mail.outbox) == 2
    age(revision)
    assert tasks.sweep() == 1 and LateFinding.objects.count() == 1, "found once, told once"
    assert Line.objects.filter(verb="late_finding.found").count() == 1


def test_what_cannot_be_read_blames_nobody_and_is_tried_again(
    weights: Revision, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_revision: Revision) -> list[Finding]:
        raise examining.Unreadable

    tasks.sweep()
    age(weights)
    monkeypatch.setattr(examining, "late_findings", broken)
    assert tasks.sweep() == 0 and not LateFinding.objects.exists() and not queries.due(10)


def test_a_suspended_listing_takes_no_order_and_holders_are_told_and_keep_what_they_have(
    licensed: Agreement,
    client: Client,
    olga: User,
    stale_rule: list[Finding],
) -> None:
    repo, revision = licensed.repo, Revision.objects.get(repo=licensed.repo, commit=COMMIT)
    found = finding(revision, olga)
    offer = licensed.offer
    assert offer is not None
    services.decide_finding(finding_id=found.pk, action="suspend", reason=REASON, actor=olga)
    repo.refresh_from_db()
    assert "weights_hidden" in repo.suspended_reason
    told = Notice.objects.filter(about="suspended", holder=True)
    assert {one.user for one in told} == queries.holders(repo) != set()
    tasks.sweep_notices()
    holder = next(one for one in mail.outbox if "You hold a license" in one.body)
    assert REASON in holder.body and "suspended" in holder.subject
    client.force_login(told[0].user)
    page = client.get(f"/agreements/{licensed.number}").content.decode()
    assert "A finding in this model" in page
    assert not live_offers(repo).exists()
    with pytest.raises(ListingSuspended):
        publish(repo, offer.signed_by)
    rival = organization("rival", OrganizationKind.COMPANY, person("rita"))
    authorize(User.objects.get(username="rita"), rival, olga)
    with pytest.raises(ListingSuspended):
        take(offer, User.objects.get(username="rita"), entity=rival.slug)
    kept = decide(
        actor=told[0].user, token=None, capability=DOWNLOAD, repo=repo, revision=COMMIT, path="model.safetensors"
    )
    assert kept.allowed, "what was licensed goes on"
    services.decide_finding(finding_id=found.pk, action="lift", reason="A new version replaced it.", actor=olga)
    repo.refresh_from_db()
    assert repo.suspended_reason == "" and live_offers(repo).exists()
    with pytest.raises(TransitionRefused):
        services.decide_finding(finding_id=found.pk, action="suspend", reason="again", actor=olga)


def test_a_dismissed_finding_stays_dismissed(weights: Revision, olga: User, stale_rule: list[Finding]) -> None:
    found = finding(weights, olga)
    services.decide_finding(finding_id=found.pk, action="dismiss", reason="A false alarm.", actor=olga)
    age(weights)
    assert tasks.sweep() == 1 and LateFinding.objects.get().state == "dismissed"
    assert Line.objects.filter(verb="late_finding.dismissed").exists()


def test_only_a_person_of_the_operator_decides(  # noqa: PLR0913, PLR0917 the whole cast
    weights: Revision, ada: User, olga: User, carl: User, stale_rule: list[Finding], client: Client
) -> None:
    found = finding(weights, olga)
    address = f"/submissions/late-findings/{found.pk}/suspend"
    for user, status in ((ada, 403), (carl, 403)):
        client.force_login(user)
        assert client.post(address, {"reason": REASON}).status_code == status
    client.force_login(ada)
    assert "weights_hidden" in client.get("/submissions/late-findings").content.decode()
    client.force_login(carl)
    assert "weights_hidden" not in client.get("/submissions/late-findings").content.decode()
    client.force_login(olga)
    assert client.post(address, {"reason": ""}).status_code == 422
    assert client.post(address, {"reason": REASON}).status_code == 302
    found.refresh_from_db()
    assert "The listing is suspended" in client.get("/lumen/weights").content.decode()
    assert (found.state, found.decided_by, found.reason) == ("suspended", olga, REASON)
    assert Membership.objects.filter(user=olga, role=Role.OWNER).exists()
