"""Every code that a caller may meet leads to a page with its cause and its remedy."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import get_resolver

from landbridge.agreements.sentences import SENTENCES
from landbridge.core.errors import DomainError
from landbridge.portal.explained import EXPLAINED, explain
from landbridge_registry.errors import FactsMissing, RegistryError

ALLOWED = {"public", "member", "grant", "job"}  # why something is open: no error
INNER = {RegistryError.code, FactsMissing.code}  # a base, and a request to read first: no caller sees them


def below(base: type[Exception]) -> Iterator[type[Exception]]:
    yield base
    for child in base.__subclasses__():
        yield from below(child)


def codes() -> set[str]:
    assert get_resolver().url_patterns  # all rooms are loaded
    ours = [error for base in (DomainError, RegistryError) for error in below(base)]
    found = {str(error.code) for error in ours if error.__module__.startswith("landbridge")}  # type: ignore[attr-defined]
    return (found | set(SENTENCES)) - ALLOWED - INNER


def test_every_code_is_explained_with_what_to_do() -> None:
    missing = sorted(codes() - set(EXPLAINED))
    assert not missing, f"explain these in landbridge.portal.explained: {missing}"
    assert all(one.title and one.remedy for one in EXPLAINED.values())


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_page_of_each_code_shows_it_in_both_languages(client: Client, language: str) -> None:
    for code, one in EXPLAINED.items():
        html = client.get(f"/errors/{code}?lang={language}").content.decode()
        assert code in html
        assert language == "zh-hans" or str(one.title).split("'")[0] in html


def test_an_unknown_code_still_has_words() -> None:
    assert explain("something_new", "Something new").title == "Something new"
    assert explain("something_new").title == "something new"
