"""Migrated once, copied for each site: a kill costs seconds, migrations would cost more."""

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.faults.parts import Keeper
from tests.faults.servers import POSTGRESQL, answers, migrate
from tests.faults.site import Site, site


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a migrated SQLite site."""
    home = tmp_path_factory.mktemp("template") / "home"
    migrate(home)
    return home


@pytest.fixture(scope="session")
def template_database(template: Path) -> Iterator[str]:
    """The name of a migrated PostgreSQL database, for copies."""
    if not answers(5432):
        pytest.skip("needs PostgreSQL on 127.0.0.1:5432")
    name = f"landbridge_template_{os.getpid()}"
    with psycopg.connect(f"{POSTGRESQL}/postgres", autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            migrate(template, DATABASE_URL=f"{POSTGRESQL}/{name}")
            yield name
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def servers_up() -> Iterator[Keeper]:
    """Keeps a test's own servers: what is killed is started again."""
    keeper = Keeper()
    keeper.begin()
    yield keeper
    keeper.stop()


@pytest.fixture
def here(tmp_path: Path, template: Path) -> Iterator[Site]:
    """A site with web and sweeper, without workers; leases and sweeps of two seconds."""
    with site(tmp_path / "home", template) as made:
        made.suite = made.desk("plant")
        made.add_web(workers=1)
        made.add_sweeper()
        yield made
