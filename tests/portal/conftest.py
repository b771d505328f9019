"""People at a browser: Django's client, signed in, and a model that one of them has submitted by its page."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from landbridge.accounts.models import Organization, User
from landbridge.core import sweeps
from landbridge.evaluations.models import SuiteRevision
from landbridge.portal.once import new_key
from landbridge.submissions.models import Submission
from tests.agreements.conftest import dora, signatory, sofia
from tests.submissions.conftest import suite

__all__ = ["dora", "signatory", "sofia", "suite"]  # fixtures of other rooms

CARD = b"---\nlicense: apache-2.0\n---\n\n# Majority\n\nAlways gives the commonest answer of the training rows.\n"
MARKER = json.dumps({"schema": "landbridge.model/1", "slug": "majority"}).encode()
Browser = Callable[[User | None], Client]


@pytest.fixture
def browser() -> Browser:
    def open_as(user: User | None) -> Client:
        client = Client()
        if user is not None:
            client.force_login(user)
        return client

    return open_as


BOUNDARY = "----a-browser"


def form(
    files: dict[str, bytes] | None = None, *, top: str = "majority", field: str = "folder", **changes: str
) -> dict[str, Any]:
    """What a browser sends for a chosen folder: paths stand in file names, which Django's own encoder would cut."""
    if files is None:
        files = {"README.md": CARD, "landbridge.json": MARKER}
    said = {"namespace": "lumen", "name": "majority", "suite": "languages", "visibility": "public", "once": new_key()}
    parts = [(f'name="{name}"', value.encode()) for name, value in {**said, **changes}.items()]
    above = f"{top}/" if top else ""
    parts += [(f'name="{field}"; filename="{above}{path}"', content) for path, content in files.items()]
    body = b"".join(
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; {head}\r\n".encode()
        + (b"Content-Type: application/octet-stream\r\n\r\n" if "filename" in head else b"\r\n")
        + content
        + b"\r\n"
        for head, content in parts
    )
    return {
        "data": body + f"--{BOUNDARY}--\r\n".encode(),
        "content_type": f"multipart/form-data; boundary={BOUNDARY}",
    }


@pytest.fixture
def submitted(browser: Browser, lumen: Organization, ada: User, suite: SuiteRevision) -> Submission:
    """Uploaded by Ada from the page, screened and sealed, its job queued."""
    answer = browser(ada).post("/submissions/new", **form())
    assert answer.status_code == 302, answer.content.decode()
    sweeps.settle()
    return Submission.objects.get()
