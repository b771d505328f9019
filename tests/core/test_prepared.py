"""Statements built once say what Django's own would, and are built once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection
from django.db.models import F
from django.db.models.sql.compiler import SQLCompiler
from pytest_django.fixtures import Settings

from landbridge.accounts.models import Membership, Organization, Token, User
from landbridge.core import time
from landbridge.core.models import KeyUse, SigningKey
from landbridge.core.prepared import Prepared, PreparedUpdate, insert, slot

SINCE = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)


def key(name: str = "one", **columns: object) -> SigningKey:
    given = {"keyid": name, "public": name, "use": KeyUse.WORKER, "name": name, "valid_from": SINCE}
    return SigningKey(**{**given, **columns})


def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that Django builds from here on."""
    texts: list[str] = []
    own: Callable[..., tuple[str, tuple[object, ...]]] = SQLCompiler.as_sql

    def seen(self: SQLCompiler, *given: object, **named: object) -> tuple[str, tuple[object, ...]]:
        text = own(self, *given, **named)
        texts.append(text[0])
        return text

    monkeypatch.setattr(SQLCompiler, "as_sql", seen)
    return texts


def test_a_query_is_built_once_however_often_it_is_asked(lumen: Organization, monkeypatch: pytest.MonkeyPatch) -> None:
    by_slug = Prepared(lambda: Organization.objects.filter(slug=slot(Organization, "slug")))
    texts = built(monkeypatch)
    assert [by_slug.first(slug=slug) for slug in ("lumen", "nobody", "lumen")] == [lumen, None, lumen]
    assert len(texts) == 1


def test_objects_come_with_what_was_selected_beside_them(
    lumen: Organization, ada: User, django_assert_num_queries: Callable[[int], object]
) -> None:
    rows = Prepared(
        lambda: (
            Membership.objects.filter(user=slot(Membership, "user"))
            .select_related("organization__namespace")
            .annotate(at=time.now(), twice=F("pk"))
        )
    )
    plain = Membership.objects.get(user=ada)
    (found,) = rows.all(user=ada)
    with django_assert_num_queries(0):  # type: ignore[attr-defined] # a context manager
        assert found.organization.namespace == lumen.namespace
        assert (found, found.role, found.created_at) == (plain, plain.role, plain.created_at)
        assert found.twice == plain.pk
    at: datetime = found.at
    assert abs(at - time.db_now()) < timedelta(seconds=60)
    found.role = "member"
    found.save()
    assert Membership.objects.get(user=ada).role == "member", "an object like any other"


def test_a_key_may_be_given_as_its_object_or_as_itself(lumen: Organization, ada: User) -> None:
    rows = Prepared(lambda: Membership.objects.filter(user=slot(Membership, "user")))
    assert rows.all(user=ada) == rows.all(user=ada.pk) == list(Membership.objects.filter(user=ada))


def test_values_lists_are_rows(lumen: Organization) -> None:
    rows = Prepared(lambda: Organization.objects.order_by("slug").values_list("slug", "created_at"))
    assert [tuple(row) for row in rows.rows()] == list(Organization.objects.values_list("slug", "created_at"))


def test_an_update_fills_new_values_and_conditions_and_counts(db: None) -> None:
    key().save()
    until = PreparedUpdate(
        lambda: SigningKey.objects.filter(public=slot(SigningKey, "public"), valid_until=None),
        valid_until=F("valid_from") + timedelta(days=1),
        name=slot(SigningKey, "name"),
    )
    assert [until(public="one", name="named"), until(public="one", name="again"), until(public="two", name="")] == [
        1, 0, 0,
    ]  # fmt: skip
    row = SigningKey.objects.get()
    assert (row.name, row.valid_until) == ("named", SINCE + timedelta(days=1))


def test_an_update_gives_columns_of_the_row_that_changed(db: None) -> None:
    key().save()
    rename = PreparedUpdate(
        lambda: SigningKey.objects.filter(public=slot(SigningKey, "public")), name=slot(SigningKey, "name")
    ).giving("name", "valid_from", "revoked_at")
    assert rename.returning(public="two", name="x") is None
    assert tuple(rename.returning(public="one", name="x") or ()) == ("x", SINCE, None)


def test_an_inserted_row_is_the_saved_one(db: None, ada: User) -> None:
    made = key("made")
    insert(made)
    assert not made._state.adding
    read = SigningKey.objects.get(keyid="made")
    assert (read.pk, read.valid_from, read.valid_until, read.reason) == (made.pk, SINCE, None, "")
    assert read.created_at == made.created_at
    token = Token(user=ada, name="n", prefix="p", digest="d", scopes=["read"], reach={"a": [1, "ü"]}, expires_at=SINCE)
    insert(token)
    assert Token.objects.values_list("scopes", "reach", "expires_at").get() == (["read"], {"a": [1, "ü"]}, SINCE)


def test_what_the_database_refuses_is_djangos_error(db: None) -> None:
    insert(key())
    with pytest.raises(IntegrityError):
        insert(key())


def test_a_shifted_clock_is_another_statement(db: None, settings: Settings) -> None:
    valid = Prepared(lambda: SigningKey.objects.filter(valid_from__lte=time.now()))
    insert(key(valid_from=time.db_now() + timedelta(hours=1)))
    assert valid.all() == []
    settings.LANDBRIDGE_CLOCK_SHIFT = timedelta(hours=2)
    assert len(valid.all()) == 1


def test_statements_are_counted_like_others(db: None, django_assert_num_queries: Callable[[int], object]) -> None:
    rows = Prepared(lambda: SigningKey.objects.filter(public=slot(SigningKey, "public")))
    with django_assert_num_queries(2):  # type: ignore[attr-defined] # a context manager
        rows.first(public="x")
        rows.first(public="y")
    assert connection.queries_limit  # what Django keeps is bounded
