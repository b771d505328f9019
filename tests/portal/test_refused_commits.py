"""A page's upload whose commit is refused leaves nothing that was not there before."""

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from landbridge.accounts.models import Organization, User
from landbridge.evaluations.models import SuiteRevision
from landbridge_registry import queries
from landbridge_registry.models import Repo, RepoObject, RepoType
from tests.client.model_folders import WEIGHTS
from tests.portal.conftest import CARD, MARKER, Browser, form

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(browser: Browser, lumen: Organization, ada: User, suite: SuiteRevision) -> Client:
    return browser(ada)


def test_a_refused_commit_leaves_no_repository(client: Client, settings: Settings) -> None:
    settings.LANDBRIDGE_MAX_STORAGE = len(WEIGHTS) - 1
    files = {"README.md": CARD, "landbridge.json": MARKER, "model.safetensors": WEIGHTS}
    answer = client.post("/submissions/new", **form(files))
    assert answer.status_code == 400 and "storage" in answer.content.decode()
    assert not Repo.objects.filter(type=RepoType.MODEL, namespace__name="lumen").exists()
    assert not RepoObject.objects.filter(repo__namespace__name="lumen").exists()


def test_a_refused_commit_leaves_a_repository_that_was_there(client: Client, settings: Settings) -> None:
    client.post("/submissions/new", **form())
    settings.LANDBRIDGE_MAX_STORAGE = 1
    answer = client.post("/submissions/new", **form({"README.md": CARD, "landbridge.json": MARKER, "new.txt": b"x"}))
    assert answer.status_code == 400
    repo = queries.find_repo(RepoType.MODEL, "lumen", "majority")
    paths = [path for path, *_ in queries.files_of(queries.resolve_revision(repo, "main"))]
    assert paths == [".gitattributes", "README.md", "landbridge.json"]
