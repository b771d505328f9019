"""Who gets bytes: the predicate against what the contract says, and against an oracle written from the spec."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import DateTimeField, Value
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from landbridge.accounts.models import Membership, Organization, Role, Token, TokenKind, User
from landbridge.accounts.principals import Principal
from landbridge.accounts.tokens import digest_of
from landbridge.agreements import access, live, queries, sentences, services
from landbridge.agreements.access import Decision
from landbridge.agreements.models import Agreement, Grant, GrantedRevision, Seat
from landbridge.core import time
from landbridge.core.errors import NotFound
from landbridge_registry.models import Repo
from tests.agreements.conftest import COMMIT, OTHER, code_of, job_token
from tests.conftest import person

Clock = Callable[[timedelta], None]


def ask(repo: Repo, actor: User | None, token: Token | None = None, **changes: Any) -> Decision:  # noqa: ANN401 a question
    asked = {"capability": access.DOWNLOAD, "revision": COMMIT, "path": "model.safetensors"} | changes
    return access.decide(actor=actor, token=token, repo=repo, **asked)


def test_an_open_repository_is_open_to_everyone(ngram: Repo, carl: User) -> None:
    assert ask(ngram, None).code == ask(ngram, carl).code == "public"


def test_a_member_of_the_lab_needs_no_grant(licensed: Agreement, ada: User) -> None:
    assert ask(licensed.repo, ada).code == "member"


def test_the_operators_staff_get_no_weights(licensed: Agreement, olga: User) -> None:
    assert ask(licensed.repo, olga).code == "no_agreement"


def test_a_disabled_repository_is_closed_to_all(licensed: Agreement, ada: User, carl: User) -> None:
    Repo.objects.filter(pk=licensed.repo_id).update(disabled_reason="a court order")
    assert ask(licensed.repo, ada).code == ask(licensed.repo, carl).code == "disabled"


def test_before_the_signature_and_for_strangers_it_is_closed_with_a_way_forward(taken: Agreement, rival: User) -> None:
    waiting, stranger, nobody = (ask(taken.repo, who) for who in (taken.requested_by, rival, None))
    assert (waiting.code, waiting.page) == ("not_effective", f"/agreements/{taken.number}")
    assert (stranger.code, stranger.page) == ("no_agreement", "/lumen/ngram/license")
    assert (nobody.code, nobody.page) == ("sign_in", "/accounts/login/?next=/lumen/ngram/license")


def test_the_end_is_exact_to_the_second_with_no_worker_running(licensed: Agreement, carl: User, clock: Clock) -> None:
    assert licensed.ends_at is not None and licensed.ends_on is not None
    assert licensed.ends_at.isoformat() == f"{licensed.ends_on + timedelta(days=1)}T00:00:00+00:00"
    left = licensed.ends_at - time.db_now()
    clock(left - timedelta(seconds=2))
    assert ask(licensed.repo, carl).allowed
    clock(left + timedelta(milliseconds=50))
    assert ask(licensed.repo, carl).code == "expired"
    licensed.refresh_from_db()
    assert licensed.state == "executed", "no stamp was written; the facts decide"


def test_the_end_is_exact_to_the_millisecond(licensed: Agreement) -> None:
    """The statement's own comparison, with the database's time written as the database writes it."""
    assert licensed.ends_at is not None
    for offset, holds in ((-1, True), (0, False), (1, False)):
        at = licensed.ends_at + timedelta(milliseconds=offset)
        text = Value(at.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3])
        moment = text if connection.vendor == "sqlite" else Value(at, output_field=DateTimeField())
        assert Agreement.objects.filter(live.in_force(moment), pk=licensed.pk).exists() == holds


def test_suspension_closes_at_once_and_resuming_opens_again(licensed: Agreement, sofia: User, carl: User) -> None:
    services.suspend(number=licensed.number, reason="A claim is examined", actor=sofia)
    refused = ask(licensed.repo, carl)
    assert (refused.code, refused.page) == ("suspended", f"/agreements/{licensed.number}")
    services.resume(number=licensed.number, reason="The claim was withdrawn", actor=sofia)
    assert ask(licensed.repo, carl).allowed


def test_termination_is_for_good(licensed: Agreement, sofia: User, carl: User) -> None:
    services.terminate(number=licensed.number, reason="Breach of clause 2", totp=code_of(sofia), actor=sofia)
    assert ask(licensed.repo, carl).code == "terminated"


def test_a_seat_that_ended_closes_and_one_that_was_given_opens(
    licensed: Agreement, carl: User, acme: Organization
) -> None:
    eve = person("eve")
    Membership.objects.create(user=eve, organization=acme, role=Role.MEMBER)
    assert ask(licensed.repo, eve).code == "seat_revoked"
    services.give_seat(number=licensed.number, username="eve", actor=carl)
    assert ask(licensed.repo, eve).allowed
    services.end_seat(number=licensed.number, username="eve", actor=carl)
    assert ask(licensed.repo, eve).code == "seat_revoked"


def test_leaving_the_organization_ends_the_right_at_once(licensed: Agreement, dora: User) -> None:
    assert ask(licensed.repo, dora).allowed
    Membership.objects.filter(user=dora).delete()
    assert ask(licensed.repo, dora).code == "seat_revoked"


def test_only_the_named_version_is_open_even_if_main_moved(licensed: Agreement, carl: User) -> None:
    assert ask(licensed.repo, carl, revision=OTHER).code == "out_of_scope_revision"
    assert ask(licensed.repo, carl, revision=None).allowed


def test_purpose_file_and_country_are_judged_by_the_grants_scope(licensed: Agreement, carl: User) -> None:
    assert ask(licensed.repo, carl, purpose="evaluation").allowed
    assert ask(licensed.repo, carl, purpose="production").code == "purpose"
    Grant.objects.update(scope={"files": ["*.json"], "purposes": [], "territory": []})
    assert ask(licensed.repo, carl).code == "out_of_scope_file"
    assert ask(licensed.repo, carl, path="config.json").allowed
    Grant.objects.update(scope={"territory": ["FR"]})
    assert ask(licensed.repo, carl).code == "territory"


def test_a_quota_that_is_used_up_closes(licensed: Agreement, carl: User) -> None:
    Grant.objects.update(quota=2, used=2)
    assert ask(licensed.repo, carl).code == "out_of_quota"


def test_a_private_repository_looks_absent_to_strangers(licensed: Agreement, carl: User, rival: User) -> None:
    Repo.objects.filter(pk=licensed.repo_id).update(visibility="private")
    assert ask(licensed.repo, carl).allowed
    for stranger in (rival, None):
        refused = ask(licensed.repo, stranger)
        assert (refused.code, refused.page, refused.grant_id) == ("not_found", "", None)
    with pytest.raises(NotFound):
        queries.access_state(Principal(rival), licensed.repo)


def test_a_token_needs_the_scope_and_its_own_life(licensed: Agreement, carl: User) -> None:
    def token(**columns: Any) -> Token:  # noqa: ANN401 columns
        usual = {"user": carl, "name": "t", "prefix": "lb_", "digest": digest_of(str(columns)), "scopes": ["repo.read"]}
        return Token.objects.create(**(usual | {"expires_at": time.db_now() + timedelta(hours=1)} | columns))

    assert ask(licensed.repo, carl, token()).allowed
    assert ask(licensed.repo, carl, token(scopes=["read"])).code == "token_scope"
    assert ask(licensed.repo, carl, token(revoked_at=time.db_now())).code == "token_scope"
    assert ask(licensed.repo, carl, token(expires_at=time.db_now())).code == "token_scope"
    assert ask(licensed.repo, carl, token(kind=TokenKind.WORKER)).code == "token_scope"


def test_an_organizations_token_uses_only_its_own_grants(licensed: Agreement, carl: User, rival: User) -> None:
    other = Organization.objects.get(slug="rival")
    Membership.objects.create(user=carl, organization=other, role=Role.MEMBER)
    columns = {"user": carl, "name": "t", "scopes": ["repo.read"], "expires_at": time.db_now() + timedelta(hours=1)}
    for number, (entity, code) in enumerate(((licensed.licensee, "grant"), (other, "no_agreement"))):
        token = Token.objects.create(**columns, organization=entity, digest=str(number), kind=TokenKind.ROBOT)
        assert ask(licensed.repo, carl, token).code == code


def test_a_job_token_opens_what_its_job_was_given_and_nothing_else(licensed: Agreement, ada: User) -> None:
    token = job_token(ada, licensed.repo, COMMIT)
    assert ask(licensed.repo, ada, token).code == "job"
    assert ask(licensed.repo, ada, token, purpose="evaluation").code == "job"
    assert ask(licensed.repo, ada, token, purpose="production").code == "purpose"
    assert ask(licensed.repo, ada, token, revision=OTHER).code == "out_of_scope_revision"
    elsewhere = Repo.objects.create(type="model", namespace=licensed.repo.namespace, name="other")
    assert ask(elsewhere, ada, token).code == "token_scope", "not even an open one, not even the maker's own"
    Token.objects.filter(pk=token.pk).update(revoked_at=time.db_now())
    assert ask(licensed.repo, ada, token).code == "token_scope"


def test_three_statements_at_most(licensed: Agreement, carl: User, rival: User, ada: User, taken: Agreement) -> None:
    token = job_token(ada, licensed.repo, COMMIT)
    for actor, held in ((None, None), (carl, None), (rival, None), (ada, None), (ada, token)):
        with CaptureQueriesContext(connection) as made:
            ask(licensed.repo, actor, held)
        assert len(made) <= 3


def test_every_code_has_a_sentence_in_both_languages() -> None:
    for code in sentences.SENTENCES:
        english = sentences.sentence(code)
        assert english.endswith(".")
        with translation.override("zh-hans"):
            assert sentences.sentence(code) != english, f"{code} has no Chinese sentence"


@pytest.mark.parametrize(
    ("deed", "state"),
    [("", "active"), ("suspend", "suspended"), ("expire", "expired"), ("unseat", "suspended"), ("sign_out", "sign_in")],
)
def test_the_gates_word_for_where_the_caller_stands(
    licensed: Agreement, sofia: User, clock: Clock, deed: str, state: str
) -> None:
    carl = licensed.requested_by
    if deed == "suspend":
        services.suspend(number=licensed.number, reason="Examined", actor=sofia)
    if deed == "expire":
        clock(timedelta(days=100))
    if deed == "unseat":
        Seat.objects.update(ended_at=time.db_now())
    found = queries.access_state(Principal(None if deed == "sign_out" else carl), licensed.repo)
    assert found.state == state
    assert found.allowed == (state == "active")


def test_the_gates_word_before_an_agreement(taken: Agreement, carl: User, rival: User, ada: User) -> None:
    assert queries.access_state(Principal(carl), taken.repo).state == "signing"
    assert queries.access_state(Principal(rival), taken.repo).state == "request"
    assert queries.access_state(Principal(ada), taken.repo).state == "open"


# --- the oracle: what section 9 says, in plain Python over plain facts

WHEN = ("past", "future", None)
facts = st.fixed_dictionaries({
    "executed_at": st.sampled_from(["past", None]),
    "sealed_at": st.sampled_from(WHEN),
    "precedents_met_at": st.sampled_from(WHEN),
    "effective_at": st.sampled_from(["past", "future"]),
    "ends_at": st.sampled_from(["past", "future"]),
    "suspended_at": st.sampled_from(["past", None]),
    "terminated_at": st.sampled_from(WHEN),
    "superseded_at": st.sampled_from(WHEN),
    "voided_at": st.sampled_from(["past", None]),
    "grant_starts": st.sampled_from(["past", "future"]),
    "grant_ends": st.sampled_from(["past", "future"]),
    "seated": st.booleans(),
    "member": st.booleans(),
    "covered": st.booleans(),
    "spent": st.booleans(),
    "private": st.booleans(),
})  # fmt: skip


def oracle(fact: dict[str, Any]) -> bool:
    reached = {name for name, value in fact.items() if value == "past"}
    running = {"executed_at", "sealed_at", "precedents_met_at", "effective_at", "grant_starts"} <= reached
    over = reached & {"ends_at", "grant_ends", "suspended_at", "terminated_at", "superseded_at", "voided_at"}
    return running and not over and fact["seated"] and fact["member"] and fact["covered"] and not fact["spent"]


@examples(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fact=facts)
def test_the_statement_says_what_the_contract_says(
    licensed: Agreement, carl: User, acme: Organization, fact: dict[str, Any]
) -> None:
    now = time.db_now().replace(microsecond=0)
    instants = {"past": now - timedelta(days=1), "future": now + timedelta(days=1), None: None}
    columns = {name: instants[fact[name]] for name in fact if name.endswith("_at")}
    early = now - timedelta(days=9)
    if columns["executed_at"] is None:
        columns |= {"effective_at": None, "ends_at": None}
    else:  # an agreement has a term: its end lies after its beginning
        columns["effective_at"] = early if fact["effective_at"] == "past" else instants["future"]
        late = now + timedelta(days=9)
        columns["ends_at"] = instants["past"] if fact["ends_at"] == "past" else late
        if fact["effective_at"] == "future" and fact["ends_at"] == "past":
            columns["effective_at"], fact = early, {**fact, "effective_at": "past"}
    Agreement.objects.filter(pk=licensed.pk).update(**columns)
    Grant.objects.update(
        starts_at=instants[fact["grant_starts"]], ends_at=instants[fact["grant_ends"]], quota=1, used=int(fact["spent"])
    )
    Seat.objects.filter(user=carl).update(ended_at=None if fact["seated"] else now)
    Membership.objects.filter(user=carl).delete()
    if fact["member"]:
        Membership.objects.create(user=carl, organization=acme, role=Role.OWNER)
    GrantedRevision.objects.update(commit=COMMIT if fact["covered"] else OTHER)
    Repo.objects.filter(pk=licensed.repo_id).update(visibility="private" if fact["private"] else "public")
    decision = ask(licensed.repo, carl)
    assert decision.allowed == oracle(fact), decision
    if not decision.allowed and fact["private"]:
        assert decision.code == "not_found"
