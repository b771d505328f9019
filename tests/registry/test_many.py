"""Many small contents at once: flushed together, named together, none left behind."""

from pathlib import Path

import pytest

from landbridge_registry import storage
from landbridge_registry.models import Blob


@pytest.mark.django_db
def test_what_was_put_soon_has_its_name_once_settled(home: Path) -> None:
    with storage.Stage() as stage:
        soon = [stage.put_soon(b"%d" % number) for number in range(40)]
        assert not any(storage.path_of(one.location).exists() for one in soon)
        stage.settle()
        assert all(storage.path_of(one.location).is_file() for one in soon)
        Blob.objects.bulk_create([Blob(sha256=one.sha256, size=one.size, location=one.location) for one in soon[:30]])
    assert sum(storage.path_of(one.location).is_file() for one in soon) == 30
    assert list((home / "incoming").iterdir()) == []


@pytest.mark.django_db
def test_what_was_never_settled_leaves_nothing(home: Path) -> None:
    with storage.Stage() as stage:
        stage.put_soon(b"1")
    assert [path for path in home.rglob("*") if path.is_file()] == []
