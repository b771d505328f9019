"""A folder from the page becomes a repository, or nothing at all."""

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from landbridge.accounts.models import Organization, User
from landbridge.evaluations.models import SuiteRevision
from landbridge.hub.views import committing, landing
from landbridge.submissions.models import Submission
from landbridge_registry import queries
from landbridge_registry.models import Blob, Repo, RepoType
from tests.client.model_folders import WEIGHTS
from tests.portal.conftest import CARD, MARKER, Browser, form

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(browser: Browser, lumen: Organization, ada: User, suite: SuiteRevision) -> Client:
    return browser(ada)


def paths_of(name: str = "majority") -> list[str]:
    repo = queries.find_repo(RepoType.MODEL, "lumen", name)
    return [path for path, *_ in queries.files_of(queries.resolve_revision(repo, "main"))]


def test_the_paths_inside_the_folder_are_kept_and_its_own_name_is_not(client: Client) -> None:
    files = {"README.md": CARD, "landbridge.json": MARKER, "tokenizer/vocab.txt": b"a\nb\n"}
    answer = client.post("/submissions/new", **form(files))
    assert answer.status_code == 302
    assert paths_of() == [".gitattributes", "README.md", "landbridge.json", "tokenizer/vocab.txt"]


def test_caches_and_version_control_stay_at_home(client: Client) -> None:
    files = {
        "README.md": CARD,
        "landbridge.json": MARKER,
        ".git/config": b"x",
        ".DS_Store": b"x",
        "__pycache__/a.pyc": b"",
    }
    client.post("/submissions/new", **form(files))
    assert paths_of() == [".gitattributes", "README.md", "landbridge.json"]


def test_weights_go_to_the_large_file_store(client: Client) -> None:
    files = {"README.md": CARD, "landbridge.json": MARKER, "model.safetensors": WEIGHTS}
    client.post("/submissions/new", **form(files))
    repo = queries.find_repo(RepoType.MODEL, "lumen", "majority")
    entry = queries.entry_at(queries.resolve_revision(repo, "main"), "model.safetensors")
    assert entry.lfs and entry.size == len(WEIGHTS)


def test_a_pickle_is_refused_with_the_reason_and_nothing_stays(client: Client) -> None:
    pickled = b"\x80\x04\x95\x0b\x00\x00\x00\x00\x00\x00\x00\x8c\x07builtins\x94."
    answer = client.post("/submissions/new", **form({"README.md": CARD, "pytorch_model.bin": pickled}))
    assert answer.status_code == 400
    assert "pytorch_model.bin" in answer.content.decode()
    assert not Repo.objects.filter(type=RepoType.MODEL, namespace__name="lumen").exists()
    assert not Submission.objects.exists()


def test_truncated_weights_are_refused_and_nothing_stays(client: Client) -> None:
    before = Blob.objects.count()
    files = {"README.md": CARD, "config.json": b"{}", "model.safetensors": WEIGHTS[:-4]}
    answer = client.post("/submissions/new", **form(files))
    assert answer.status_code == 400 and "model.safetensors" in answer.content.decode()
    assert Blob.objects.count() == before


@pytest.mark.parametrize("path", ["../README.md", "a/../../x.json", "con.json", "a\u202e.json"])
def test_path_tricks_are_refused(client: Client, path: str) -> None:
    answer = client.post("/submissions/new", **form({"README.md": CARD, "landbridge.json": MARKER, path: b"{}"}))
    assert answer.status_code == 400
    assert not Submission.objects.exists()


def test_single_files_do_as_well_as_a_folder(client: Client) -> None:
    answer = client.post("/submissions/new", **form(top="", field="singles"))
    assert answer.status_code == 302
    assert "landbridge.json" in paths_of()


def test_a_card_is_made_from_what_was_typed(client: Client) -> None:
    files = {"landbridge.json": MARKER}
    answer = client.post("/submissions/new", **form(files, license="Apache-2.0", summary="Gives the commonest answer."))
    assert answer.status_code == 302
    repo = queries.find_repo(RepoType.MODEL, "lumen", "majority")
    assert (repo.license, repo.summary) == ("Apache-2.0", "Gives the commonest answer.")


def test_a_new_upload_replaces_the_old_one(client: Client) -> None:
    client.post("/submissions/new", **form({"README.md": CARD, "landbridge.json": MARKER, "old.txt": b"x"}))
    client.post("/submissions/new", **form({"README.md": CARD, "landbridge.json": MARKER, "new.txt": b"x"}))
    assert paths_of() == [".gitattributes", "README.md", "landbridge.json", "new.txt"]


def test_a_double_click_submits_once(client: Client) -> None:
    sent = form()
    first, again = client.post("/submissions/new", **sent), client.post("/submissions/new", **sent)
    assert first.status_code == again.status_code == 302
    assert first["Location"] == again["Location"]
    assert Submission.objects.count() == 1


def test_a_namespace_of_others_cannot_be_chosen(client: Client, acme: Organization) -> None:
    answer = client.post("/submissions/new", **form(namespace="acme"))
    assert answer.status_code == 400
    assert not Submission.objects.exists()


def test_an_unknown_suite_cannot_be_chosen(client: Client) -> None:
    assert client.post("/submissions/new", **form(suite="none")).status_code == 400


def test_without_files_the_form_says_so(client: Client) -> None:
    answer = client.post("/submissions/new", **form({}))
    assert answer.status_code == 400
    assert "Choose the folder of the model" in answer.content.decode()


def test_a_forged_form_is_refused(browser: Browser, lumen: Organization, ada: User, suite: SuiteRevision) -> None:
    forging = Client(enforce_csrf_checks=True)
    forging.force_login(ada)
    assert forging.post("/submissions/new", **form()).status_code == 403
    assert not Submission.objects.exists()


def test_too_many_files_are_refused_with_the_other_way(client: Client, settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 2
    client.raise_request_exception = False
    files = {"README.md": CARD, "landbridge.json": MARKER, "a.txt": b"a"}
    answer = client.post("/submissions/new", **form(files))
    assert answer.status_code == 400 and "landbridge submit DIR" in answer.content.decode()
    assert not Submission.objects.exists()


def test_a_key_that_is_no_text_is_refused(client: Client) -> None:
    assert client.post("/submissions/new", **form(once="\0")).status_code == 400
    assert not Submission.objects.exists()


def refused(client: Client, name: str) -> str:
    """The form again, with a finding on the file."""
    answer = client.post("/submissions/new", **form({"README.md": CARD, "landbridge.json": MARKER, name: b"{}"}))
    assert answer.status_code == 400
    assert "<form" in answer.content.decode()
    assert not Submission.objects.exists()
    return answer.content.decode()


@pytest.mark.parametrize("name", ["a." + "x" * 300, "a.x\0y", "..", "b/..", "c/.", "x" * 700])
def test_a_name_that_no_disk_takes_is_told_on_the_form(client: Client, name: str) -> None:
    assert "Rename the file" in refused(client, name)


def test_no_form_of_this_site_breaks_on_the_name_of_a_file(client: Client) -> None:
    sent = form({"a." + "x" * 220: b"x"}, top="")
    assert client.post("/organizations/new", **sent).status_code < 500


def test_a_repository_that_others_keep_changing_is_told_on_the_form_and_the_form_may_be_sent_again(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = form()
    monkeypatch.setattr(committing, "TRIES", 0)
    answer = client.post("/submissions/new", **sent)
    assert answer.status_code == 400 and "Others are changing this repository" in answer.content.decode()
    monkeypatch.undo()
    assert client.post("/submissions/new", **sent).status_code == 302


def test_a_form_whose_work_broke_down_may_be_sent_again_at_once(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    client.raise_request_exception = False
    sent = form()
    monkeypatch.setattr(landing, "bring", broken)
    assert client.post("/submissions/new", **sent).status_code == 500
    monkeypatch.undo()
    assert client.post("/submissions/new", **sent).status_code == 302
