"""The API's description is made from the views, committed, and whole."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from landbridge.api import schema
from landbridge.api.management.commands import openapi
from landbridge.core.access import rules_of
from landbridge.core.checks import patterns

DOCUMENT = json.loads(schema.text())
METHODS = {"get", "post", "put", "patch", "delete"}


def test_the_committed_document_is_what_the_views_say() -> None:
    call_command("openapi", check=True)


def test_a_stale_document_is_noticed(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    stale = tmp_path / "openapi.json"  # type: ignore[operator]
    stale.write_text("{}")
    monkeypatch.setattr(openapi, "PAGE", stale)
    with pytest.raises(CommandError, match="stale"):
        call_command("openapi", check=True)
    call_command("openapi")
    call_command("openapi", check=True)


def test_it_is_served_as_it_is_committed(client: Client, db: None) -> None:
    answer = client.get("/api/v1/openapi.json")
    assert answer.json() == DOCUMENT
    assert answer.json()["openapi"].startswith("3.1")


def test_every_route_and_method_is_described() -> None:
    told = {(path, method) for path, item in DOCUMENT["paths"].items() for method in item.keys() & METHODS}
    for address, pattern in patterns():
        if address.startswith("api/v1/") and address != "api/v1/openapi.json":
            path = "/" + schema_path(address)
            for method in set(rules_of(pattern.callback) or {}) - {"HEAD"}:
                assert (path, method.lower()) in told, f"{method} {path}"


def schema_path(address: str) -> str:
    return "".join(
        part if not part.startswith("<") else "{" + part[1:-1].partition(":")[2] + "}"
        for part in address.replace("<", "\0<").replace(">", ">\0").split("\0")
    )


def test_every_operation_says_who_may_and_has_a_name_of_its_own() -> None:
    operations = [item[method] for item in DOCUMENT["paths"].values() for method in item.keys() & METHODS]
    ids = [operation["operationId"] for operation in operations]
    assert len(set(ids)) == len(ids)
    for operation in operations:
        assert operation["description"].strip(), operation["operationId"]
        assert "application/problem+json" in operation["responses"]["400"]["content"]


def test_every_reference_leads_somewhere() -> None:
    found = set(DOCUMENT["components"]["schemas"])
    text = json.dumps(DOCUMENT)
    named = {part.partition('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert named <= found
