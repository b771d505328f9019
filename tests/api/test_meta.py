"""Probes, numbers, keys: what supervisors, people on call and verifiers ask."""

from pathlib import Path

import pytest
from django.db import OperationalError, connection
from django.test import Client

from landbridge.accounts.models import User
from landbridge.api import health
from landbridge.core import signing, sweeps, time
from landbridge.evaluations.models import Worker
from landbridge_client import dsse


def test_a_living_process_says_so_without_a_database(client: Client) -> None:
    assert client.get("/livez").json() == {"status": "alive"}


def test_ready_is_degraded_while_sweeper_and_worker_are_missing(client: Client, db: None) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    parts = answer.json()["parts"]
    assert parts["database"]["ok"] and parts["migrations"]["ok"] and parts["storage"]["ok"]
    assert "manage.py sweep" in parts["sweeper"]["detail"] and "No worker" in parts["worker"]["detail"]


def test_ready_is_ready_when_all_were_seen(client: Client, ada: User) -> None:
    sweeps.run_once()
    Worker.objects.create(name="gpu-1", user=ada, last_seen=time.db_now())
    answer = client.get("/readyz")
    assert answer.json()["status"] == "ready", answer.json()


def test_a_sweep_of_two_minutes_ago_does_not_count(client: Client, db: None, settings: object) -> None:
    sweeps.run_once()
    assert client.get("/readyz").json()["parts"]["sweeper"]["ok"]
    settings.LANDBRIDGE_CLOCK_SHIFT = health.SILENCE * 2  # type: ignore[attr-defined]
    assert not client.get("/readyz").json()["parts"]["sweeper"]["ok"]


def test_without_its_database_it_is_not_ready_and_says_no_secret(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: object) -> None:
        raise OperationalError("could not connect with password hunter2")

    with monkeypatch.context() as broken:
        broken.setattr(connection, "cursor", down)
        answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"], answer["Retry-After"]) == (503, "unavailable", "5")
    assert "hunter2" not in answer.content.decode()


def test_a_folder_that_cannot_be_written_is_not_ready(client: Client, db: None, settings: object) -> None:
    settings.LANDBRIDGE_HOME = Path("/nowhere")  # type: ignore[attr-defined]
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["parts"]["storage"]["ok"]) == (503, False)


@pytest.mark.usefixtures("lumen")
class TestMetrics:
    def test_they_count_requests_by_route_and_never_by_name(self, client: Client) -> None:
        client.get("/api/v1/organizations/lumen")
        text = client.get("/metrics").content.decode()
        route = 'route="api/v1/organizations/<str:slug>"'
        assert f'landbridge_http_seconds_count{{method="GET",{route},status="200"}}' in text
        assert "lumen" not in text
        assert "landbridge_workers_alive 0.0" in text

    def test_they_are_for_this_machine(self, client: Client) -> None:
        assert client.get("/metrics", REMOTE_ADDR="192.0.2.1").status_code == 403
        assert client.get("/metrics", headers={"X-Forwarded-For": "192.0.2.1"}).status_code == 403

    def test_or_for_who_has_the_token(self, client: Client, settings: object) -> None:
        settings.METRICS_TOKEN = "s3cret"  # type: ignore[attr-defined] # noqa: S105 a test's
        far = {"REMOTE_ADDR": "192.0.2.1"}
        assert client.get("/metrics", headers={"Authorization": "Bearer s3cret"}, **far).status_code == 200  # type: ignore[arg-type]
        assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}, **far).status_code == 403  # type: ignore[arg-type]
        assert client.get("/metrics").status_code == 403, "with a token set, being near is not enough"


def test_keys_are_those_that_sign(client: Client, ada: User) -> None:
    worker = dsse.Signer.generate()
    Worker.objects.create(name="gpu-1", user=ada, public_key=worker.public_hex)
    listed = client.get("/api/v1/keys").json()["keys"]
    assert {(key["use"], key["keyid"]) for key in listed} == {
        ("platform", signing.platform_signer().keyid),
        ("worker", worker.keyid),
    }
    assert client.get("/.well-known/landbridge-keys.json").json()["keys"] == listed
    envelope = dsse.sign({"what": "ever"}, signing.platform_signer(), worker)
    assert dsse.verify(envelope, [dsse.Key.from_hex(key["public"]) for key in listed]).anchored


def test_the_key_is_readable_by_its_owner_alone(home: Path, db: None) -> None:
    signing.platform_signer()
    path = home / "secrets" / signing.NAME
    assert path.stat().st_mode & 0o077 == 0


def test_the_version_is_told_at_the_root_and_below_the_api(client: Client, db: None) -> None:
    assert client.get("/version").json() == client.get("/api/v1/version").json()
