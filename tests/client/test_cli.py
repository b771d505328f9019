"""Promises of the ``landbridge`` command: data on stdout, words on stderr, an exit code that means something."""

import json
import shlex
import stat
import subprocess  # noqa: TID251 the start time is that of a real process
import sys
import time
from pathlib import Path

import pyotp
import pytest

from landbridge_client import config, docs, totp
from landbridge_client.cli.run import command, hoist
from landbridge_client.formats import tree_digest
from landbridge_client.formats.digest import file_digest
from tests.client.model_folders import WEIGHTS, good, write
from tests.client.server import TOKEN, Answer, Call, Repo, Run, Server, constant, problem

ROOT = Path(__file__).parents[2]
COMMANDS = dict(docs.commands(command()))
LINES = [line for found in COMMANDS.values() for line in docs.example_lines(found.epilog)]


@pytest.mark.parametrize("line", LINES)
def test_an_example_in_a_help_text_parses(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Examples name files of their reader's, so there are some."""
    monkeypatch.chdir(tmp_path)
    for name in ("attestation.json", "keys.json", "predictions.jsonl.gz", "worker-token"):
        (tmp_path / name).touch()
    (tmp_path / "my-model").mkdir()
    words = hoist(shlex.split(line)[1:])
    context = command().make_context("landbridge", words)
    assert context.invoked_subcommand is None
    name = next(name for name in sorted(COMMANDS, key=len, reverse=True) if line.startswith(name))
    rest = [word for word in words if word not in {"--format", "json", "quiet"}][len(name.split()) - 1 :]
    assert COMMANDS[name].make_context(name, rest).params is not None


def test_every_command_has_an_example_and_a_next_command_that_exist() -> None:
    for name, found in COMMANDS.items():
        assert docs.example_lines(found.epilog), f"{name} has no example"
        following = (found.help or "").rpartition("Next: ")[2]
        assert any(following.startswith(known) for known in COMMANDS), f"{name} leads to {following!r}"


def test_the_page_is_what_the_commands_say() -> None:
    assert (ROOT / "docs" / "cli.md").read_text("utf-8") == docs.render(), "Run `make docs`."


def test_the_command_starts_fast() -> None:
    times = []
    for _ in range(3):
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-m", "landbridge_client", "--help"], check=True, capture_output=True)
        times.append(time.perf_counter() - begun)
    assert min(times) < 1.0, "heavy modules are imported before they are needed"
    probe = "import sys; from landbridge_client.cli import main; main(['--help']); print(*sys.modules, file=sys.stderr)"
    command_line = [sys.executable, "-c", probe]
    told = subprocess.run(command_line, check=True, capture_output=True, text=True).stderr.split()  # noqa: S603 ours
    assert "typer" in told and not {"httpx2", "rich", "cryptography", "django", "torch"} & set(told)


def test_a_wrong_command_line_is_a_usage_error(run: Run) -> None:
    for line in ("nope", "models show", "submit ./nowhere", "jobs ls --limit 0", "--format xml models ls"):
        code, out, err = run(line)
        assert (code, out) == (2, "") and "--help" in err, line


def test_help_is_no_error(run: Run) -> None:
    assert run("submit --help")[0] == 0


def test_login_keeps_the_token_private_and_logout_removes_it(
    run: Run, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LANDBRIDGE_TOKEN")
    monkeypatch.delenv("LANDBRIDGE_ENDPOINT")

    def me(call: Call) -> Answer:
        if call.headers.get("authorization") != f"Bearer {TOKEN}":
            return problem(401, "token_expired", "Your token has expired. Make a new one on your settings page.")
        return Answer(
            200, {"username": "ada", "organizations": [{"organization": "lumen", "role": "owner"}], "scopes": ["read"]}
        )

    server.routes["GET", "/api/v1/me"] = me
    code, _, err = run(f"login --token lb_bad --endpoint {server.url}")
    assert code == 4 and "has expired" in err and not config.settings_file().exists()
    assert run(f"login --token {TOKEN} --endpoint {server.url}")[0] == 0
    assert stat.S_IMODE(config.settings_file().stat().st_mode) == 0o600
    code, out, _ = run("whoami")
    assert code == 0 and "ada" in out and "lumen (owner)" in out
    assert run("logout -q") == (0, "", "")
    assert not config.settings_file().exists()


def test_a_token_is_sent_only_where_it_belongs(tmp_path: Path) -> None:
    place = {"XDG_CONFIG_HOME": str(tmp_path)}
    config.write_file(config.Settings("http://a", "lb_a", ""), config.settings_file(place))
    assert config.load(None, None, place).token == "lb_a"  # noqa: S105 no secret
    assert config.load("http://b", None, place).token is None
    assert config.load(None, None, place | {"HF_ENDPOINT": "http://b/"}).token is None
    assert config.load(None, None, place | {"HF_ENDPOINT": "http://a/"}).token == "lb_a"  # noqa: S105 no secret
    hf = config.load(None, None, place | {"HF_ENDPOINT": "http://b", "HF_TOKEN": "t"})
    assert (hf.endpoint, hf.token, hf.source) == ("http://b", "t", "HF_TOKEN")
    ours = config.load(
        None, None, {"LANDBRIDGE_ENDPOINT": "http://c", "LANDBRIDGE_TOKEN": "x", "HF_ENDPOINT": "http://b"}
    )
    assert (ours.endpoint, ours.token) == ("http://c", "x")


def test_a_token_file_that_others_can_read_is_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LANDBRIDGE_ENDPOINT")
    config.write_file(config.Settings("http://a", "lb_a", ""), config.settings_file())
    config.settings_file().chmod(0o644)
    code, _, err = run("whoami")
    assert code == 1 and "chmod 600" in err


def test_lists_come_as_table_json_and_ids(run: Run, server: Server) -> None:
    items = [{"id": "lumen/x", "license": "mit", "summary": "tiny\x1b[31m"}, {"id": "lumen/y"}]
    constant(server, "GET", "/api/v1/models", {"items": items, "next": None})
    code, out, _ = run("models ls")
    assert code == 0 and "lumen/x" in out and "\x1b" not in out
    assert json.loads(run("models ls --json")[1])["items"] == items
    assert run("models ls -q")[1] == "lumen/x\nlumen/y\n"
    assert run("models ls -q --limit 1")[1] == "lumen/x\n"


def test_json_errors_are_the_problem_document(run: Run, server: Server) -> None:
    server.routes["GET", "/api/v1/models/lumen/x"] = lambda _: problem(404, "not_found", "There is no such model.")
    code, out, _ = run("models show lumen/x --json")
    assert code == 1 and json.loads(out)["code"] == "not_found" and json.loads(out)["type"] == "/errors/not_found"


def test_a_bad_folder_is_refused_before_anything_is_sent(run: Run, server: Server, tmp_path: Path) -> None:
    folder = good(tmp_path / "m", README__md=None, model__safetensors=WEIGHTS[:-3])
    code, out, err = run(f"submit {folder} --as lumen/x --suite demo --yes")
    assert (code, out, server.calls) == (1, "", [])
    assert "[safetensors_truncated]" in err and "[card_missing]" in err and "not uploaded" in err


def test_an_unknown_suite_is_refused_before_anything_is_sent(run: Run, server: Server, tmp_path: Path) -> None:
    constant(server, "GET", "/api/v1/suites", {"items": [{"name": "offline_demo"}, {"name": "finance"}]})
    code, _, err = run(f"submit {good(tmp_path / 'm')} --as lumen/x --suite offlin_demo --yes")
    assert code == 1 and "Did you mean offline_demo?" in err and server.repos == {}


def test_a_single_file_is_refused_and_a_wheel_with_the_reason(run: Run, server: Server, tmp_path: Path) -> None:
    write(tmp_path, {"x-1.0-py3-none-any.whl": b"PK\x05\x06" + bytes(18), "model.safetensors": WEIGHTS})
    code, _, err = run(f"submit {tmp_path}/x-1.0-py3-none-any.whl")
    assert code == 1 and "wheel_dist_info" in err and "Build it again" in err
    code, _, err = run(f"submit {tmp_path}/model.safetensors")
    assert code == 1 and "Submit the folder" in err and server.calls == []


def accept(server: Server, **job: object) -> None:
    """Let the server take a submission and answer with a job."""
    done = {"id": "j1", "state": "done", "model": "lumen/x", "suite": "demo", "result": {"id": "r1"}, **job}
    made = {"id": "s1", "state": "evaluating", "model": "lumen/x", "suite": "demo", "job": {"id": "j1"}}
    constant(server, "GET", "/api/v1/suites", {"items": [{"name": "demo"}]})
    constant(server, "POST", "/api/v1/submissions", made | {"state": "screening", "job": None}, 201)
    constant(server, "GET", "/api/v1/submissions/s1", made)
    constant(server, "GET", "/api/v1/jobs/j1", done)
    number = {"value": 0.5, "ci95": [0.4, 0.6], "n": 10}
    scores = [
        {"task": "langid", "metric": "accuracy", "score": number, "missing": None},
        {
            "task": "digits",
            "metric": "accuracy",
            "score": None,
            "missing": {"code": "skipped", "text": "It sees no images."},
        },
    ]
    constant(server, "GET", "/api/v1/results/r1", {"id": "r1", "scores": scores})


def test_a_folder_is_uploaded_submitted_and_followed(run: Run, server: Server, tmp_path: Path) -> None:
    accept(server)
    code, out, err = run(f"submit {good(tmp_path / 'm')} --as lumen/x --suite demo --wait --yes --json")
    assert code == 0
    assert json.loads(out)["job"]["state"] == "done" and "Uploading" in err
    sent = server.called("POST", "/api/v1/submissions")[0].json
    assert sent == {"model": "lumen/x", "revision": server.repos["lumen/x"].commits[-1], "suite": "demo"}
    assert server.repos["lumen/x"].files["model.safetensors"] == (WEIGHTS, True)


def test_the_scores_are_told_with_interval_and_n_or_why_there_is_none(run: Run, server: Server) -> None:
    accept(server)
    for line in ("submit lumen/x --suite demo --wait", "results show r1"):
        out = run(line)[1]
        assert "0.5 [0.4, 0.6] n=10" in out and "It sees no images." in out


def test_an_uploaded_model_is_submitted_by_its_id(run: Run, server: Server) -> None:
    accept(server)
    code, out, _ = run("submit lumen/x --suite demo -q")
    assert (code, out) == (0, "s1\n")


def test_a_failed_evaluation_is_an_error_that_says_whose_fault_it_was(run: Run, server: Server) -> None:
    accept(server, state="failed", fault={"kind": "lab", "code": "load_failed", "text": "config.json names no head"})
    code, _, err = run("submit lumen/x --suite demo --wait")
    assert code == 1 and "config.json names no head" in err


def test_a_submission_that_the_server_refuses_shows_its_findings(run: Run, server: Server) -> None:
    findings = [{"code": "license_unknown", "message": "Name one license.", "blocking": True}]
    refused = {"id": "s1", "state": "needs_changes", "model": "lumen/x", "suite": "demo", "findings": findings}
    constant(server, "GET", "/api/v1/suites", {"items": [{"name": "demo"}]})
    constant(server, "POST", "/api/v1/submissions", refused, 201)
    constant(server, "GET", "/api/v1/submissions/s1", refused)
    code, _, err = run("submit lumen/x --suite demo --wait")
    assert code == 1 and "Name one license. [license_unknown]" in err


def test_an_evaluation_that_takes_too_long_ends_with_five(run: Run, server: Server) -> None:
    constant(server, "GET", "/api/v1/jobs/j1", {"id": "j1", "state": "queued", "reason": {"text": "3 ahead"}})
    code, _, err = run("jobs show j1 --wait --timeout 1")
    assert code == 5 and "queued: 3 ahead" in err


def test_a_folder_without_a_name_asks_for_one(run: Run, server: Server, tmp_path: Path) -> None:
    orgs = [{"organization": "lumen", "role": "owner"}, {"organization": "acme", "role": "member"}]
    constant(server, "GET", "/api/v1/me", {"username": "ada", "organizations": orgs})
    code, _, err = run(f"submit {good(tmp_path / 'tiny')} --yes")
    assert code == 2 and "--as lumen/tiny, acme/tiny" in err


def sealed_model(server: Server, tree: str | None = None) -> None:
    files = {"README.md": (b"# x\n", False), "model.safetensors": (WEIGHTS, True)}
    server.repos["lumen/x"] = Repo("model", files, ["c" * 40])
    import hashlib  # noqa: PLC0415 only here

    rows = [(path, hashlib.sha256(content).hexdigest(), len(content)) for path, (content, _) in files.items()]
    body = {"id": "v1", "commit": "c" * 40, "tree_digest": tree or tree_digest(rows)}
    constant(server, "GET", f"/api/v1/models/lumen/x/versions/{'c' * 40}", body)


def test_a_download_is_held_against_the_sealed_manifest(run: Run, server: Server, tmp_path: Path) -> None:
    sealed_model(server)
    code, out, _ = run(f"download lumen/x --output {tmp_path / 'w'} --json")
    told = json.loads(out)
    assert code == 0 and told["sealed"] and told["commit"] == "c" * 40
    digest, size = file_digest(tmp_path / "w" / "model.safetensors")
    assert {"path": "model.safetensors", "sha256": digest, "size": size} in told["files"]


def test_a_download_that_is_not_what_was_sealed_is_an_error(run: Run, server: Server, tmp_path: Path) -> None:
    sealed_model(server, tree="d" * 64)
    code, _, err = run(f"download lumen/x --output {tmp_path / 'w'}")
    assert code == 1 and "content_changed" in err


def test_a_denied_download_prints_the_reason_and_ends_with_four(run: Run, server: Server, tmp_path: Path) -> None:
    sealed_model(server)
    server.denied.add("lumen/x")
    code, out, err = run(f"download lumen/x --output {tmp_path / 'w'}")
    assert (code, out) == (4, "") and "It ended." in err and "expired" in err
    assert not list(tmp_path.glob("w/*"))


def test_an_offer_is_taken_and_signed_with_a_code_from_a_secret(
    run: Run, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = pyotp.random_base32()
    monkeypatch.setenv("ACME_TOTP", secret)
    waiting = {"number": "LB-1", "state": "signing", "statement_sha256": "f" * 64, "consent": "2026-1"}
    constant(server, "POST", "/api/v1/offers/o1/take", waiting, 201)
    constant(server, "GET", "/api/v1/agreements/LB-1", waiting)
    constant(server, "POST", "/api/v1/agreements/LB-1/sign", {"number": "LB-1", "state": "active"})
    line = "agreements take o1 --organization acme --country fr --purpose 'sorting claims'"
    code, out, err = run(f"{line} --totp-secret-env ACME_TOTP")
    assert code == 0 and "LB-1 is active." in out and "f" * 64 in err
    taken = server.called("POST", "/take")[0].json
    assert taken == {"organization": "acme", "purpose": "sorting claims", "country": "FR"}
    signed = server.called("POST", "/sign")[0].json
    assert signed | {"totp": ""} == {"statement_sha256": "f" * 64, "totp": "", "consent": "2026-1"}
    assert pyotp.TOTP(secret).verify(signed["totp"], valid_window=1)


def test_one_time_codes_are_those_of_the_rfc() -> None:
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # noqa: S105 that of RFC 6238
    assert [totp.code(secret, at) for at in (59, 1111111109, 20000000000)] == ["287082", "081804", "353130"]


def test_a_board_is_shown_as_table_and_csv(run: Run, server: Server) -> None:
    rows = [
        {"task": "overall", "rank": 1, "model": "lumen/x", "score": {"value": 0.9, "ci95": [0.8, 1.0], "n": 40}},
        {
            "task": "overall",
            "rank": None,
            "model": "lumen/y",
            "missing": {"code": "skipped", "text": "It answers no text."},
        },
    ]

    def entries(call: Call) -> Answer:
        if call.query.get("format") == ["csv"]:
            return Answer(200, b"rank,model\r\n1,lumen/x\r\n", {"Content-Type": "text/csv"})
        return Answer(200, {"items": rows, "next": None})

    server.routes["GET", "/api/v1/leaderboards/demo/entries"] = entries
    shown = run("board show demo --task overall")[1]
    assert "0.9 [0.8, 1] n=40" in shown and "It answers no text." in shown
    assert server.calls[-1].query == {"task": ["overall"]}
    assert run("board show demo --csv")[1].splitlines() == ["rank,model", "1,lumen/x"]


def test_logs_can_be_followed_to_the_end(run: Run, server: Server) -> None:
    told = (
        'id: 1\nevent: log\ndata: {"text": "loading"}',
        'id: 2\nevent: state\ndata: {"state": "done"}',
        "event: end\ndata: {}",
    )
    body = "\n\n".join([*told, ""]).encode()
    server.routes["GET", "/api/v1/jobs/j1/events"] = lambda _: Answer(200, body, {"Content-Type": "text/event-stream"})
    assert run("jobs logs j1 --follow")[1] == "loading\n[state] done\n"
    constant(server, "GET", "/api/v1/jobs/j1/logs", {"text": "all of it\n", "next": 0})
    assert run("jobs logs j1")[1] == "all of it\n"
