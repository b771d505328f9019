"""The fixed cast. Every test speaks of the same people and the same organizations."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from pytest_django.fixtures import Settings

from landbridge.core import outbox, places

if TYPE_CHECKING:
    from landbridge.accounts.models import Organization, OrganizationKind, User


@pytest.fixture(autouse=True)
def home(tmp_path: Path, settings: Settings) -> Path:
    """Blobs, mail and broker of one test, in a folder of its own."""
    settings.LANDBRIDGE_HOME = tmp_path
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    return tmp_path


@pytest.fixture(autouse=True)
def _nothing_of_another_test() -> None:
    outbox.kept.clear()
    places.opened.clear()


@pytest.fixture(autouse=True)
def _flushable(request: pytest.FixtureRequest) -> Iterator[None]:
    """A transactional test ends with a flush, which append-only triggers refuse; migrate makes them again."""
    if "transactional_db" not in request.fixturenames and "live_server" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("transactional_db")
    yield
    from landbridge.core import append_only  # noqa: PLC0415 needs loaded apps

    with connection.cursor() as cursor:
        for table in append_only.tables():
            for name in (f"{table}_no_update", f"{table}_no_delete", f"{table}_no_truncate"):
                on = f' ON "{table}"' if connection.vendor == "postgresql" else ""
                cursor.execute(f'DROP TRIGGER IF EXISTS "{name}"{on}')


def person(name: str) -> "User":
    from landbridge.accounts.models import User  # noqa: PLC0415 needs loaded apps
    from landbridge_registry.models import Namespace, NamespaceKind  # noqa: PLC0415

    Namespace.objects.create(name=name, kind=NamespaceKind.USER)
    user = User(username=name, email=f"{name}@example.org")
    user.set_unusable_password()
    user.save()
    return user


def organization(slug: str, kind: "OrganizationKind", owner: "User") -> "Organization":
    from landbridge.accounts.models import Membership, Organization, Role  # noqa: PLC0415 needs loaded apps
    from landbridge_registry.models import Namespace, NamespaceKind  # noqa: PLC0415

    namespace = Namespace.objects.create(name=slug, kind=NamespaceKind.ORGANIZATION)
    made = Organization.objects.create(slug=slug, name=slug.title(), kind=kind, namespace=namespace, country="DE")
    Membership.objects.create(user=owner, organization=made, role=Role.OWNER)
    return made


@pytest.fixture
def ada(db: None) -> "User":
    """Owner of Lumen Lab."""
    return person("ada")


@pytest.fixture
def lumen(ada: "User") -> "Organization":
    """A lab."""
    from landbridge.accounts.models import OrganizationKind  # noqa: PLC0415 needs loaded apps

    return organization("lumen", OrganizationKind.LAB, ada)


@pytest.fixture
def carl(db: None) -> "User":
    """Owner of Acme."""
    return person("carl")


@pytest.fixture
def acme(carl: "User") -> "Organization":
    """A company."""
    from landbridge.accounts.models import OrganizationKind  # noqa: PLC0415 needs loaded apps

    return organization("acme", OrganizationKind.COMPANY, carl)


@pytest.fixture
def olga(db: None) -> "User":
    """Owner of the operator's organization."""
    from landbridge.accounts.models import OrganizationKind  # noqa: PLC0415 needs loaded apps

    user = person("olga")
    organization("operator", OrganizationKind.OPERATOR, user)
    return user
