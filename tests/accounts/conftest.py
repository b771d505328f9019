"""Keys and clients for the fixed cast."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from landbridge.accounts import services, tokens
from landbridge.accounts.models import User

Caller = Callable[..., Client]


@pytest.fixture(autouse=True)
def _nothing_counted() -> None:
    """Limits of one test do not reach the next."""
    cache.clear()


@pytest.fixture
def bearer() -> Caller:
    """A client that sends a fresh token of ``user``, with every scope if none is named."""

    def make(user: User, *scopes: str, **wish: Any) -> Client:  # noqa: ANN401 issue_token's options
        issued = services.issue_token(actor=user, name="test", scopes=scopes or tokens.SCOPES, **wish)
        return Client(headers={"Authorization": f"Bearer {issued.text}"})

    return make
