"""Numbers, dates, texts, states: the pure parts."""

import string
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from landbridge.accounts.models import User
from landbridge.agreements import calendar, documents, numbers, queries
from landbridge.agreements.capabilities import capabilities_of
from landbridge.agreements.machine import AGREEMENT, BY_TIME, allowed_actions, state_at
from landbridge.agreements.models import Agreement, AgreementState, Offer
from landbridge.core.errors import Invalid
from landbridge.core.machine import Who
from landbridge_registry.models import Repo
from tests.agreements.conftest import COMMIT, publish, take

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
PAST, FUTURE = NOW - timedelta(days=1), NOW + timedelta(days=1)


def test_the_check_character_is_that_of_the_standard() -> None:
    """ISO 7064's own example for MOD 37,36: A12425GABC1234002 has the check character M."""
    assert numbers.check_character("A12425GABC1234002") == "M"


@given(
    slug=st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=12),
    place=st.integers(1, 99_999),
    at=st.integers(0, 1000),
    shift=st.integers(1, 35),
)
def test_one_wrong_character_is_always_found(slug: str, place: int, at: int, shift: int) -> None:
    number = numbers.compose(slug, "EVAL", 2026, place)
    assert numbers.well_formed(number)
    spots = [index for index, letter in enumerate(number) if letter in numbers.ALPHABET]
    spot = spots[at % len(spots)]
    wrong = numbers.ALPHABET[(numbers.ALPHABET.index(number[spot]) + shift) % 36]
    assert not numbers.well_formed(number[:spot] + wrong + number[spot + 1 :])


def test_a_local_day_ends_at_its_own_midnight() -> None:
    last, end = calendar.term(datetime(2026, 12, 31, 20, tzinfo=UTC), 89, ZoneInfo("Asia/Shanghai"))
    assert last == date(2027, 3, 31), "20:00 UTC is the first of January in Shanghai"
    assert end.isoformat() == "2027-03-31T16:00:00+00:00"


def test_a_skipped_midnight_begins_at_the_first_valid_instant() -> None:
    """Cairo and Beirut move their clocks at midnight; in Apia the thirtieth of December 2011 never was."""
    assert calendar.start_of(date(2027, 4, 30), ZoneInfo("Africa/Cairo")).isoformat() == "2027-04-29T22:00:00+00:00"
    assert calendar.start_of(date(2027, 3, 28), ZoneInfo("Asia/Beirut")).isoformat() == "2027-03-27T22:00:00+00:00"
    assert calendar.start_of(date(2011, 12, 30), ZoneInfo("Pacific/Apia")).isoformat() == "2011-12-30T10:00:00+00:00"


def test_a_doubled_midnight_is_the_first_of_the_two() -> None:
    """In Havana one o'clock becomes midnight again; in Cairo midnight becomes eleven, and the day begins later."""
    assert calendar.start_of(date(2027, 11, 7), ZoneInfo("America/Havana")).isoformat() == "2027-11-07T04:00:00+00:00"
    assert calendar.start_of(date(2027, 10, 29), ZoneInfo("Africa/Cairo")).isoformat() == "2027-10-28T22:00:00+00:00"


@given(day=st.dates(date(2020, 1, 1), date(2037, 12, 31)), name=st.sampled_from(sorted(available_timezones())))
def test_every_local_day_starts_where_its_date_begins(day: date, name: str) -> None:
    zone = ZoneInfo(name)
    start = calendar.start_of(day, zone)
    assert start.microsecond == 0
    assert start.astimezone(zone).date() >= day
    assert (start - timedelta(seconds=1)).astimezone(zone).date() < day


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(Invalid, match="Europe/Berlin"):
        calendar.zone_of("Mars/Olympus")


def test_words_of_a_party_are_never_markup(lumen: object, ngram: Repo, sofia: User, carl: User, dora: User) -> None:
    offer = publish(ngram, sofia, law="<script>alert(1)</script> [x](javascript:alert(1)) **bold** | cell")
    html = documents.html(queries.offer_texts(offer)["en"])
    assert "<script" not in html and "<a " not in html and "<strong>bold" not in html
    assert "&lt;script&gt;" in html and "| cell" in html


def test_the_text_names_parties_versions_and_its_mark_in_both_languages(taken: Agreement) -> None:
    texts = queries.revision_of(taken).texts
    assert set(texts) == set(documents.LANGUAGES)
    for text in texts.values():
        assert COMMIT in text and "Acme" in text and "2" * 64 in text and "{{" not in text and "clause:" not in text
    assert "Template default, needs counsel" in texts["en"] and "须经律师审阅" in texts["zh-hans"]


def test_a_demonstration_says_so_in_the_frozen_text(offer: Offer, carl: User, dora: User, settings: Settings) -> None:
    settings.LANDBRIDGE_DEMO = True
    text = queries.revision_of(take(offer, carl)).texts["en"]
    assert text.startswith("**DEMONSTRATION - not binding**")


def test_another_word_gives_another_digest(taken: Agreement) -> None:
    revision = queries.revision_of(taken)
    assert documents.terms_digest(revision.terms, revision.texts) == revision.terms_sha256
    changed = {**revision.texts, "zh-hans": revision.texts["zh-hans"].replace("90", "91", 1)}
    assert documents.terms_digest(revision.terms, changed) != revision.terms_sha256
    assert documents.terms_digest({**revision.terms, "seats": 6}, revision.texts) != revision.terms_sha256


def test_both_languages_have_the_same_clauses() -> None:
    template = documents.template("EVAL", documents.CURRENT["EVAL"])
    lists = [documents.CLAUSE.findall(text) for text in template.texts.values()]
    assert lists[0] == lists[1] and len(template.clauses) == 8
    places = [sorted(documents.PLACE.findall(text)) for text in template.texts.values()]
    assert places[0] == places[1]


def test_capabilities_come_from_type_and_terms_alone() -> None:
    terms = {"purposes": ["evaluation"], "seats": 3, "capabilities": {"download_weights": True, "finetune": True}}
    (only,) = capabilities_of("EVAL", terms)
    assert (only.name, only.quota, only.scope["seats"]) == ("download_weights", None, 3)
    assert capabilities_of("EVAL", {**terms, "capabilities": {"download_weights": False}}) == []
    (counted,) = capabilities_of("EVAL", {**terms, "capabilities": {"download_weights": 7}})
    assert counted.quota == 7


READY = ("sealed_at", "precedents_met_at", "effective_at")
FACTS = (*READY, "suspended_at", "terminated_at", "superseded_at", "voided_at")
instants = st.sampled_from([None, PAST, FUTURE])


@given(facts=st.fixed_dictionaries(dict.fromkeys(FACTS, instants)), end=st.sampled_from([PAST, FUTURE]))
def test_state_is_facts_and_time(facts: dict[str, datetime | None], end: datetime) -> None:
    over = end == PAST
    agreement = Agreement(executed_at=PAST, offer_until=PAST, ends_at=end, **facts)
    state = state_at(agreement, NOW)
    assert state in AgreementState.values
    if state == AgreementState.ACTIVE:
        assert all(facts[name] == PAST for name in READY) and not over
        assert facts["suspended_at"] is None and facts["voided_at"] is None
        assert facts["terminated_at"] != PAST and facts["superseded_at"] != PAST
    if over and facts["voided_at"] is None:
        assert state in {AgreementState.EXPIRED, AgreementState.TERMINATED, AgreementState.SUPERSEDED}


def test_the_table_reaches_every_state_that_is_not_a_later_rooms() -> None:
    reached = {move.target for move in AGREEMENT} | {target for _, target, _ in BY_TIME} | {AGREEMENT.initial}
    assert set(AgreementState.values) - reached == {AgreementState.VOIDED}


def test_what_a_side_may_do_is_read_from_the_table() -> None:
    waiting = Agreement(offer_until=FUTURE)
    assert allowed_actions(waiting, NOW, Who.LICENSEE) == ["sign", "decline"]
    assert allowed_actions(waiting, FUTURE, Who.LICENSEE) == [], "lapsed at its instant"
