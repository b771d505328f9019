"""The OpenAPI document says what the answers hold, field by field."""

from collections.abc import Mapping
from typing import Any

import pytest
from django.test import Client
from rest_framework.serializers import BaseSerializer, ListSerializer, Serializer

from landbridge.accounts.models import Organization, User
from landbridge.core import sweeps
from landbridge.evaluations import described as jobs
from landbridge.leaderboards import described as boards
from tests.jobs.ground import bench, queue
from tests.jobs.test_requests import token


def fits(body: Any, shape: BaseSerializer[Any], where: str = "") -> None:  # noqa: ANN401 JSON
    """``body`` has the fields of ``shape``, no more and no fewer, all the way down."""
    if body is None:
        return
    if isinstance(shape, ListSerializer):
        assert isinstance(shape.child, BaseSerializer), where
        for one in body:
            fits(one, shape.child, where)
        return
    assert isinstance(shape, Serializer) and isinstance(body, Mapping), where
    assert set(body) == set(shape.fields), where
    for name, field in shape.fields.items():
        if isinstance(field, BaseSerializer):
            fits(body[name], field, f"{where}/{name}")


@pytest.fixture
def ids(lumen: Organization, ada: User) -> dict[str, str]:
    """Of a finished job, and of its result, which is on a board."""
    one, job = bench(), queue(ada)
    result = one.done(one.lease(job.pk).json())
    sweeps.run_once()
    return {"job": job.pk, "result": result}


SHAPES: list[tuple[str, BaseSerializer[Any]]] = [
    ("jobs/{job}", jobs.JobDetail()),
    ("jobs/{job}/logs", jobs.LogOut()),
    ("results/{result}", jobs.ResultOut()),
    ("results/{result}/attestation", jobs.EnvelopeOut()),
    ("tasks/small_task", jobs.TaskOut()),
    ("suites/small", jobs.SuiteDetail()),
    ("leaderboards/small", boards.BoardDetail()),
    ("leaderboards/small/entries", boards.EntriesOut()),
]


@pytest.mark.parametrize(("address", "shape"), SHAPES, ids=[address for address, _ in SHAPES])
def test_an_answer_has_the_fields_that_are_described(
    ids: dict[str, str], client: Client, ada: User, address: str, shape: BaseSerializer[Any]
) -> None:
    answer = client.get(f"/api/v1/{address.format(**ids)}", headers=token(ada, "read"))
    assert answer.status_code == 200, answer.content
    fits(answer.json(), shape, address)


LISTS: list[tuple[str, BaseSerializer[Any]]] = [
    ("jobs", jobs.JobOut()),
    ("tasks", jobs.TaskOut()),
    ("suites", jobs.SuiteOut()),
    ("leaderboards", boards.BoardOut()),
]


@pytest.mark.parametrize(("address", "shape"), LISTS, ids=[address for address, _ in LISTS])
def test_an_item_has_the_fields_that_are_described(
    ids: dict[str, str], client: Client, ada: User, address: str, shape: BaseSerializer[Any]
) -> None:
    items = client.get(f"/api/v1/{address}", headers=token(ada, "read")).json()["items"]
    assert items
    for item in items:
        fits(item, shape, address)
