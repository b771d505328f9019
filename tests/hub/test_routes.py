"""Repositories by the Hub's routes: what is answered, and with which headers clients tell errors apart."""

import pytest
from django.test import Client

from landbridge.accounts.models import Membership, Organization, Role, TokenKind, User
from landbridge.core.ledger import broken_at
from landbridge.core.models import Line
from landbridge_registry import sealing
from landbridge_registry.models import Hold, Repo
from tests.hub.conftest import TokenMaker
from tests.hub.kit import Caller, file, large

API = "/api/models/lumen/tiny"


def test_whoami_names_the_user_the_organizations_and_the_kind_of_token(mine: Caller, nobody: Caller) -> None:
    me = mine.get("/api/whoami-v2").json()
    assert (me["type"], me["name"]) == ("user", "ada")
    assert [(row["name"], row["roleInOrg"]) for row in me["orgs"]] == [("lumen", "admin")]
    assert me["auth"]["accessToken"]["role"] == "write"
    assert nobody.get("/api/whoami-v2").status_code == 401


def test_a_bad_token_is_told_in_the_words_that_clients_know(mine: Caller) -> None:
    for path in ("/api/whoami-v2", API, "/lumen/tiny/resolve/main/.gitattributes"):
        answer = Caller("lb_" + "x" * 46).get(path)
        assert answer.status_code == 401
        assert answer["X-Error-Message"] == "Invalid credentials in Authorization header"
        assert "X-Error-Code" not in answer


def test_a_new_repository_has_a_main_branch_with_lfs_patterns(mine: Caller) -> None:
    info = mine.get(API).json()
    assert (info["id"], info["private"], info["gated"]) == ("lumen/tiny", False, False)
    assert len(info["sha"]) == 40 and [one["rfilename"] for one in info["siblings"]] == [".gitattributes"]
    refs = mine.get(f"{API}/refs").json()
    assert refs == {
        "branches": [{"name": "main", "ref": "refs/heads/main", "targetCommit": info["sha"]}],
        "tags": [],
        "converts": [],
    }


def test_what_exists_is_answered_with_its_address_and_nothing_is_lost(mine: Caller) -> None:
    answer = mine.create("lumen/TINY")
    assert answer.status_code == 409 and answer.json()["url"] == "http://testserver/lumen/tiny"


@pytest.mark.parametrize("name", ["..", "a b", "a/b", "é", "a--b", "x" * 97, "x.git", "-a", "", "a%00b", "<script>"])
def test_a_bad_name_is_refused(mine: Caller, name: str) -> None:
    answer = mine.json("POST", "/api/repos/create", {"name": name, "organization": "lumen"})
    assert answer.status_code == 400 and Repo.objects.count() == 1


@pytest.mark.parametrize("kind", ["space", "bucket", "kernel", 7])
def test_other_types_are_not_offered(mine: Caller, kind: object) -> None:
    assert mine.create("lumen/x", type=kind).status_code == 400


def test_a_namespace_of_others_or_of_nobody_is_refused(foreign: Caller, mine: Caller, nobody: Caller) -> None:
    assert foreign.create("lumen/x").status_code == 403
    assert foreign.create("nosuch/x").status_code == 403
    assert nobody.create("lumen/x").status_code == 401


@pytest.mark.parametrize("scopes", [("read", "repo.read"), ("submit",)])
def test_a_token_that_may_only_read_writes_nothing(
    mine: Caller, ada: User, token_of: TokenMaker, scopes: tuple[str, ...]
) -> None:
    reader = Caller(token_of(ada, scopes))
    answers = [
        reader.create("lumen/x"),
        reader.commit("lumen/tiny", file("a", b"1")),
        reader.batch("lumen/tiny", b"content"),
        reader.json("POST", f"{API}/preupload/main", {"files": []}),
        reader.json("PUT", f"{API}/settings", {"gated": "auto"}),
        reader.json("DELETE", "/api/repos/delete", {"name": "tiny", "organization": "lumen"}),
        reader.get(f"{API}/auth-check/write"),
    ]
    assert [answer.status_code for answer in answers] == [403] * 7
    assert all("href" not in answer.content.decode() for answer in answers)


def test_tokens_of_jobs_and_workers_write_nothing(mine: Caller, ada: User, token_of: TokenMaker) -> None:
    for kind in (TokenKind.JOB, TokenKind.WORKER):
        assert Caller(token_of(ada, kind=kind)).commit("lumen/tiny", file("a", b"1")).status_code == 403


def test_a_cookie_writes_nothing(mine: Caller, ada: User) -> None:
    browser = Client()
    browser.force_login(ada)
    answer = browser.post("/api/repos/create", {"name": "x"}, content_type="application/json")
    assert answer.status_code == 401


def test_missing_and_private_look_the_same(mine: Caller, foreign: Caller, nobody: Caller) -> None:
    mine.create("lumen/secret", private=True)
    for path in (
        "/api/models/lumen/{}", "/api/models/lumen/{}/tree/main", "/api/models/lumen/{}/refs",
        "/api/models/lumen/{}/commits/main", "/lumen/{}/resolve/main/.gitattributes", "/lumen/{}/raw/main/x",
        "/api/models/lumen/{}/auth-check", "/api/datasets/lumen/{}",
    ):  # fmt: skip
        for caller, status in ((foreign, 404), (nobody, 401)):
            hidden, absent = caller.get(path.format("secret")), caller.get(path.format("nosuch"))
            assert (hidden.status_code, hidden["X-Error-Code"]) == (status, "RepoNotFound"), path
            assert (absent.status_code, absent["X-Error-Code"]) == (status, "RepoNotFound"), path
            assert hidden.content == absent.content
    assert mine.get("/api/models/lumen/secret").json()["private"] is True
    assert foreign.commit("lumen/secret", file("a", b"1")).status_code == 404
    assert foreign.batch("lumen/secret", b"x").status_code == 404


def test_ids_that_cannot_be_are_not_found(mine: Caller) -> None:
    for path in ("/api/models/legacy", "/api/models/legacy/commits/main", "/legacy/resolve/main/config.json"):
        assert (mine.get(path).status_code, mine.get(path)["X-Error-Code"]) == (404, "RepoNotFound"), path


def test_a_revision_that_is_not_there_has_its_own_code(mine: Caller) -> None:
    for path in (f"{API}/revision/nope", f"{API}/tree/nope", "/lumen/tiny/resolve/nope/a", f"{API}/tree/{'0' * 40}"):
        answer = mine.get(path)
        assert (answer.status_code, answer["X-Error-Code"]) == (404, "RevisionNotFound"), path


def test_only_an_owner_deletes_and_what_is_held_stays(mine: Caller, foreign: Caller, ada: User) -> None:
    repo = Repo.objects.get()
    Hold.objects.create(repo=repo, commit=repo.head_sha, reason="agreement", subject="agreement:1")
    body = {"name": "tiny", "organization": "lumen"}
    assert foreign.json("DELETE", "/api/repos/delete", body).status_code == 403
    held = mine.json("DELETE", "/api/repos/delete", body)
    assert held.status_code == 409 and "agreement" in held.json()["error"]
    sealing.release.__wrapped__(repo=repo, commit=repo.head_sha, subject="agreement:1")  # type: ignore[attr-defined]
    assert mine.json("DELETE", "/api/repos/delete", body).status_code == 200
    gone = mine.json("DELETE", "/api/repos/delete", body)
    assert (gone.status_code, gone["X-Error-Code"]) == (404, "RepoNotFound")


def test_a_dataset_of_the_same_name_is_another_repository(mine: Caller) -> None:
    assert mine.create("lumen/tiny", type="dataset").json()["url"] == "http://testserver/datasets/lumen/tiny"
    assert mine.commit("lumen/tiny", file("a.txt", b"1"), kind="dataset").status_code == 200
    assert mine.get("/datasets/lumen/tiny/resolve/main/a.txt").status_code == 200
    assert mine.get("/lumen/tiny/resolve/main/a.txt").status_code == 404


def test_settings_change_gate_and_visibility_and_are_written_down(mine: Caller, foreign: Caller) -> None:
    assert foreign.json("PUT", f"{API}/settings", {"gated": "auto"}).status_code == 403
    assert mine.json("PUT", f"{API}/settings", {"gated": "sometimes"}).status_code == 400
    assert mine.json("PUT", f"{API}/settings", {"gated": "manual"}).json() == {"gated": "manual", "private": False}
    assert mine.get(API).json()["gated"] == "manual"
    assert foreign.get(f"{API}/auth-check")["X-Error-Code"] == "GatedRepo"
    assert mine.json("PUT", f"{API}/settings", {"visibility": "private", "gated": False}).status_code == 200
    assert foreign.get(API).status_code == 404
    verbs = list(Line.objects.filter(verb__startswith="repo.").values_list("verb", flat=True))
    assert verbs == ["repo.created", "repo.settings_changed", "repo.settings_changed"]
    assert broken_at() is None


def test_a_tree_tells_size_id_and_digest(mine: Caller) -> None:
    weights = bytes(range(256)) * 10
    mine.upload("lumen/tiny", weights)
    mine.commit("lumen/tiny", file("d/e/f.txt", b"f"), file("d/g.txt", b"gg"), large("w.bin", weights))
    top = {entry["path"]: entry for entry in mine.get(f"{API}/tree/main").json()}
    assert set(top) == {".gitattributes", "d", "w.bin"} and top["d"]["type"] == "directory"
    assert top["w.bin"]["size"] == 2560 and top["w.bin"]["lfs"]["size"] == 2560
    paths = [entry["path"] for entry in mine.get(f"{API}/tree/main?recursive=true").json()]
    assert paths == [".gitattributes", "d", "d/e", "d/e/f.txt", "d/g.txt", "w.bin"]
    assert [entry["path"] for entry in mine.get(f"{API}/tree/main/d").json()] == ["d/e", "d/g.txt"]
    expanded = mine.get(f"{API}/tree/main?expand=true").json()
    assert {entry["path"]: entry["lastCommit"]["title"] for entry in expanded}["w.bin"] == "change"
    missing = mine.get(f"{API}/tree/main/nope")
    assert (missing.status_code, missing["X-Error-Code"]) == (404, "EntryNotFound")
    blobs = {one["rfilename"]: one for one in mine.get(f"{API}?blobs=true").json()["siblings"]}
    assert blobs["w.bin"]["lfs"]["sha256"] == top["w.bin"]["lfs"]["oid"]


def test_a_long_tree_comes_in_pages_and_a_forged_cursor_is_refused(mine: Caller) -> None:
    mine.commit("lumen/tiny", *(file(f"many/{number:03}", b"x") for number in range(25)))
    path, seen = f"{API}/tree/main/many?limit=10", []
    while path:
        answer = mine.get(path)
        seen += [entry["path"] for entry in answer.json()]
        path = answer.get("Link", "").partition(">")[0].removeprefix("<http://testserver")
    assert seen == [f"many/{number:03}" for number in range(25)]
    assert mine.get(f"{API}/tree/main?cursor=forged").status_code == 400


@pytest.mark.parametrize("form", ["form", "json"])
def test_paths_are_described_and_missing_ones_left_out(mine: Caller, form: str) -> None:
    mine.commit("lumen/tiny", file("d/x.txt", b"x"), file("y.txt", b"y"))
    wanted = {"paths": ["d", "y.txt", "missing"], "expand": True}
    if form == "form":
        answer = mine.client.post(
            f"{API}/paths-info/main", "paths=d&paths=y.txt&paths=missing&expand=true",
            content_type="application/x-www-form-urlencoded",
        )  # fmt: skip
    else:
        answer = mine.json("POST", f"{API}/paths-info/main", wanted)
    found = {entry["path"]: entry for entry in answer.json()}
    assert set(found) == {"d", "y.txt"} and found["y.txt"]["lastCommit"]["title"] == "change"
    many = "&".join(["paths=x"] * 1001)
    answer = mine.client.post(
        f"{API}/paths-info/main", many, content_type="application/x-www-form-urlencoded"
    )  # fmt: skip
    assert answer.status_code == 413


def test_history_is_newest_first_with_its_count(mine: Caller) -> None:
    for number in range(3):
        mine.commit("lumen/tiny", file("a", b"%d" % number), head=None)
    answer = mine.get(f"{API}/commits/main?limit=2&expand[]=formatted")
    assert [row["title"] for row in answer.json()] == ["change", "change"]
    assert answer.json()[0]["authors"] == [{"user": "ada", "avatar": ""}] and answer["X-Total-Count"] == "4"
    last = mine.get(answer["Link"].partition(">")[0].removeprefix("<http://testserver"))
    assert [row["title"] for row in last.json()] == ["change", "initial commit"] and "Link" not in last


def test_lists_show_what_the_caller_may_see(mine: Caller, foreign: Caller, nobody: Caller) -> None:
    mine.create("lumen/secret", private=True)
    mine.commit("lumen/tiny", file("README.md", b"---\nlicense: mit\ntags: [rare]\n---\n"))
    foreign.create("acme/other")

    def ids(caller: Caller, query: str = "") -> list[str]:
        return [row["id"] for row in caller.get(f"/api/models?{query}").json()]

    assert set(ids(mine)) == {"lumen/tiny", "lumen/secret", "acme/other"}
    assert set(ids(nobody)) == set(ids(foreign)) == {"lumen/tiny", "acme/other"}
    assert ids(nobody, "filter=rare") == ids(nobody, "search=lumen/ti") == ids(nobody, "author=LUMEN") == ["lumen/tiny"]
    assert ids(nobody, "filter=license:mit&search=other") == []
    assert nobody.get("/api/models?sort=nope").status_code == 400
    first = nobody.get("/api/models?limit=1&sort=createdAt")
    assert [row["id"] for row in first.json()] == ["acme/other"]
    rest = nobody.get(first["Link"].partition(">")[0].removeprefix("<http://testserver"))
    assert [row["id"] for row in rest.json()] == ["lumen/tiny"] and "Link" not in rest
    assert nobody.get("/api/datasets").json() == []


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        ("---\nlicense: mit\n---\n# x", 200, ""),
        ("no front matter", 200, "empty or missing yaml metadata in repo card"),
        ("---\nlicense: nonsense\n---\n", 400, '"license" must be one of ['),
        ("---\nlicense: [\n---\n", 400, "not YAML"),
        ("---\na: &a [x]\nb: *a\n---\n", 400, "anchor"),
        ("---\nmodel-index: 3\n---\n", 400, "model-index"),
    ],
)
def test_a_card_is_checked_before_it_is_committed(nobody: Caller, content: str, status: int, said: str) -> None:
    answer = nobody.json("POST", "/api/validate-yaml", {"content": content, "repoType": "model"})
    found = [one["message"] for one in answer.json()["errors"] + answer.json()["warnings"]]
    assert answer.status_code == status and (any(said in one for one in found) if said else not found)


def test_a_card_is_checked_in_plain_text_for_who_asks_for_it(nobody: Caller) -> None:
    body = '{"content": "---\\nlicense: nonsense\\n---\\n"}'
    answer = nobody.client.post(
        "/api/validate-yaml", body, content_type="application/json", headers={"Accept": "text/plain"}
    )  # fmt: skip
    assert answer.status_code == 400 and answer.content.startswith(b"- Error: ")


@pytest.mark.parametrize(
    "path",
    [
        "/api/models?search=%00&author=%00&filter=%00&pipeline_tag=%00", "/api/v1/models?q=%00&lab=%00&license=%00",
        "/api/models/a%00/b", "/api/models/lumen/tiny/revision/%00", "/api/models/lumen/tiny/tree/main/%00",
        "/api/v1/models/lumen/tiny/versions/%00", "/api/v1/models/a%00/b", "/lumen/tiny/resolve/%00/a",
        "/api/lfs/%00", "/api/models/lumen/tiny/tree/main?limit=99999999999999999999", "/api/models?limit=x",
        "/api/models/lumen/tiny/commits/main?p=99999999999999999999999", "/api/models/lumen/tiny/tree/main?cursor=%00",
    ],
)  # fmt: skip
def test_odd_bytes_in_an_address_break_nothing(mine: Caller, path: str) -> None:
    assert mine.get(path).status_code < 500


def test_noise_of_clients_is_answered(nobody: Caller) -> None:
    assert nobody.head("/api/telemetry/some/topic").status_code == 200
    assert nobody.client.post("/v1/telemetry", "{}", content_type="application/json").status_code == 200
    assert nobody.get("/api/agent-harnesses").status_code == 404


def test_a_member_commits_and_a_maintainer_sets_the_gate(
    mine: Caller, carl: User, acme: Organization, lumen: Organization, token_of: TokenMaker
) -> None:
    membership = Membership.objects.create(user=carl, organization=lumen, role=Role.MEMBER)
    caller = Caller(token_of(carl))
    assert caller.commit("lumen/tiny", file("a", b"1")).status_code == 200
    assert caller.json("PUT", f"{API}/settings", {"gated": "auto"}).status_code == 403
    Membership.objects.filter(pk=membership.pk).update(role=Role.MAINTAINER)
    assert caller.json("PUT", f"{API}/settings", {"gated": "auto"}).status_code == 200
    assert caller.json("DELETE", "/api/repos/delete", {"name": "tiny", "organization": "lumen"}).status_code == 403


@pytest.mark.parametrize("text", ["\0", "a\ud800"])
def test_texts_of_a_body_that_no_database_keeps_are_refused(mine: Caller, text: str) -> None:
    verify = "/lumen/tiny.git/info/lfs/objects/verify"
    asked = [
        mine.json("POST", verify, {"oid": text, "size": 1}),
        mine.json("POST", verify, {"oid": "abc", "size": 1}),
        mine.json("POST", "/api/models/lumen/tiny/paths-info/main", {"paths": [text]}),
        mine.json("POST", "/api/models/lumen/tiny/preupload/main", {"files": [{"path": text, "size": 1}]}),
        mine.json("DELETE", "/api/repos/delete", {"organization": text, "name": "tiny"}),
        mine.json("POST", "/api/repos/create", {"organization": "lumen", "name": text}),
    ]
    assert [answer.status_code for answer in asked] == [400] * len(asked)


def test_a_form_of_paths_that_no_database_keeps_is_refused(mine: Caller) -> None:
    form = "application/x-www-form-urlencoded"
    answer = mine.client.post("/api/models/lumen/tiny/paths-info/main", "paths=%00", content_type=form)
    assert answer.status_code == 400
