"""Promises of the commands that need no server: verify, plugin, doctor."""

import json
import subprocess  # noqa: TID251 a plugin's own tests run in a process of their own
import sys
from pathlib import Path

import pytest

from landbridge_client import dsse
from landbridge_client.attestation import check, key_records
from landbridge_client.formats import tree_digest
from landbridge_client.formats.digest import file_digest
from landbridge_client.screening import folder_files
from tests.client.model_folders import good, write
from tests.client.server import Run, Server, constant, problem

ROOT = Path(__file__).parents[2]


def attestation(folder: Path, end: str = "2026-06-01T00:00:00Z") -> tuple[dict[str, object], dsse.Signer]:
    signer = dsse.Signer.generate()
    digest = tree_digest((file.path, *file_digest(file.place)) for file in folder_files(folder))
    statement = dsse.make_statement(
        subjects={"lumen/x": digest}, predicate_type=dsse.EVALUATION_RESULT, predicate={"end": end}
    )
    return dsse.sign(statement, signer), signer


def test_an_attestation_is_verified_offline(run: Run, server: Server, tmp_path: Path) -> None:
    folder = good(tmp_path / "m")
    envelope, signer = attestation(folder)
    keys = {"keys": [{"public": signer.public_hex}]}
    write(tmp_path, {"a.json": json.dumps(envelope), "keys.json": json.dumps(keys)})
    assert run(f"verify {tmp_path}/a.json --keys {tmp_path}/keys.json --model {folder} -q") == (0, "good\n", "")
    assert run(f"verify {tmp_path}/a.json --model {folder}")[0] == 6
    write(folder, {"vocab.txt": "changed\n"})
    code, out, _ = run(f"verify {tmp_path}/a.json --keys {tmp_path}/keys.json --model {folder}")
    assert code == 1 and "another model" in out
    write(tmp_path, {"a.json": json.dumps({**envelope, "payload": "e30="})})
    code, out, _ = run(f"verify {tmp_path}/a.json --keys {tmp_path}/keys.json --json")
    assert code == 1 and json.loads(out)["parts"][0]["name"] == "signatures"
    assert server.calls == []


def test_what_the_server_serves_is_what_verify_reads(run: Run, server: Server, tmp_path: Path) -> None:
    envelope, signer = attestation(good(tmp_path / "m"))
    constant(server, "GET", "/api/v1/results/r1/attestation", envelope)
    constant(server, "GET", "/api/v1/keys", {"keys": [{"keyid": signer.keyid, "public": signer.public_hex}]})
    write(tmp_path, {"a.json": run("results attestation r1")[1], "keys.json": run("keys --json")[1]})
    assert run(f"verify {tmp_path}/a.json --keys {tmp_path}/keys.json")[0] == 0


@pytest.mark.parametrize(
    ("times", "exit_code"),
    [
        ({"valid_from": "2026-01-01T00:00:00Z", "valid_until": "2027-01-01T00:00:00Z"}, 0),
        ({"valid_from": "2026-07-01T00:00:00Z"}, 1),
        ({"valid_until": "2026-05-01T00:00:00Z"}, 1),
        ({"revoked_at": "2026-05-01T00:00:00Z"}, 1),
        ({"revoked_at": "2026-07-01T00:00:00Z"}, 0),
    ],
)
def test_a_key_counts_only_while_it_was_valid(tmp_path: Path, times: dict[str, str], exit_code: int) -> None:
    envelope, signer = attestation(good(tmp_path))
    report = check(envelope, key_records([{"public": signer.public_hex, **times}]))
    assert report.exit_code == exit_code


def test_a_new_plugin_works_and_a_bad_name_is_refused(run: Run, tmp_path: Path) -> None:
    code, out, _ = run(f"plugin new lumen-models --output {tmp_path} -q")
    place = tmp_path / "lumen-models"
    assert code == 0 and Path(out.strip()) == place
    tests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null", "--rootdir=.", "tests"]
    paths = {"PYTHONPATH": f"{place}:{ROOT / 'plugins'}"}
    told = subprocess.run(tests, cwd=place, env=paths, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603 ours
    assert "2 passed" in told.stdout, told.stdout + told.stderr
    kit = [sys.executable, "-m", "landbridge_client", "plugin", "check", str(place)]
    told = subprocess.run(kit, capture_output=True, text=True, timeout=120, check=False)  # noqa: S603 ours
    assert told.returncode == 0, told.stdout + told.stderr
    assert run(f"plugin new lumen-models --output {tmp_path}")[0] == 1
    assert run(f"plugin new ../evil --output {tmp_path}")[0] == 1


def test_the_doctor_names_a_fault_and_its_remedy(run: Run, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANDBRIDGE_SANDBOX", "none")
    constant(server, "GET", "/api/v1/version", {"version": "0.1.0"})
    constant(server, "GET", "/api/v1/me", {"username": "ada", "scopes": ["read"]})
    code, out, _ = run("doctor --json")
    checks = {item["name"]: item for item in json.loads(out)["checks"]}
    assert code == 0 and checks["token"]["found"] == "of ada, scopes: read" and checks["clock"]["state"] == "good"
    assert checks["sandbox"]["state"] == "note" and "LANDBRIDGE_SANDBOX=none" in checks["sandbox"]["remedy"]
    server.routes["GET", "/api/v1/me"] = lambda _: problem(401, "token_expired", "Your token has expired.")
    code, out, _ = run("doctor")
    assert code == 1 and "landbridge login" in out
    monkeypatch.setenv("LANDBRIDGE_ENDPOINT", "http://127.0.0.1:9")
    code, out, _ = run("doctor -q")
    assert (code, out) == (1, "endpoint\n")
