"""Pages by keyset: every row once, whatever comes or goes; a cursor that is not ours is refused."""

import re
from collections.abc import Iterator

import pytest
from django.db import transaction
from django.test import Client

from landbridge.accounts import steps
from landbridge.accounts.models import Organization, OrganizationKind

URL = "/api/v1/organizations"
COUNT = 23


def make(*names: str) -> None:
    with transaction.atomic():
        for name in names:
            steps.open_organization(slug=name, name=name, kind=OrganizationKind.LAB)


@pytest.fixture
def many(db: None) -> list[str]:
    names = [f"lab-{number:02}" for number in range(COUNT)]
    make(*names)
    return names


def walk(client: Client, start: str) -> Iterator[list[str]]:
    """Slugs page by page, along the Link header."""
    where: str | None = start
    while where:
        answer = client.get(where)
        assert answer.status_code == 200, answer.content
        yield [item["slug"] for item in answer.json()["items"]]
        link = re.fullmatch(r'<http://testserver(/\S+)>; rel="next"', answer.headers.get("Link", ""))
        assert (answer.json()["next"] is None) == (link is None)
        where = link[1] if link else None


def test_following_the_links_shows_every_row_once_in_order(client: Client, many: list[str]) -> None:
    pages = list(walk(client, f"{URL}?limit=5"))
    assert [len(page) for page in pages] == [5, 5, 5, 5, 3]
    assert [slug for page in pages for slug in page] == many


def test_rows_that_come_and_go_move_nothing(client: Client, many: list[str]) -> None:
    pages = walk(client, f"{URL}?limit=10")
    first = next(pages)
    make("aaa-first", "lab-10a")
    Organization.objects.filter(slug="lab-03").delete()
    rest = [slug for page in pages for slug in page]
    assert first == many[:10]
    assert rest == ["lab-10", "lab-10a", *many[11:]]


def test_filters_stay_on_every_page(client: Client, many: list[str], acme: Organization) -> None:
    slugs = [slug for page in walk(client, f"{URL}?limit=7&kind=lab") for slug in page]
    assert slugs == many


def altered(cursor: str) -> list[str]:
    flipped = ("A" if cursor[3] != "A" else "B").join((cursor[:3], cursor[4:]))
    return [flipped, cursor[:-1], cursor + "x", "", "x", "é", cursor.replace(":", ";"), "0" * 5000]


def test_an_altered_or_foreign_cursor_is_refused(client: Client, many: list[str]) -> None:
    cursor = client.get(f"{URL}?limit=5").json()["next"]
    foreign = [
        client.get(f"{URL}?limit=5&kind=lab").json()["next"],
        client.get(f"{URL}?limit=5&kind=company").json()["next"] or "none",
    ]
    for wrong in [one for one in altered(cursor) if one] + foreign:
        answer = client.get(URL, {"limit": 5, "cursor": wrong})
        assert (answer.status_code, answer.json()["code"]) == (400, "cursor_invalid"), wrong[:60]
    assert client.get(URL, {"limit": 3, "cursor": cursor}).status_code == 200, "another limit is the same list"


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "1.5", "\u0661", "9" * 400])
def test_a_limit_is_a_number_up_to_two_hundred(client: Client, db: None, limit: str) -> None:
    answer = client.get(URL, {"limit": limit})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/query/limit")


def test_count_and_fields(client: Client, many: list[str]) -> None:
    body = client.get(f"{URL}?limit=2&count=true&fields=slug,kind").json()
    assert body["count"] == COUNT
    assert body["items"][0] == {"slug": "lab-00", "kind": "lab"}
    wrong = client.get(f"{URL}?fields=slug,password")
    assert (wrong.status_code, wrong.json()["errors"][0]["code"]) == (400, "unknown_field")


def test_an_unknown_parameter_is_named_with_those_that_are_known(client: Client, db: None) -> None:
    answer = client.get(f"{URL}?knd=lab")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/query/knd"
    assert answer.json()["allowed"] == ["count", "cursor", "fields", "kind", "lang", "limit", "mine"]


def test_a_value_that_is_none_of_the_choices_lists_them(client: Client, db: None) -> None:
    answer = client.get(f"{URL}?kind=club")
    assert (answer.status_code, answer.json()["allowed"]) == (400, ["company", "lab", "operator"])


def test_a_list_asks_as_often_for_one_row_as_for_fifty(
    client: Client, many: list[str], django_assert_num_queries: object
) -> None:
    for limit in (1, 23):
        with django_assert_num_queries(1):  # type: ignore[operator]
            client.get(f"{URL}?limit={limit}")
