"""Every page, for each kind of visitor, in both languages: one heading, landmarks, and the right answer."""

import re

import pytest
from django.conf import settings
from django.test import Client

from landbridge.accounts.models import Organization, User
from landbridge.agreements.models import Agreement, Offer
from landbridge.portal import urls
from landbridge.submissions.models import Submission
from tests.agreements.conftest import publish, sign, take
from tests.portal.conftest import Browser

pytestmark = pytest.mark.django_db

OPEN = {"anonymous": 200, "ada": 200, "carl": 200, "olga": 200}
SIGNED_IN = OPEN | {"anonymous": 302}
LAB = {"anonymous": 302, "ada": 200, "carl": 404, "olga": 200}  # the operator sees every submission and job
PARTIES = {"anonymous": 302, "ada": 200, "carl": 200, "olga": 404}
PAGES: dict[str, dict[str, int]] = {
    "/": OPEN,
    "/models": OPEN,
    "/models?q=majority&language=zh&access=open": OPEN,
    "/leaderboards": OPEN,
    "/leaderboards/languages": OPEN,
    "/leaderboards/languages?task=django_langid&q=none": OPEN,
    "/lumen": OPEN,
    "/lumen/majority": OPEN,
    "/lumen/majority/tree/main": OPEN,
    "/lumen/majority/license": OPEN,
    "/errors": OPEN,
    "/errors/no_agreement": OPEN,
    "/login/once/nothing": OPEN,
    "/accounts/login/": {"anonymous": 200, "ada": 302, "carl": 302, "olga": 302},
    "/accounts/signup/": {"anonymous": 200, "ada": 302, "carl": 302, "olga": 302},
    "/accounts/password/reset/": OPEN,
    "/accounts/2fa/": SIGNED_IN,
    "/accounts/email/": SIGNED_IN,
    "/submissions": SIGNED_IN,
    "/submissions/new": SIGNED_IN,
    "/submissions/new/plugin": SIGNED_IN,
    "/submissions/plugins": OPEN,
    "/submissions/late-findings": {"anonymous": 302, "ada": 200, "carl": 200, "olga": 200},
    "/jobs": SIGNED_IN,
    "/workers": {"anonymous": 302, "ada": 404, "carl": 404, "olga": 200},
    "/agreements": SIGNED_IN,
    "/settings/tokens": SIGNED_IN,
    "/organizations/new": SIGNED_IN,
    "/submissions/{submission}": LAB,
    "/jobs/{job}": LAB,
    "/organizations/lumen": LAB,
    "/organizations/lumen/authority": LAB,
    "/organizations/lumen/agreements": LAB,
    "/organizations/lumen/tokens": {"anonymous": 302, "ada": 200, "carl": 404, "olga": 403},
    "/organizations/lumen/machines": {"anonymous": 302, "ada": 200, "carl": 404, "olga": 403},
    "/lumen/majority/offer": {"anonymous": 302, "ada": 200, "carl": 404, "olga": 404},
    "/agreements/{agreement}": PARTIES,
    "/nothing/here": dict.fromkeys(OPEN, 404),
    "/nothing": dict.fromkeys(OPEN, 404),
    "/errors/nothing": dict.fromkeys(OPEN, 404),
}


@pytest.fixture
def offer(submitted: Submission, sofia: User) -> Offer:
    return publish(submitted.repo, sofia, revisions=(submitted.commit,))


@pytest.fixture
def agreement(offer: Offer, acme: Organization, carl: User, dora: User) -> Agreement:
    made = take(offer, carl)
    sign(made, dora)
    return made


@pytest.fixture
def visitors(browser: Browser, ada: User, carl: User, olga: User) -> dict[str, Client]:
    people = {"anonymous": None, "ada": ada, "carl": carl, "olga": olga}
    return {name: browser(user) for name, user in people.items()}


def test_every_page_answers_each_visitor_in_both_languages(
    visitors: dict[str, Client], submitted: Submission, agreement: Agreement
) -> None:
    named = {"submission": submitted.pk, "job": submitted.job_id, "agreement": agreement.number}
    wrong = []
    for path, expected in PAGES.items():
        for name, client in visitors.items():
            for language in ("en", "zh-hans"):
                client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
                answer = client.get(path.format(**named))
                faults = [] if answer.status_code == expected[name] else [f"{answer.status_code}, not {expected[name]}"]
                faults += faults_of(answer.content.decode(), language) if answer.status_code != 302 else []
                wrong += [f"{path} for {name} in {language}: {fault}" for fault in faults]
    assert not wrong, "\n".join(wrong)


def faults_of(html: str, language: str) -> list[str]:
    """What is wrong with a page's bones, or with its words."""
    checks = {
        "one h1": len(re.findall(r"<h1\b", html)) == 1,
        "its language": f'<html lang="{language}"' in html,
        "a main landmark": html.count("<main") == 1 and "<header>" in html and "<footer" in html,
        "a skip link": 'href="#main"' in html,
        "a title": re.search(r"<title>\s*\S+.*·\s*Landbridge\s*</title>", html, re.DOTALL) is not None,
        "no style attribute": not re.search(r"<[^>]+\sstyle=", html),
        "no inline script": not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", html),
        "no template left": "{%" not in html and "{{" not in html and "<c-" not in html,
    }
    return [f"lacks {name}" for name, holds in checks.items() if not holds]


def test_every_get_page_of_the_portal_is_in_the_table() -> None:
    """A new page that nobody looks at here fails."""
    seen = {re.sub(r"\?.*", "", path).lstrip("/") for path in PAGES}
    known = {
        "jobs/<str:job_id>/live",
        "submissions/<str:submission_id>/live",
        "results/<str:result_id>",
    }  # tests of theirs
    for pattern in urls.urlpatterns:
        address = str(pattern.pattern)
        if "GET" not in getattr(pattern.callback, "access", {}) or address in known:
            continue
        shape = re.compile(re.sub(r"<\w+:\w+>", "[^/]+", address) + "$")
        assert any(shape.match(path) for path in seen), f"/{address} is on no line of PAGES"


def test_the_theme_and_language_are_set_by_the_server(client: Client) -> None:
    answer = client.post("/settings/preferences", {"theme": "dark", "next": "/models"})
    assert (answer.status_code, answer["Location"]) == (302, "/models")
    assert 'data-theme="dark"' in client.get("/models").content.decode()
    client.post("/settings/preferences", {"language": "zh-hans", "next": "/models"})
    html = client.get("/models").content.decode()
    assert '<html lang="zh-hans" data-theme="dark">' in html and "模型" in html
    client.post("/settings/preferences", {"theme": ""})
    assert "data-theme" not in client.get("/").content.decode()


def test_a_forged_way_on_is_ignored(client: Client) -> None:
    answer = client.post("/settings/preferences", {"theme": "dark", "next": "https://evil.example/"})
    assert answer["Location"] == "/"


def test_the_policy_is_strict_on_every_page(client: Client) -> None:
    policy = client.get("/")["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy


def test_an_unknown_filter_finds_nothing_and_says_what_to_do(client: Client, submitted: Submission) -> None:
    html = client.get("/models?q=nothing-of-this-name").content.decode()
    assert "0 of 1 models" in html and "Show all models" in html


def test_a_private_model_looks_absent_to_others(visitors: dict[str, Client], submitted: Submission) -> None:
    submitted.repo.visibility = "private"
    submitted.repo.save(update_fields=["visibility"])
    assert visitors["ada"].get("/lumen/majority").status_code == 200
    for path in ("/lumen/majority", "/lumen/majority/tree/main", "/lumen/majority/license", "/lumen/absent"):
        assert visitors["carl"].get(path).status_code == 404
    assert "majority" not in visitors["carl"].get("/models").content.decode()
