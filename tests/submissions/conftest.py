"""A small suite on small data, and our clients as Ada and Carl, in this process: one transaction a test."""

import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections

from landbridge.accounts.clock import clock
from landbridge.accounts.models import Organization, User
from landbridge.accounts.services import issue_token
from landbridge.evaluations import services as evaluations
from landbridge.evaluations.management.benchmarks import registered
from landbridge.evaluations.management.publishing import Folder, publish
from landbridge.evaluations.models import SuiteRevision
from landbridge.wsgi import application
from landbridge_client.hub import HubClient
from landbridge_client.rest import Client
from landbridge_client.transport import Transport
from landbridge_plugins import SuiteSpec, SuiteTask, TaskSpec
from tests.client.model_folders import CARD, write

HERE = "http://testserver"
SCOPES = ("read", "repo.read", "repo.write", "submit", "evaluate")
Upload = Callable[..., str]


@pytest.fixture(autouse=True)
def _one_connection(db: None) -> Iterator[None]:
    """Requests do not close the connection that the test's transaction lives on, as with Django's own test client."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def suite(db: None) -> SuiteRevision:
    """Telling languages apart, on two rows."""
    (task,) = [one for one in registered("register_tasks", TaskSpec) if one.name == "django_langid"]
    data = publish(
        Folder(kind="dataset", namespace="landbridge", name="langid", contents={"a.txt": b"x"}, message="Data"),
        actor=clock(),
    )
    facts = {"digest": "a" * 64, "labels_digest": "b" * 64, "counts": {"train": 2, "validation": 2, "test": 2}}
    record = evaluations.publish_task(
        task=task,
        dataset_id=data.pk,
        facts=facts,
        labels=("de", "en"),
        metric="accuracy",
        higher_is_better=True,
        actor=clock(),
    )
    spec = SuiteSpec(name="languages", title="Languages", tasks=(SuiteTask(task=task.name),))
    return evaluations.publish_suite(suite=spec, tasks=[record], actor=clock())


def token_of(user: User) -> str:
    return issue_token(actor=user, name="test", scopes=SCOPES).text


def at_once(_seconds: float) -> None:
    """A failed call is not waited for."""


def connect(http: Transport) -> None:
    """Let the client reach the application without a socket."""
    http._client._transport = httpx2.WSGITransport(app=application)


@pytest.fixture
def api(lumen: Organization, ada: User) -> Iterator[Client]:
    with Client(HERE, token_of(ada), wait=at_once) as client:
        connect(client.http)
        yield client


@pytest.fixture
def carls_api(acme: Organization, carl: User) -> Iterator[Client]:
    with Client(HERE, token_of(carl), wait=at_once) as client:
        connect(client.http)
        yield client


@pytest.fixture
def upload(lumen: Organization, ada: User, tmp_path: Path) -> Upload:
    """``upload({path: content})`` into ``lumen/x`` as Ada: the commit."""
    token, number = token_of(ada), itertools.count()

    def send(files: dict[str, bytes | str], name: str = "lumen/x") -> str:
        folder = write(tmp_path / f"model-{next(number)}", files)
        with HubClient(HERE, token, wait=at_once) as hub:
            connect(hub.http)
            hub.create_repo(name, exist_ok=True)
            return hub.upload_folder(name, "model", folder, mirror=True)

    return send


def baseline(slug: str = "majority") -> dict[str, bytes | str]:
    """A model that an installed plugin knows by its marker."""
    return {"README.md": CARD, "landbridge.json": json.dumps({"schema": "landbridge.model/1", "slug": slug})}
