"""An express license through pages: offered, taken, signed, used; and every refusal a sentence on the form."""

import pytest
from django.test import Client

from landbridge.accounts.models import Organization, User
from landbridge.agreements.access import DOWNLOAD, decide
from landbridge.agreements.models import Agreement, AgreementState, Offer, Statement
from landbridge.agreements.queries import current_state
from landbridge.portal.once import new_key
from landbridge.submissions.models import Submission
from tests.agreements.conftest import code_of, publish, take, wrong_code_of
from tests.portal.conftest import Browser

pytestmark = pytest.mark.django_db
OFFER = {"days": 30, "seats": 2, "cap": 10, "countries": "", "law": "", "consent": "on"}
TAKE = {"organization": "acme", "purpose": "Routing of customer questions", "country": "DE"}


def may_download(user: User, submission: Submission) -> bool:
    asked = {"actor": user, "token": None, "capability": DOWNLOAD, "repo": submission.repo, "path": "landbridge.json"}
    return decide(**asked, revision=submission.commit).allowed  # type: ignore[arg-type]


@pytest.fixture
def offer(submitted: Submission, sofia: User) -> Offer:
    return publish(submitted.repo, sofia, revisions=(submitted.commit,))


@pytest.fixture
def waiting(offer: Offer, acme: Organization, carl: User, dora: User) -> Agreement:
    return take(offer, carl)


def test_a_signatory_offers_and_the_weights_close(
    browser: Browser, submitted: Submission, sofia: User, carl: User
) -> None:
    assert may_download(carl, submitted)
    answer = browser(sofia).post("/lumen/majority/offer", {**OFFER, "totp": code_of(sofia)})
    assert answer.status_code == 302, answer.content.decode()
    assert Offer.objects.get().terms["days"] == 30
    assert not may_download(carl, submitted)


def test_an_offer_needs_the_code_and_the_consent(browser: Browser, submitted: Submission, sofia: User) -> None:
    client = browser(sofia)
    wrong = client.post("/lumen/majority/offer", {**OFFER, "totp": wrong_code_of(sofia)})
    assert wrong.status_code == 400 and "This code is not right" in wrong.content.decode()
    unread = client.post("/lumen/majority/offer", {**OFFER, "consent": "", "totp": code_of(sofia)})
    assert unread.status_code == 400
    assert not Offer.objects.exists()


def test_who_has_no_authority_is_told_where_it_is_recorded(browser: Browser, submitted: Submission, ada: User) -> None:
    html = browser(ada).get("/lumen/majority/offer").content.decode()
    assert "/organizations/lumen/authority" in html and "totp" not in html


@pytest.mark.usefixtures("acme")
def test_a_member_takes_and_the_signatory_signs(
    browser: Browser, submitted: Submission, offer: Offer, carl: User, dora: User
) -> None:
    taken = browser(carl).post("/lumen/majority/license", {**TAKE, "offer": offer.pk, "once": new_key()})
    agreement = Agreement.objects.get()
    assert taken["Location"] == f"/agreements/{agreement.number}"
    assert "I have read the text" not in browser(carl).get(taken["Location"]).content.decode(), "dora signs"
    page = browser(dora).get(taken["Location"]).content.decode()
    statement = Statement.objects.get(slot__person=dora)
    assert statement.sha256 in page and "I, dora, sign for" in page
    assert not may_download(dora, submitted)
    signed = browser(dora).post(
        f"/agreements/{agreement.number}/sign", {"statement": statement.sha256, "consent": "on", "totp": code_of(dora)}
    )
    assert signed.status_code == 302, signed.content.decode()
    assert may_download(dora, submitted) and may_download(carl, submitted)
    assert "landbridge download lumen/majority" in browser(dora).get(taken["Location"]).content.decode()


def test_a_double_click_takes_once(browser: Browser, offer: Offer, acme: Organization, carl: User, dora: User) -> None:
    wish = {**TAKE, "offer": offer.pk, "once": new_key()}
    first, again = (browser(carl).post("/lumen/majority/license", wish) for _ in range(2))
    assert first["Location"] == again["Location"]
    offer.refresh_from_db()
    assert offer.taken == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"purpose": "short"}, "at least 10 characters"),
        ({"country": "Germany"}, "two letters"),
        ({"country": "FR"}, "is recorded in DE"),
        ({"organization": "lumen"}, "valid choice"),
        ({"offer": "0" * 26}, "nothing at this address"),
    ],
)
@pytest.mark.usefixtures("acme", "dora")
def test_a_wish_that_does_not_fit_is_refused_on_the_form(
    browser: Browser, offer: Offer, carl: User, changes: dict[str, str], said: str
) -> None:
    answer = browser(carl).post("/lumen/majority/license", {**TAKE, "offer": offer.pk, **changes})
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert not Agreement.objects.exists()


def test_another_text_than_the_one_shown_cannot_be_signed(browser: Browser, waiting: Agreement, dora: User) -> None:
    wish = {"statement": "0" * 64, "consent": "on", "totp": code_of(dora)}
    answer = browser(dora).post(f"/agreements/{waiting.number}/sign", wish)
    assert answer.status_code == 400
    assert "another statement" in answer.content.decode()
    assert current_state(waiting) == AgreementState.SIGNING


def test_refusals_are_told_in_chinese_too(browser: Browser, waiting: Agreement, dora: User) -> None:
    client = browser(dora)
    client.cookies["django_language"] = "zh-hans"
    statement = Statement.objects.get(slot__person=dora)
    wish = {"statement": statement.sha256, "consent": "on", "totp": wrong_code_of(dora)}
    assert "请确认是您本人" in client.post(f"/agreements/{waiting.number}/sign", wish).content.decode()


def test_the_lab_suspends_with_a_reason_that_both_sides_read(
    browser: Browser, waiting: Agreement, sofia: User, dora: User, submitted: Submission
) -> None:
    statement = Statement.objects.get(slot__person=dora)
    wish = {"statement": statement.sha256, "consent": "on", "totp": code_of(dora)}
    browser(dora).post(f"/agreements/{waiting.number}/sign", wish)
    browser(sofia).post(f"/agreements/{waiting.number}/suspend", {"reason": "A fault in the weights."})
    assert not may_download(dora, submitted)
    assert "A fault in the weights." in browser(dora).get(f"/agreements/{waiting.number}").content.decode()
    browser(sofia).post(f"/agreements/{waiting.number}/resume", {"reason": "Repaired."})
    assert may_download(dora, submitted)


def test_an_owner_gives_and_ends_seats(
    browser: Browser, waiting: Agreement, carl: User, dora: User, submitted: Submission
) -> None:
    statement = Statement.objects.get(slot__person=dora)
    wish = {"statement": statement.sha256, "consent": "on", "totp": code_of(dora)}
    browser(dora).post(f"/agreements/{waiting.number}/sign", wish)
    assert may_download(dora, submitted)
    browser(carl).post(f"/agreements/{waiting.number}/seats", {"username": "dora", "end": "yes"})
    assert not may_download(dora, submitted)
    browser(carl).post(f"/agreements/{waiting.number}/seats", {"username": "dora"})
    assert may_download(dora, submitted)


def test_strangers_find_no_agreement(client: Client, browser: Browser, waiting: Agreement, olga: User) -> None:
    path = f"/agreements/{waiting.number}"
    assert browser(olga).get(path).status_code == browser(olga).post(f"{path}/sign", {}).status_code == 404
    assert client.get(path).status_code == 302
