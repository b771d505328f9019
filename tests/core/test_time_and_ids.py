"""One clock, and ids that sort by it."""

from datetime import UTC, datetime, timedelta

import pytest
from pytest_django.fixtures import Settings

from landbridge.accounts.models import User
from landbridge.core import checks, time
from landbridge.core.ids import LENGTH, new_id


def test_ids_sort_by_the_time_they_were_made() -> None:
    ids = [new_id() for _ in range(2000)]
    assert len(set(ids)) == len(ids) and {len(one) for one in ids} == {LENGTH}
    assert [one[:10] for one in ids] == sorted(one[:10] for one in ids)


def test_the_clock_is_the_databases_and_tests_can_move_it(db: None, settings: Settings) -> None:
    assert abs(time.db_now() - datetime.now(UTC)) < timedelta(seconds=5)
    settings.LANDBRIDGE_CLOCK_SHIFT = timedelta(days=90)
    assert timedelta(days=89) < time.db_now() - datetime.now(UTC) < timedelta(days=91)


@pytest.mark.parametrize("shift", [timedelta(0), timedelta(days=1), timedelta(days=-1)])
def test_the_expression_and_the_value_agree(db: None, settings: Settings, shift: timedelta, ada: User) -> None:
    settings.LANDBRIDGE_CLOCK_SHIFT = shift
    edge = time.db_now()
    User.objects.update(date_joined=edge - timedelta(seconds=2))
    assert User.objects.filter(date_joined__lt=time.now()).exists()
    assert not User.objects.filter(date_joined__gt=time.now()).exists()
    assert not User.objects.filter(date_joined__lt=time.now(timedelta(seconds=-60))).exists()


def test_only_a_test_may_move_it(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.LANDBRIDGE_CLOCK_SHIFT = timedelta(days=1)
    monkeypatch.delenv("PYTEST_VERSION")
    assert [error.id for error in checks.the_clock_is_not_shifted()] == ["landbridge.E002"]


def test_instants_look_the_same_on_every_wire() -> None:
    assert time.text(datetime(2026, 11, 23, 14, 6, 12, 373_900, tzinfo=UTC)) == "2026-11-23T14:06:12.373Z"
