"""A POST that is sent again does nothing again."""

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test import Client

from landbridge.accounts import services, tokens
from landbridge.accounts.models import Organization, User
from landbridge.core import idempotency, time
from landbridge.core.models import IdempotencyKey
from tests.conftest import person

if TYPE_CHECKING:
    from tests.api.conftest import Caller

URL = "/api/v1/organizations"
WISH = {"slug": "beacon", "kind": "lab"}


def send(client: Client, key: str, **changes: str) -> object:
    return client.post(URL, WISH | changes, content_type="application/json", headers={"Idempotency-Key": key})


def test_the_second_time_gets_the_first_answer(bearer: "Caller", ada: User) -> None:
    client = bearer(ada)
    first, again = send(client, "one"), send(client, "one")
    assert first.status_code == again.status_code == 201  # type: ignore[attr-defined]
    assert first.json() == again.json()  # type: ignore[attr-defined]
    assert again["Location"] == first["Location"]  # type: ignore[index]
    assert again["Idempotent-Replayed"] == "true"  # type: ignore[index]
    assert Organization.objects.count() == 1


def test_the_same_body_in_another_spelling_is_the_same_request(bearer: "Caller", ada: User) -> None:
    client = bearer(ada)
    send(client, "one")
    spelled = b'{ "kind":"lab",\n"slug":"beacon" }'
    answer = client.post(URL, spelled, content_type="application/json", headers={"Idempotency-Key": "one"})
    assert answer["Idempotent-Replayed"] == "true"


def test_another_body_under_the_same_key_is_refused(bearer: "Caller", ada: User) -> None:
    client = bearer(ada)
    send(client, "one")
    answer = send(client, "one", slug="other")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")  # type: ignore[attr-defined]


def test_a_key_belongs_to_one_principal(bearer: "Caller", ada: User, carl: User) -> None:
    send(bearer(ada), "one")
    answer = send(bearer(carl), "one", slug="other")
    assert answer.status_code == 201  # type: ignore[attr-defined]


def test_a_key_whose_first_request_still_runs_is_refused(bearer: "Caller", ada: User) -> None:
    client = bearer(ada)
    send(client, "one")
    IdempotencyKey.objects.update(status=None)
    answer = send(client, "one")
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_in_flight")  # type: ignore[attr-defined]
    assert answer["Retry-After"] == "1"  # type: ignore[index]


def test_a_claim_whose_process_died_is_free_after_a_while(bearer: "Caller", ada: User, settings: object) -> None:
    client = bearer(ada)
    send(client, "one")
    IdempotencyKey.objects.update(status=None, expires_at=time.db_now() + idempotency.CLAIM)
    settings.LANDBRIDGE_CLOCK_SHIFT = idempotency.CLAIM + timedelta(seconds=1)  # type: ignore[attr-defined]
    answer = send(client, "one")
    assert (answer.status_code, answer.json()["code"]) == (409, "name_taken")  # type: ignore[attr-defined]


def test_what_failed_leaves_its_key_free(bearer: "Caller", ada: User) -> None:
    client = bearer(ada)
    assert send(client, "one", slug="models").status_code == 400  # type: ignore[attr-defined]
    assert send(client, "one").status_code == 201  # type: ignore[attr-defined]


def test_after_a_day_a_key_is_new_and_the_sweeper_forgets_it(bearer: "Caller", ada: User, settings: object) -> None:
    client = bearer(ada)
    send(client, "one")
    settings.LANDBRIDGE_CLOCK_SHIFT = timedelta(hours=25)  # type: ignore[attr-defined]
    assert send(client, "one", slug="other").status_code == 201  # type: ignore[attr-defined]
    settings.LANDBRIDGE_CLOCK_SHIFT = timedelta(hours=60)  # type: ignore[attr-defined]
    assert idempotency.sweep() == 1
    assert not IdempotencyKey.objects.exists()


@pytest.mark.parametrize("key", ["x" * 129, "tab\tkey", "ü"])
def test_a_key_is_short_and_printable(bearer: "Caller", ada: User, key: str) -> None:
    answer = send(bearer(ada), key)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_invalid")  # type: ignore[attr-defined]


def test_a_stored_answer_is_sealed(bearer: "Caller", ada: User) -> None:
    send(bearer(ada), "one")
    assert "beacon" not in IdempotencyKey.objects.get().body


def test_twenty_at_once_make_one_row(transactional_db: None) -> None:
    ada = person("ada")
    text = services.issue_token(actor=ada, name="test", scopes=tokens.SCOPES).text
    together = threading.Barrier(20)
    answers: list[tuple[int, str]] = []

    def ask() -> None:
        client = Client(headers={"Authorization": f"Bearer {text}"})
        together.wait()
        try:
            answer = send(client, "one")
            answers.append((answer.status_code, answer.headers.get("Idempotent-Replayed", "")))  # type: ignore[attr-defined]
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert Organization.objects.count() == IdempotencyKey.objects.count() == 1
    assert answers.count((201, "")) == 1
    assert len(answers) == 20
    assert {status for status, _ in answers} <= {201, 409}
