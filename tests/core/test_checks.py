"""What must hold before the platform starts."""

from pytest_django.fixtures import Settings

from landbridge.core import checks


def test_every_view_of_ours_declares_who_may_come_in() -> None:
    assert checks.every_view_declares_access() == []


def test_a_storage_that_would_be_ignored_stops_the_start(settings: Settings) -> None:
    settings.STORAGE_URL = "s3://bucket"
    assert [error.id for error in checks.storage_is_where_it_is_said_to_be()] == ["landbridge.E003"]
