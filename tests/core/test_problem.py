"""Errors in one shape, whatever raised them."""

import json
from typing import Any

import pytest
from django.http import Http404
from django.test import Client, RequestFactory
from rest_framework import exceptions

from landbridge.core import parsers, problem
from landbridge.core.errors import DomainError, Invalid, NotAllowed, TooMany, TransitionRefused, Unauthenticated


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Invalid("No."), 400, "invalid"),
        (Unauthenticated("Who?"), 401, "unauthenticated"),
        (NotAllowed("No.", code="scope_missing"), 403, "scope_missing"),
        (Http404(), 404, "not_found"),
        (TransitionRefused("No.", state="done"), 409, "transition_refused"),
        (exceptions.ValidationError({"suite": ["Unknown."]}), 400, "invalid"),
        (exceptions.Throttled(wait=3), 429, "throttled"),
        (exceptions.UnsupportedMediaType("text/csv"), 415, "unsupported_media_type"),
    ],
)
def test_each_error_is_a_problem_with_its_code(error: Exception, status: int, code: str) -> None:
    request = RequestFactory().get("/api/v1/models")
    answer = problem.response(error, request)
    assert answer is not None
    body = json.loads(answer.content)
    assert (answer.status_code, body["code"], body["type"]) == (status, code, f"/errors/{code}")
    assert answer["Content-Type"] == "application/problem+json"
    assert body["instance"] == "/api/v1/models" and body["detail"] and body["title"]


def test_a_bug_is_nobodys_problem_document() -> None:
    assert problem.as_problem(ZeroDivisionError()) is None


def test_faults_point_at_the_field() -> None:
    detail: Any = {"model": ["Unknown."], "tasks": [{"name": ["Empty."]}], "non_field_errors": ["Both."]}
    faults = list(problem.faults_of(exceptions.ValidationError(detail).detail))
    assert [fault["pointer"] for fault in faults] == ["/model", "/tasks/0/name", "/"]


def test_limits_say_when_to_come_back_and_401_how_to_sign_in() -> None:
    request = RequestFactory().get("/api/v1/models")
    late = problem.response(TooMany("Later.", retry_after=12), request)
    anonymous = problem.response(Unauthenticated("Who?"), request)
    assert late is not None and late["Retry-After"] == "12"
    assert anonymous is not None and anonymous["WWW-Authenticate"].startswith("Bearer")


def test_an_address_that_is_not_there_is_a_problem_too(client: Client, db: None) -> None:
    answer = client.get("/api/v1/nothing-here")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert answer.json()["request_id"] == answer["X-Request-Id"]


def test_nesting_is_counted_before_it_is_built() -> None:
    assert parsers._depth(b'{"a": "[[[[\\"[[", "b": [1, {"c": []}]}') == 4
    assert parsers._depth(b"[" * 5000) == 5000
    with pytest.raises(ValueError, match="not JSON"):
        parsers.plain_json('{"a": NaN}')


def test_detail_of_a_domain_error_keeps_what_it_was_given() -> None:
    assert DomainError("No.", state="done").as_problem()["state"] == "done"
