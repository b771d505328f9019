"""A browser before a whole instance of its own. Whatever the console or the policy complains of fails the test."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, sync_playwright

from tests.stack import Stack, running

CHROMIUM = Path("/usr/bin/chromium")
PROVOKED = "Failed to load resource: the server responded with a status of 4"  # a refusal that the test asked for
PATIENCE = 90_000  # milliseconds: real jobs on two cores


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if CHROMIUM.exists():
        return
    missing = pytest.mark.skip(reason=f"{CHROMIUM} is not here: apt-get install chromium fonts-noto-cjk")
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(missing)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """``manage.py up --no-demo`` on a free port: web, worker and sweeper, with the bundled suites and nobody in it."""
    with running(tmp_path_factory.mktemp("stack"), "--no-demo") as stack:
        yield stack


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
    yield browser
    browser.close()


class Visitor:
    """A person at the browser, and what the console said meanwhile."""

    def __init__(self, context: BrowserContext, stack: Stack) -> None:
        self.stack, self.context = stack, context
        context.set_default_timeout(20_000)
        self.complaints: list[str] = []
        self.page: Page = context.new_page()
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._asked)

    def go(self, path: str) -> Page:
        self.page.goto(self.stack.url + path)
        return self.page

    def press(self, name: str) -> None:
        """A button of the page's main part, by what it says."""
        self.page.locator("main").get_by_role("button", name=name, exact=True).click()
        self.page.wait_for_load_state()

    def follow(self, name: str) -> None:
        self.page.locator("main").get_by_role("link", name=name, exact=True).first.click()
        self.page.wait_for_load_state()

    def fill(self, **fields: str) -> None:
        for name, value in fields.items():
            self.page.locator(f"main [name={name}]").first.fill(value)

    def says(self, text: str) -> None:
        """Wait until the page's main part says ``text``."""
        self.page.locator("main").get_by_text(text).first.wait_for(timeout=PATIENCE)

    def sign_up(self, name: str) -> None:
        self.go("/accounts/signup/")
        self.fill(email=f"{name}@example.org", username=name, password1=f"a long phrase of {name}")
        self.press("Make my account")
        assert self.page.get_by_text(name).count(), self.page.content()

    def sign_in_by_link(self, name: str) -> None:
        self.go(urlsplit(self.stack.manage("sign_in_link", name)["url"]).path)
        self.page.locator("main button").click()  # in either language
        self.page.wait_for_load_state()

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(PROVOKED):
            self.complaints.append(f"{self.page.url}: {message.text}")

    def _asked(self, request: object) -> None:
        url = str(getattr(request, "url", ""))
        if not url.startswith((self.stack.url, "data:", "blob:")):
            self.complaints.append(f"{self.page.url} asks {url}")


@pytest.fixture
def visitors(chromium: Browser, stack: Stack) -> "Iterator[Visitors]":
    opened = Visitors(chromium, stack)
    yield opened
    complaints = [said for visitor in opened.all for said in visitor.complaints]
    for visitor in opened.all:
        visitor.context.close()
    assert not complaints, complaints


class Visitors:
    """Opens a browser of its own for each person."""

    def __init__(self, chromium: Browser, stack: Stack) -> None:
        self.chromium, self.stack = chromium, stack
        self.all: list[Visitor] = []

    def new(self, *, width: int = 1280, scripts: bool = True, dark: bool = False, chinese: bool = False) -> Visitor:
        context = self.chromium.new_context(
            viewport={"width": width, "height": 900},
            java_script_enabled=scripts,
            color_scheme="dark" if dark else "light",
            locale="zh-CN" if chinese else "en-US",
        )
        visitor = Visitor(context, self.stack)
        self.all.append(visitor)
        return visitor
