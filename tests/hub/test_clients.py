"""The clients people use, against a running server."""

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError
from huggingface_hub.hf_api import RepoFile
from pytest_django.live_server_helper import LiveServer

from landbridge.accounts.models import Organization, User
from landbridge_client.hub import HubClient
from landbridge_registry.models import Repo

TokenMaker = Callable[..., str]
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # huggingface_hub's own


def test_our_client_uploads_a_folder_and_fetches_it_back(
    live_server: LiveServer, lumen: Organization, ada: User, token_of: TokenMaker, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    (folder / "deep").mkdir(parents=True)
    (folder / "README.md").write_text("---\nlicense: mit\n---\n# Tiny\n\nA tiny model.\n")
    (folder / "deep" / "weights.bin").write_bytes(bytes(range(256)) * 4000)
    (folder / "empty.txt").write_bytes(b"")
    with HubClient(live_server.url, token_of(ada)) as client:
        client.create_repo("lumen/tiny")
        commit = client.upload_folder("lumen/tiny", "model", folder)
        assert client.info("lumen/tiny")["sha"] == commit
        again = client.upload_folder("lumen/tiny", "model", folder)
        assert again == commit
        snapshot = client.snapshot("lumen/tiny", "model", "main", tmp_path / "out")
    assert snapshot.commit == commit
    assert (tmp_path / "out/deep/weights.bin").read_bytes() == bytes(range(256)) * 4000
    repo = Repo.objects.get(name="tiny")
    assert (repo.license, repo.summary, repo.head_sha) == ("MIT", "A tiny model.", commit)


def test_huggingface_hub_uploads_and_downloads(hf: HfApi, tmp_path: Path) -> None:
    hf.create_repo("lumen/tiny")
    folder = tmp_path / "up"
    files = {
        "README.md": b"---\nlicense: mit\n---\n# t\n",
        "a/b/c.txt": b"deep",
        "empty.txt": b"",
        "sp ace+%20&#.txt": b"odd",
        "w.safetensors": bytes(range(256)) * 800,
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    commit = hf.upload_folder(repo_id="lumen/tiny", folder_path=folder)
    assert hf.repo_info("lumen/tiny").sha == commit.oid
    tree = {entry.path: entry for entry in hf.list_repo_tree("lumen/tiny", recursive=True)}
    assert {*files, ".gitattributes", "a", "a/b"} == set(tree)
    weights = tree["w.safetensors"]
    assert isinstance(weights, RepoFile) and weights.lfs is not None
    assert weights.lfs.sha256 == hashlib.sha256(files["w.safetensors"]).hexdigest()
    for name, content in files.items():
        got = hf.hf_hub_download("lumen/tiny", name, cache_dir=tmp_path / "cache")
        assert Path(got).read_bytes() == content, name
    place = Path(hf.snapshot_download("lumen/tiny", cache_dir=tmp_path / "cache2"))
    assert {str(one.relative_to(place)) for one in place.rglob("*") if one.is_file()} == {*files, ".gitattributes"}


def test_a_repository_that_is_there_is_named_with_its_address(hf: HfApi, anonymous: HfApi) -> None:
    hf.create_repo("lumen/tiny")
    with pytest.raises(HfHubHTTPError) as refusal:
        hf.create_repo("lumen/Tiny")
    assert refusal.value.response.status_code == 409
    assert hf.create_repo("lumen/tiny", exist_ok=True).repo_id == "lumen/tiny"
    hf.delete_repo("lumen/tiny")
    for client in (hf, anonymous):
        with pytest.raises(RepositoryNotFoundError):
            client.model_info("lumen/tiny")


def test_eight_writers_of_one_branch_all_land(hf: HfApi) -> None:
    hf.create_repo("lumen/tiny")

    def one(number: int) -> str:
        change = CommitOperationAdd(f"f{number}.txt", b"%d" % number)
        return hf.create_commit("lumen/tiny", [change], commit_message=f"c{number}").oid

    with ThreadPoolExecutor(8) as pool:
        shas = set(pool.map(one, range(8)))
    assert len(shas) == 8
    assert {f"f{number}.txt" for number in range(8)} <= set(hf.list_repo_files("lumen/tiny"))
    assert {f"c{number}" for number in range(8)} <= {commit.title for commit in hf.list_repo_commits("lumen/tiny")}
