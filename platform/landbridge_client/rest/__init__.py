"""``Client``: the REST API ``/api/v1`` with one attribute per resource."""

from typing import Any, Self

from landbridge_client.rest.agreements import Agreements, Offers
from landbridge_client.rest.jobs import Jobs
from landbridge_client.rest.plugins import Plugins
from landbridge_client.rest.records import (
    Agreement,
    Board,
    Entry,
    Event,
    Finding,
    Job,
    Me,
    Model,
    Offer,
    Release,
    Result,
    Submission,
    Suite,
    Token,
    Version,
)
from landbridge_client.rest.resources import Boards, MeResource, Models, Results, Submissions, Suites, Tokens
from landbridge_client.transport import Transport, Wait, pause

__all__ = [
    "Agreement",
    "Board",
    "Client",
    "Entry",
    "Event",
    "Finding",
    "Job",
    "Me",
    "Model",
    "Offer",
    "Release",
    "Result",
    "Submission",
    "Suite",
    "Token",
    "Version",
]


class Client:
    """A Landbridge server, as the owner of ``token`` sees it.

    Failed calls are repeated up to five times where that is safe, by ``Retry-After`` if the server says when. Refusals
    are ``landbridge_client.errors.ApiError`` with the server's code.
    """

    def __init__(self, endpoint: str, token: str | None = None, *, wait: Wait = pause) -> None:
        self.http = Transport(endpoint, token, wait=wait)
        self.me = MeResource(self.http)
        self.tokens = Tokens(self.http)
        self.models = Models(self.http)
        self.suites = Suites(self.http)
        self.submissions = Submissions(self.http)
        self.plugins = Plugins(self.http)
        self.jobs = Jobs(self.http)
        self.results = Results(self.http)
        self.boards = Boards(self.http)
        self.offers = Offers(self.http)
        self.agreements = Agreements(self.http)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def version(self) -> dict[str, Any]:
        """What the server runs."""
        answer: dict[str, Any] = self.http.get("/api/v1/version")
        return answer

    def keys(self) -> list[dict[str, Any]]:
        """The public keys with which the server and its workers sign."""
        found: list[dict[str, Any]] = self.key_list().get("keys") or []
        return found

    def key_list(self) -> dict[str, Any]:
        """The whole list of keys, with the signature of its root: what ``verify --keys --root`` reads."""
        answer: dict[str, Any] = self.http.get("/api/v1/keys")
        return answer
