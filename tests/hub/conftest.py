"""A Hub on a free port, tokens for the cast, and clients that know nothing of our code."""

from collections.abc import Callable, Iterator

import pytest
from django.db import transaction
from huggingface_hub import HfApi, constants
from huggingface_hub.utils._http import close_session
from huggingface_hub.utils.tqdm import disable_progress_bars
from pytest_django.live_server_helper import LiveServer

from landbridge.accounts import tokens
from landbridge.accounts.models import Organization, TokenKind, User
from tests.hub.kit import Caller

ALL = ("read", "repo.read", "repo.write")
TokenMaker = Callable[..., str]


@pytest.fixture
def token_of() -> TokenMaker:
    """``token_of(user, scopes)`` -> the text of a token."""

    def make(user: User, scopes: tuple[str, ...] = ALL, **more: object) -> str:
        kind = more.pop("kind", TokenKind.PERSON)
        with transaction.atomic():
            return tokens.issue(user=user, name="test", scopes=scopes, kind=TokenKind(str(kind)), **more)[1]  # type: ignore[arg-type]

    return make


@pytest.fixture
def mine(lumen: Organization, ada: User, token_of: TokenMaker) -> Caller:
    """Ada's calls, with a repository of her lab."""
    caller = Caller(token_of(ada))
    assert caller.create("lumen/tiny").status_code == 200
    return caller


@pytest.fixture
def foreign(acme: Organization, carl: User, token_of: TokenMaker) -> Caller:
    """Calls of Carl, who has no part in Ada's lab."""
    return Caller(token_of(carl))


@pytest.fixture
def nobody() -> Caller:
    return Caller()


@pytest.fixture
def plain_lfs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The client as with ``HF_HUB_DISABLE_XET=1``; its connections end with the test, and so do the server's."""
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_TELEMETRY", True)
    disable_progress_bars()
    yield
    close_session()


@pytest.fixture
def hf(live_server: LiveServer, lumen: Organization, ada: User, token_of: TokenMaker, plain_lfs: None) -> HfApi:
    """huggingface_hub as Ada, owner of lumen."""
    return HfApi(endpoint=live_server.url, token=token_of(ada))


@pytest.fixture
def hf_carl(live_server: LiveServer, acme: Organization, carl: User, token_of: TokenMaker, plain_lfs: None) -> HfApi:
    """huggingface_hub as Carl, of another company."""
    return HfApi(endpoint=live_server.url, token=token_of(carl))


@pytest.fixture
def anonymous(live_server: LiveServer, plain_lfs: None) -> HfApi:
    return HfApi(endpoint=live_server.url, token=False)
