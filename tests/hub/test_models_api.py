"""``/api/v1/models``: the catalog for programs."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from landbridge.accounts.models import User
from landbridge_registry import sealing
from landbridge_registry.models import Commit, Repo, Revision
from tests.hub.conftest import TokenMaker
from tests.hub.kit import Caller, file, sha256
from tests.registry.kit import AT

CARD = "---\nlicense: {}\nlanguage: {}\npipeline_tag: {}\n---\n# T\n\nSorts messages into 77 intents.\n"
LIST = "/api/v1/models"


def fill(caller: Caller, name: str, license_id: str = "mit", language: str = "en", task: str = "fill-mask") -> None:
    caller.create(f"lumen/{name}")
    caller.commit(f"lumen/{name}", file("README.md", CARD.format(license_id, language, task).encode()))


def seal(name: str) -> Revision:
    repo = Repo.objects.get(name=name)
    with transaction.atomic():
        commit = Commit.objects.get(repo=repo, sha=repo.head_sha)
        return sealing.seal(repo=repo, commit=commit, at=AT, reason="submission", subject="submission:1", label="v1")


def names(caller: Caller, query: str = "") -> list[str]:
    answer = caller.get(f"{LIST}?{query}")
    assert answer.status_code == 200, answer.content
    return [item["name"] for item in answer.json()["items"]]


def test_a_model_is_listed_with_what_the_card_says(mine: Caller, nobody: Caller) -> None:
    fill(mine, "bert")
    item = nobody.get(f"{LIST}?q=bert").json()["items"][0]
    assert (item["id"], item["summary"]) == ("lumen/bert", "Sorts messages into 77 intents.")
    assert (item["task"], item["modality"], item["license"]) == ("fill-mask", "text", "MIT")
    assert (item["languages"], item["access"], item["version"]) == (["en"], "open", None)


def test_filters_narrow_the_list_and_unknown_ones_are_refused(mine: Caller, nobody: Caller) -> None:
    fill(mine, "bert")
    fill(mine, "gpt", "apache-2.0", "zh", "text-generation")
    fill(mine, "vit", "apache-2.0", "en", "image-classification")
    Repo.objects.filter(name="vit").update(gate="manual")
    seal("gpt")
    assert set(names(nobody)) == {"tiny", "bert", "gpt", "vit"}
    for query, found in {
        "task=fill-mask": ["bert"], "language=zh": ["gpt"], "modality=image": ["vit"], "license=mit": ["bert"],
        "access=agreement": ["vit"], "lab=lumen&q=ber": ["bert"], "q=77+vit": ["vit"], "tag=license:mit": ["bert"],
        "sealed=true": ["gpt"], "license=apache&access=open": ["gpt"], "lab=nobody": [],
    }.items():  # fmt: skip
        assert names(nobody, query) == found, query
    assert names(nobody, "sort=name") == ["bert", "gpt", "tiny", "vit"]
    for query in ("nope=1", "access=some", "sort=card", "modality=smell", "limit=0", "cursor=x"):
        assert nobody.get(f"{LIST}?{query}").status_code == 400, query


def test_pages_follow_one_another_without_a_gap(mine: Caller, nobody: Caller) -> None:
    for number in range(5):
        fill(mine, f"m{number}")
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        body = nobody.get(f"{LIST}?sort=name&limit=2{f'&cursor={cursor}' if cursor else ''}").json()
        seen += [item["name"] for item in body["items"]]
        cursor = body["next"]
    assert seen == ["m0", "m1", "m2", "m3", "m4", "tiny"]


def test_the_questions_do_not_grow_with_the_list(mine: Caller, nobody: Caller) -> None:
    counts = []
    for many in (2, 6):
        for number in range(many):
            fill(mine, f"m{many}-{number}")
        with CaptureQueriesContext(connection) as seen:
            names(nobody)
            nobody.get("/api/models")
        counts.append(len(seen))
    assert counts[0] == counts[1], counts


def test_a_private_model_is_hidden_from_others(mine: Caller, foreign: Caller, nobody: Caller) -> None:
    fill(mine, "secret")
    Repo.objects.filter(name="secret").update(visibility="private")
    seal("secret")
    for path in ("lumen/secret", "lumen/secret/versions", "lumen/secret/versions/v1", "lumen/nosuch"):
        for caller in (foreign, nobody):
            assert caller.get(f"{LIST}/{path}").status_code == 404, path
        assert mine.get(f"{LIST}/{path}").status_code == (404 if "nosuch" in path else 200)
    assert "secret" not in names(foreign) and "secret" in names(mine)
    assert foreign.json("PATCH", f"{LIST}/lumen/secret", {"access": "open"}).status_code == 404


@pytest.mark.parametrize("scopes", [("read",), ("submit",), ("webhooks",), ("repo.write",)])
def test_a_token_without_repo_read_sees_what_the_public_sees(
    mine: Caller, ada: User, token_of: TokenMaker, scopes: tuple[str, ...]
) -> None:
    fill(mine, "secret")
    Repo.objects.filter(name="secret").update(visibility="private")
    narrow = Caller(token_of(ada, scopes))
    assert names(narrow) == ["tiny"] and "secret" in names(mine)
    assert [row["id"] for row in narrow.get("/api/models").json()] == ["lumen/tiny"]
    for path in (f"{LIST}/lumen/secret", f"{LIST}/lumen/secret/versions", "/api/models/lumen/secret"):
        assert narrow.get(path).status_code == 404, path
        assert mine.get(path).status_code == 200, path


def test_a_model_shows_files_with_digests_and_its_versions(mine: Caller, nobody: Caller) -> None:
    fill(mine, "bert")
    revision = seal("bert")
    body = nobody.get(f"{LIST}/lumen/BERT").json()
    files = {one["path"]: one for one in body["files"]}
    assert files["README.md"]["sha256"] == sha256(CARD.format("mit", "en", "fill-mask").encode())
    assert nobody.get(files["README.md"]["url"]).status_code == 200
    assert [row["tree_digest"] for row in body["versions"]] == [revision.tree_digest]
    assert body["version"] == revision.commit
    for name in ("v1", "main", revision.commit, revision.commit[:10], revision.pk):
        found = nobody.get(f"{LIST}/lumen/bert/versions/{name}").json()
        assert (found["id"], len(found["files"])) == (revision.pk, 2), name
    mine.commit("lumen/bert", file("later", b"x"))
    assert nobody.get(f"{LIST}/lumen/bert/versions/main").status_code == 404
    assert nobody.get(f"{LIST}/lumen/bert/versions/nope").status_code == 404
    assert len(nobody.get(f"{LIST}/lumen/bert/versions").json()["items"]) == 1


def test_a_program_makes_changes_and_removes_a_model(mine: Caller, foreign: Caller, nobody: Caller) -> None:
    wish = {"namespace": "lumen", "name": "new"}
    assert nobody.json("POST", LIST, wish).status_code == 401
    assert foreign.json("POST", LIST, wish).status_code == 403
    made = mine.json("POST", LIST, wish)
    assert (made.status_code, made["Location"]) == (201, "/api/v1/models/lumen/new")
    assert mine.json("POST", LIST, wish).json()["code"] == "model_exists"
    assert mine.json("POST", LIST, wish | {"name": "a b"}).json()["errors"][0]["pointer"] == "/name"
    assert mine.json("POST", LIST, wish | {"namespace": "nosuch"}).status_code == 404
    assert mine.json("PATCH", f"{LIST}/lumen/new", {"access": "agreement"}).json()["access"] == "agreement"
    assert foreign.json("DELETE", f"{LIST}/lumen/new", {}).status_code == 403
    assert mine.json("DELETE", f"{LIST}/lumen/new", {}).status_code == 204
    assert mine.get(f"{LIST}/lumen/new").status_code == 404


def test_what_is_sealed_is_not_removed(mine: Caller) -> None:
    fill(mine, "bert")
    seal("bert")
    answer = mine.json("DELETE", f"{LIST}/lumen/bert", {})
    assert (answer.status_code, answer.json()["code"]) == (409, "held")


@pytest.mark.parametrize("scopes", [("read",), ("submit",)])
def test_a_token_without_repo_write_makes_nothing(
    mine: Caller, ada: User, token_of: TokenMaker, scopes: tuple[str, ...]
) -> None:
    answer = Caller(token_of(ada, scopes)).json("POST", LIST, {"namespace": "lumen", "name": "x"})
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
