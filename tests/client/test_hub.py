"""Promises of the Hub client: what is sent arrives once, what arrives is verified, nothing half-made stays."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from landbridge_client.errors import ApiError, ContentChanged, Denied, LandbridgeError, NotFound, Unreachable
from landbridge_client.formats import file_digest, tree_digest
from landbridge_client.hub import HubClient
from landbridge_client.screening import folder_files
from tests.client.model_folders import WEIGHTS, good, write
from tests.client.server import TOKEN, Answer, Repo, Server

MODEL = "lumen/x"


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def hub(server: Server, waits: list[float]) -> Iterator[HubClient]:
    with HubClient(server.url, TOKEN, wait=waits.append) as client:
        yield client


@pytest.fixture
def uploaded(hub: HubClient, tmp_path: Path) -> Path:
    hub.create_repo(MODEL)
    folder = good(tmp_path / "model", **{"deep/er/notes__txt": "hi\n", "empty__txt": ""})
    hub.upload_folder(MODEL, "model", folder, "First")
    return folder


def test_a_folder_goes_up_and_comes_back_with_the_same_digest(hub: HubClient, uploaded: Path, tmp_path: Path) -> None:
    got = hub.snapshot(MODEL, "model", "main", tmp_path / "copy")
    rows = [(file.path, *file_digest(file.place)) for file in folder_files(tmp_path / "copy")]
    assert got.digest == tree_digest(rows)
    assert {path for path, _, _ in rows} == {file.path for file in folder_files(uploaded)} | {".gitattributes"}
    assert (tmp_path / "copy" / "model.safetensors").read_bytes() == WEIGHTS


def test_weights_go_by_lfs_without_the_token_and_the_rest_in_the_commit(server: Server, uploaded: Path) -> None:
    (put,) = server.called("PUT", "/lfs-put/")
    assert put.body == WEIGHTS and "authorization" not in put.headers
    assert "transfer-encoding" not in put.headers
    (commit,) = server.called("POST", "/commit/")
    assert commit.body.count(b"\n") == 7 and b"lfsFile" in commit.body


def test_the_same_folder_again_makes_no_commit(server: Server, hub: HubClient, uploaded: Path) -> None:
    before = hub.info(MODEL)["sha"]
    assert hub.upload_folder(MODEL, "model", uploaded) == before
    assert len(server.called("POST", "/commit/")) == 1 and len(server.called("PUT", "/lfs-put/")) == 1


def test_a_mirror_removes_what_the_folder_lacks_and_an_upload_does_not(
    server: Server, hub: HubClient, uploaded: Path
) -> None:
    (uploaded / "vocab.txt").unlink()
    hub.upload_folder(MODEL, "model", uploaded)
    assert "vocab.txt" in server.repos[MODEL].files
    hub.upload_folder(MODEL, "model", uploaded, mirror=True)
    assert "vocab.txt" not in server.repos[MODEL].files and ".gitattributes" in server.repos[MODEL].files


def test_an_ignored_file_is_not_sent(server: Server, hub: HubClient, uploaded: Path) -> None:
    write(uploaded, {"x.ignored": "x"})
    hub.upload_folder(MODEL, "model", uploaded)
    assert "x.ignored" not in server.repos[MODEL].files


def test_progress_tells_every_byte_of_large_files(hub: HubClient, tmp_path: Path) -> None:
    hub.create_repo(MODEL)
    seen: list[tuple[str, int, int]] = []
    hub.upload_folder(MODEL, "model", good(tmp_path / "m"), progress=lambda *told: seen.append(told))
    assert seen == [("model.safetensors", len(WEIGHTS), len(WEIGHTS))]


def test_a_repository_that_exists_is_a_conflict_unless_that_is_fine(hub: HubClient) -> None:
    hub.create_repo(MODEL)
    hub.create_repo(MODEL, exist_ok=True)
    with pytest.raises(ApiError) as refusal:
        hub.create_repo(MODEL)
    assert refusal.value.status == 409


def test_without_the_right_to_create_only_an_existing_repository_is_fine(server: Server, hub: HubClient) -> None:
    hub.create_repo(MODEL)
    with HubClient(server.url, "lb_other") as other:
        other.create_repo(MODEL, exist_ok=True)
        with pytest.raises(Denied, match="may not create"):
            other.create_repo("lumen/y", exist_ok=True)


def test_what_is_not_there_is_not_found_with_the_hub_s_code(hub: HubClient, uploaded: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound) as refusal:
        hub.info("lumen/absent")
    assert refusal.value.code == "RepoNotFound" and str(refusal.value) == "Repository not found"
    with pytest.raises(NotFound, match="Entry not found"):
        hub.download(MODEL, "model", "main", "absent.txt", tmp_path / "absent.txt")


def test_a_refused_upload_names_the_file(server: Server, hub: HubClient, tmp_path: Path) -> None:
    hub.create_repo(MODEL)
    server.faults.append(("POST", "/objects/batch", Answer(200, {"objects": [_refused(WEIGHTS)]})))
    with pytest.raises(LandbridgeError, match=r"model\.safetensors: over quota"):
        hub.upload_folder(MODEL, "model", good(tmp_path / "m"))
    assert not server.called("POST", "/commit/")


def _refused(content: bytes) -> dict[str, object]:
    import hashlib  # noqa: PLC0415 only here

    digest = hashlib.sha256(content).hexdigest()
    return {"oid": digest, "size": len(content), "error": {"code": 403, "message": "over quota"}}


def test_a_cut_download_goes_on_where_it_broke(
    server: Server, hub: HubClient, uploaded: Path, tmp_path: Path, waits: list[float]
) -> None:
    server.faults += [("GET", "model.safetensors", Answer(cut=50)), ("GET", "model.safetensors", Answer(cut=20))]
    place = tmp_path / "w.safetensors"
    digest = hub.download(MODEL, "model", "main", "model.safetensors", place)
    assert place.read_bytes() == WEIGHTS and digest == file_digest(place)[0]
    asked = [call.headers.get("range") for call in server.called("GET", "model.safetensors")]
    assert asked == [None, "bytes=50-", "bytes=70-"] and len(waits) == 2


def test_a_later_call_resumes_what_an_earlier_one_left(
    server: Server, hub: HubClient, uploaded: Path, tmp_path: Path
) -> None:
    server.faults += [("GET", "model.safetensors", Answer(cut=0))] * 6
    server.faults.insert(0, ("GET", "model.safetensors", Answer(cut=30)))
    place = tmp_path / "w.safetensors"
    with pytest.raises(Unreachable):
        hub.download(MODEL, "model", "main", "model.safetensors", place)
    assert not place.exists()
    server.calls.clear()
    hub.download(MODEL, "model", "main", "model.safetensors", place)
    assert server.called("GET", "model.safetensors")[0].headers["range"] == "bytes=30-"
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["w.safetensors"]


def test_a_file_that_is_there_is_not_fetched_again(
    server: Server, hub: HubClient, uploaded: Path, tmp_path: Path
) -> None:
    hub.snapshot(MODEL, "model", "main", tmp_path / "copy")
    server.calls.clear()
    hub.snapshot(MODEL, "model", "main", tmp_path / "copy")
    assert not server.called("GET", "/resolve/")


def test_bytes_that_changed_on_the_way_are_refused_and_do_not_stay(
    server: Server, hub: HubClient, uploaded: Path, tmp_path: Path
) -> None:
    server.faults.append(("GET", "model.safetensors", Answer(200, bytes(len(WEIGHTS)))))
    with pytest.raises(ContentChanged, match="arrived changed"):
        hub.download(MODEL, "model", "main", "model.safetensors", tmp_path / "dir" / "w")
    assert list((tmp_path / "dir").iterdir()) == []


def test_a_denied_download_says_why_and_leaves_nothing(
    server: Server, hub: HubClient, uploaded: Path, tmp_path: Path
) -> None:
    server.denied.add(MODEL)
    with pytest.raises(Denied) as refusal:
        hub.snapshot(MODEL, "model", "main", tmp_path / "copy")
    assert (refusal.value.code, str(refusal.value)) == ("expired", "It ended.")
    assert not list(tmp_path.rglob("copy/*"))


@pytest.mark.parametrize("path", ["../out.txt", "/etc/x", "a\\b"])
def test_a_listed_path_that_leads_out_is_refused(server: Server, hub: HubClient, tmp_path: Path, path: str) -> None:
    server.repos[MODEL] = Repo("model", {path: (b"x", False)})
    with pytest.raises(ContentChanged, match="nothing was written"):
        hub.snapshot(MODEL, "model", "main", tmp_path / "copy")
    assert not (tmp_path / "out.txt").exists()


def test_some_files_can_be_chosen(hub: HubClient, uploaded: Path, tmp_path: Path) -> None:
    got = hub.snapshot(MODEL, "model", "main", tmp_path / "copy", allow=lambda path: path.endswith(".json"))
    assert [path for path, _, _ in got.files] == ["config.json"]


def test_a_busy_server_is_asked_again_when_it_says(server: Server, hub: HubClient, waits: list[float]) -> None:
    server.faults += [("GET", "whoami", Answer(503, {}, {"Retry-After": "7"})), ("GET", "whoami", Answer(502, {}))]
    assert hub.whoami()["name"] == "ada"
    assert waits[0] == 7 and 0 < waits[1] <= 1


def test_after_six_refusals_the_last_one_is_told(server: Server, hub: HubClient, waits: list[float]) -> None:
    server.faults += [("GET", "whoami", Answer(503, {"error": "down for repair"}))] * 9
    with pytest.raises(ApiError, match="down for repair"):
        hub.whoami()
    assert len(waits) == 5 and len(server.calls) == 6


def test_a_server_that_is_not_there_is_called_unreachable(waits: list[float]) -> None:
    with HubClient("http://127.0.0.1:9", wait=waits.append) as hub, pytest.raises(Unreachable, match="does not answer"):
        hub.whoami()
    assert len(waits) == 5


def test_the_token_does_not_follow_a_redirect_to_another_origin(server: Server, hub: HubClient) -> None:
    elsewhere = server.url.replace("127.0.0.1", "localhost")
    server.faults.append(("GET", "/revision/", Answer(307, {}, {"Location": f"{elsewhere}/api/whoami-v2"})))
    hub.info(MODEL, "model", "main")
    first, second = server.calls[-2:]
    assert "authorization" in first.headers and "authorization" not in second.headers
