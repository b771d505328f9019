"""Who I am, models, submissions, boards, tokens."""

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from landbridge_client.errors import TimedOut
from landbridge_client.rest.paging import pages
from landbridge_client.rest.records import Board, Entry, Finding, Me, Model, Result, Submission, Suite, Token, Version
from landbridge_client.transport import Transport

MOVING = frozenset({"uploading", "screening"})  # states that end without anyone's doing


class Resource:
    def __init__(self, http: Transport) -> None:
        self.http = http


class MeResource(Resource):
    def get(self) -> Me:
        return Me.of(self.http.get("/api/v1/me"))


class Tokens(Resource):
    def list(self) -> Iterator[Token]:
        return (Token.of(item) for item in pages(self.http, "/api/v1/me/tokens"))

    def create(self, name: str, scopes: Sequence[str], *, days: int = 90) -> Token:
        """A new token; its text is in the answer and nowhere else."""
        return Token.of(self.http.post("/api/v1/me/tokens", {"name": name, "scopes": [*scopes], "days": days}))

    def delete(self, token_id: str) -> None:
        self.http.send("DELETE", f"/api/v1/me/tokens/{quote(token_id, safe='')}")


class Models(Resource):
    def list(self, **filters: object) -> Iterator[Model]:
        """The catalog; ``search``, ``task``, ``license``… are passed on."""
        return (Model.of(item) for item in pages(self.http, "/api/v1/models", **filters))

    def get(self, model: str) -> Model:
        return Model.of(self.http.get(f"/api/v1/models/{quote(model)}"))

    def versions(self, model: str) -> Iterator[Version]:
        return (Version.of(item) for item in pages(self.http, f"/api/v1/models/{quote(model)}/versions"))

    def version(self, model: str, version: str) -> Version:
        """A sealed version, by its id or its commit."""
        return Version.of(self.http.get(f"/api/v1/models/{quote(model)}/versions/{quote(version, safe='')}"))


class Suites(Resource):
    def list(self) -> Iterator[Suite]:
        return (Suite.of(item) for item in pages(self.http, "/api/v1/suites"))


class Submissions(Resource):
    def list(self, **filters: object) -> Iterator[Submission]:
        return (Submission.of(item) for item in pages(self.http, "/api/v1/submissions", **filters))

    def create(self, model: str, *, revision: str = "main", suite: str | None = None) -> Submission:
        """Ask for a revision to be screened, sealed and evaluated. Asking twice answers the same submission."""
        body = {"model": model, "revision": revision, "suite": suite}
        sent = {name: value for name, value in body.items() if value is not None}
        return Submission.of(self.http.post("/api/v1/submissions", sent))

    def get(self, submission: str) -> Submission:
        return Submission.of(self.http.get(f"/api/v1/submissions/{quote(submission, safe='')}"))

    def findings(self, submission: str) -> Iterator[Finding]:
        path = f"/api/v1/submissions/{quote(submission, safe='')}/findings"
        return (Finding.of(item) for item in pages(self.http, path))

    def withdraw(self, submission: str) -> Submission:
        return Submission.of(self.http.post(f"/api/v1/submissions/{quote(submission, safe='')}/withdraw"))

    def wait_screened(self, submission: str, *, timeout: float = 600, every: float = 1.0) -> Submission:
        """Until screening has passed or refused it, and, if it is to be evaluated, its job is there.

        Raises ``TimedOut``.
        """
        waited = 0.0
        while True:
            found = self.get(submission)
            queued_next = found.state == "sealed" and found.suite and not found.fault
            settled = found.state not in MOVING and not queued_next
            if settled or found.job is not None:
                return found
            if waited >= timeout:
                raise TimedOut(f"The submission is still {found.state} after {timeout:.0f} s; look again later.")
            self.http.wait(every)
            waited += every


class Results(Resource):
    def get(self, result: str) -> Result:
        return Result.of(self.http.get(f"/api/v1/results/{quote(result, safe='')}"))

    def attestation(self, result: str) -> dict[str, Any]:
        """The signed envelope, for ``landbridge verify``."""
        found: dict[str, Any] = self.http.get(f"/api/v1/results/{quote(result, safe='')}/attestation")
        return found


class Boards(Resource):
    def list(self) -> Iterator[Board]:
        return (Board.of(item) for item in pages(self.http, "/api/v1/leaderboards"))

    def get(self, board: str) -> Board:
        return Board.of(self.http.get(f"/api/v1/leaderboards/{quote(board, safe='')}"))

    def entries(self, board: str, *, task: str | None = None) -> Iterator[Entry]:
        """The rows, best first; of one ``task`` (``overall`` for the whole board), or of all."""
        path = f"/api/v1/leaderboards/{quote(board, safe='')}/entries"
        return (Entry.of(item) for item in pages(self.http, path, task=task))

    def csv(self, board: str) -> str:
        path = f"/api/v1/leaderboards/{quote(board, safe='')}/entries"
        return self.http.send("GET", path, params={"format": "csv"}).text
