"""A repository for each test that wants one."""

import pytest

from landbridge_registry.models import Repo
from tests.registry.kit import new_repo


@pytest.fixture
def repo(db: None) -> Repo:
    return new_repo()
