"""Promises of ``landbridge verify``: each way in which an attestation can be wrong is refused by its own name."""

import gzip
import hashlib
import json
import os
import random
import resource
import secrets
import subprocess  # noqa: TID251 the command as a person runs it, with its start
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from landbridge_client import dsse, keylist
from landbridge_client.attestation import BAD, GOOD, UNANCHORED, Report, verify_file
from landbridge_client.attested_predictions import digest_of
from landbridge_client.formats import tree_digest
from landbridge_client.formats.digest import file_digest
from landbridge_client.screening import folder_files
from landbridge_evaluation.scoring import digest
from tests.client.model_folders import good, write
from tests.client.server import Run

ROOT, PLATFORM, WORKER, STRANGER = (dsse.Signer.generate() for _ in range(4))
YEAR = {"valid_from": "2026-01-01T00:00:00Z", "valid_until": "2027-01-01T00:00:00Z"}
END = "2026-06-01T00:00:00Z"
SHARDS = [gzip.compress(f'{{"i":{number},"v":[0.5,-0.5]}}\n'.encode(), mtime=0) for number in range(3)]
SAMPLES = [{"task": "t", "index": index, "prediction": index % 2, "logprobs": [-0.1, -2.5]} for index in range(4)]


def keys(**changed: dict[str, Any]) -> dict[str, Any]:
    """The list as the platform serves it; ``platform`` and ``worker`` change what is said of a key."""
    rows = [
        {"keyid": signer.keyid, "public": signer.public_hex, "use": use, **YEAR, **changed.get(use, {})}
        for use, signer in (("platform", PLATFORM), ("worker", WORKER))
    ]
    return {
        "keys": rows,
        "envelope": keylist.sign_list(rows[:1], ROOT, END),
        "workers": keylist.sign_list(rows[1:], PLATFORM, END),
    }


@dataclass
class Case:
    folder: Path
    envelope: dict[str, Any]

    def verify(self, listed: dict[str, Any] | None = None, **given: Any) -> Report:  # noqa: ANN401 options
        listed = listed if listed is not None else keys()
        write(self.folder, {"keys.json": json.dumps(listed), "a.json": json.dumps(self.envelope)})
        return verify_file(self.folder / "a.json", self.folder / "keys.json", **given)

    def codes(self, listed: dict[str, Any] | None = None, **given: Any) -> list[str]:  # noqa: ANN401 options
        report = self.verify(listed, **given)
        assert report.exit_code == (BAD if report.codes else GOOD)
        return report.codes


def attested(model: Path, *signers: dsse.Signer, worker: dsse.Signer = WORKER) -> dict[str, Any]:
    found = tree_digest((file.path, *file_digest(file.place)) for file in folder_files(model))
    predicate = {
        "end": END,
        "worker": {"name": "one", "keyid": worker.keyid},
        "shards": [{"index": place, "sha256": hashlib.sha256(one).hexdigest()} for place, one in enumerate(SHARDS)],
        "tasks": [{"name": "t", "predictions_sha256": digest(SAMPLES), "metrics": {"acc": {"value": "0.9", "n": 4}}}],
    }
    statement = dsse.make_statement(
        subjects={"lumen/x": found}, predicate_type=dsse.EVALUATION_RESULT, predicate=predicate
    )
    return dsse.sign(statement, *(signers or (WORKER, PLATFORM)))


@pytest.fixture
def case(tmp_path: Path) -> Case:
    return Case(tmp_path, attested(good(tmp_path / "m")))


def test_a_good_one_is_good_and_without_keys_not_anchored(case: Case) -> None:
    report = case.verify(root=ROOT.keyid, model=case.folder / "m")
    assert report.exit_code == GOOD and not report.codes, report.parts
    assert case.verify().exit_code == GOOD
    assert verify_file(case.folder / "a.json").exit_code == UNANCHORED


def test_every_altered_byte_is_refused(case: Case) -> None:
    """A tenth of all bytes here, with the seed printed; all of them where PROOF_SCALE is set."""
    raw, seed = json.dumps(case.envelope).encode() + b"\n", secrets.randbelow(1 << 32)
    print(f"seed {seed}")  # noqa: T201 to repeat what failed
    chance = random.Random(seed)  # noqa: S311 a sample
    whole = bool(os.environ.get("PROOF_SCALE"))  # noqa: TID251 a test's own switch
    places = range(len(raw)) if whole else sorted(chance.sample(range(len(raw)), len(raw) // 10))
    write(case.folder, {"keys.json": json.dumps(keys())})
    file, listed = case.folder / "a.json", case.folder / "keys.json"
    for place in places:
        for flip in range(1, 256) if whole and place % 64 == 0 else (1, 32, chance.randrange(1, 256)):
            file.write_bytes(raw[:place] + bytes([raw[place] ^ flip]) + raw[place + 1 :])
            for report in (verify_file(file, listed), verify_file(file)):
                assert report.exit_code == BAD, (seed, place, flip, file.read_bytes()[max(0, place - 20) : place + 20])


@pytest.mark.parametrize("form", [{}, {"separators": (",", ":")}, {"indent": 2}, {"sort_keys": True}])
def test_the_usual_ways_to_write_it_are_all_good(case: Case, form: dict[str, Any]) -> None:
    write(case.folder, {"keys.json": json.dumps(keys())})
    for end in ("", "\n"):
        (case.folder / "a.json").write_text(json.dumps(case.envelope, **form) + end)
        assert verify_file(case.folder / "a.json", case.folder / "keys.json").exit_code == GOOD


def test_another_model_is_refused(case: Case) -> None:
    write(case.folder / "m", {"vocab.txt": "changed\n"})
    assert case.codes(model=case.folder / "m") == ["wrong_model"]


@pytest.mark.parametrize(
    ("changed", "codes"),
    [
        ({"worker": {"valid_until": "2026-05-01T00:00:00Z"}}, ["key_expired"]),
        ({"platform": {"valid_from": "2026-07-01T00:00:00Z"}}, ["key_not_yet_valid"]),
        ({"worker": {"revoked_at": "2026-05-01T00:00:00Z", "reason": "stolen"}}, ["key_revoked"]),
        ({"worker": {"revoked_at": "2026-07-01T00:00:00Z", "reason": "stolen"}}, []),
    ],
)
def test_a_key_must_be_good_when_the_evaluation_ended(
    case: Case, changed: dict[str, dict[str, Any]], codes: list[str]
) -> None:
    assert case.codes(keys(**changed)) == codes
    if "platform" not in changed:
        assert case.codes(keys(**changed), root=ROOT.keyid) == codes


def test_a_forged_signature_and_a_foreign_platform_are_wrong_keys(case: Case) -> None:
    model = case.folder / "m"
    case.envelope = attested(model, STRANGER, worker=STRANGER)
    assert case.verify().codes == ["wrong_key"], "nobody of this platform signed it"
    case.envelope["signatures"][0]["keyid"] = PLATFORM.keyid
    assert case.codes() == ["signature"]
    case.envelope = attested(model, PLATFORM)
    assert case.codes() == ["wrong_key"], "the worker it names has not signed it"
    case.envelope = attested(model, WORKER)
    assert case.codes() == ["wrong_key"], "the platform has not accepted it"


def test_a_key_that_no_list_names_is_not_anchored(case: Case) -> None:
    case.envelope = attested(case.folder / "m", STRANGER, PLATFORM, worker=STRANGER)
    report = case.verify()
    assert report.exit_code == UNANCHORED and not report.codes


def unsigned(listed: dict[str, Any]) -> None:
    del listed["envelope"]


def resigned(listed: dict[str, Any]) -> None:
    listed["envelope"] = keylist.sign_list(listed["keys"], STRANGER, END)


def altered(listed: dict[str, Any]) -> None:
    payload = listed["envelope"]["payload"]
    listed["envelope"]["payload"] = payload[:-8] + ("AAAA" if payload[-8:-4] != "AAAA" else "BBBB") + payload[-4:]


def delegated_by_a_stranger(listed: dict[str, Any]) -> None:
    listed["workers"] = keylist.sign_list(listed["keys"][1:], STRANGER, END)


@pytest.mark.parametrize(
    ("spoil", "code"), [(unsigned, "keys_unsigned"), (resigned, "wrong_root"), (altered, "keys_altered")]
)
def test_a_list_of_keys_that_the_root_did_not_sign_is_refused(
    case: Case, spoil: Callable[[dict[str, Any]], None], code: str
) -> None:
    listed = keys()
    spoil(listed)
    assert case.codes(listed, root=ROOT.keyid) == [code]


def test_a_key_put_in_beside_the_signed_list_counts_for_nothing(case: Case) -> None:
    listed = keys()
    delegated_by_a_stranger(listed)
    assert case.verify(listed, root=ROOT.keyid).exit_code == UNANCHORED, "the worker's key has no voucher"
    case.envelope = attested(case.folder / "m", STRANGER, worker=STRANGER)
    listed = keys()
    listed["keys"].append({"public": STRANGER.public_hex, "use": "platform", **YEAR})
    assert case.codes(listed, root=ROOT.keyid) == ["wrong_key"]


def test_predictions_are_checked_as_shards_and_as_samples(case: Case) -> None:
    place = case.folder / "p"
    place.write_bytes(b"".join(SHARDS))
    assert case.codes(predictions=place) == []
    for other in ([SHARDS[0], SHARDS[2], SHARDS[1]], SHARDS[:2], [*SHARDS, SHARDS[0]]):
        place.write_bytes(b"".join(other))
        assert case.codes(predictions=place) == ["wrong_predictions"]
    place.write_bytes(b"".join(SHARDS)[:-3])
    assert case.codes(predictions=place) == ["predictions_invalid"]
    place.write_text("".join(json.dumps(one) + "\n" for one in SAMPLES))
    assert case.codes(predictions=place) == []
    place.write_text("".join(json.dumps({**one, "prediction": 1}) + "\n" for one in SAMPLES))
    assert case.codes(predictions=place) == ["wrong_predictions"]
    place.write_text("nothing")
    assert case.codes(predictions=place) == ["predictions_invalid"]
    assert digest_of(SAMPLES) == digest(SAMPLES), "one digest, in the engine and in the check"


def spent() -> float:
    """Seconds of a processor that ended children took: what else runs on this machine does not count."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_the_command_answers_in_under_a_second(case: Case) -> None:
    case.verify()
    words = ("verify", str(case.folder / "a.json"), "--keys", str(case.folder / "keys.json"), "--root", ROOT.keyid)
    command = [sys.executable, "-m", "landbridge_client", *words, "--model", str(case.folder / "m"), "--json"]
    times = []
    for _ in range(3):
        began = spent()
        ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 our own words
        times.append(spent() - began)
        assert ended.returncode == 0 and json.loads(ended.stdout)["verdict"] == "good", ended.stderr
    print(f"{min(times):.2f} s")  # noqa: T201 what was measured
    assert min(times) < 1, times


def test_wrong_words_on_the_command_line_are_usage(case: Case, run: Run) -> None:
    case.verify()
    assert run(f"verify {case.folder}/none.json")[0] == 2
    assert run(f"verify {case.folder}/a.json --root {ROOT.keyid}")[0] == 2
    code, out, _ = run(f"verify {case.folder}/a.json --keys {case.folder}/keys.json --root {'0' * 64} --json")
    assert code == 1 and json.loads(out)["codes"] == ["wrong_root"]
