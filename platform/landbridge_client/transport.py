"""One HTTP connection to a Landbridge server: retries, deadlines, and errors with a code."""

import random
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any, Self

import httpx2

from landbridge_client.errors import ApiError, Unreachable, error_for

ATTEMPTS = 6  # the first and five more
PAUSE_CAP = 60.0  # seconds
RETRIED = frozenset({429, 500, 502, 503, 504})
SAFE = frozenset({"GET", "HEAD", "PUT", "DELETE"})
TIMEOUT = httpx2.Timeout(60.0, connect=10.0)

Wait = Callable[[float], object]


def pause(seconds: float) -> None:
    threading.Event().wait(seconds)


class Transport:
    """Sends requests to ``endpoint``; ``token`` goes to that origin only."""

    def __init__(self, endpoint: str, token: str | None = None, *, wait: Wait = pause) -> None:
        self.endpoint = endpoint.rstrip("/")
        self.wait = wait
        self._client = httpx2.Client(
            base_url=self.endpoint,
            headers={"User-Agent": f"landbridge/{version('landbridge')}"},
            auth=_Bearer(token, httpx2.URL(self.endpoint)) if token else None,
            timeout=TIMEOUT,
            follow_redirects=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._client.close()

    def send(  # noqa: PLR0913 the parts of an HTTP request
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | Callable[[], Iterator[bytes]] | None = None,
        signed: bool = True,
        missing_ok: tuple[int, ...] = (),
    ) -> httpx2.Response:
        """The answer, read whole. Repeats what is safe to repeat; raises ``ApiError`` or ``Unreachable``.

        ``content`` may be a function, so that each attempt reads a fresh stream. ``signed=False`` sends no token. A
        POST carries an ``Idempotency-Key``, the same each time. Statuses in ``missing_ok`` are answers, not errors.
        """
        sent = dict(headers or {})
        if method == "POST":
            sent.setdefault("Idempotency-Key", uuid.uuid4().hex)

        def once() -> httpx2.Response:
            body = content() if callable(content) else content
            options: dict[str, Any] = {} if signed else {"auth": None}
            return self._client.request(method, path, json=json, params=params, headers=sent, content=body, **options)

        response = self._repeated(once)
        if not response.is_success and response.status_code not in missing_ok:
            raise error_of(response)
        return response

    def get(self, path: str, **params: object) -> Any:  # noqa: ANN401 JSON is any value
        """The JSON at ``path``; parameters that are ``None`` are left out."""
        given = {name: value for name, value in params.items() if value is not None}
        return self.send("GET", path, params=given or None).json()  # no parameters: those in ``path`` stay

    def post(self, path: str, body: object = None, **headers: str) -> Any:  # noqa: ANN401 JSON is any value
        response = self.send("POST", path, json={} if body is None else body, headers=headers)
        return response.json() if response.content else None

    @contextmanager
    def stream(self, path: str, headers: Mapping[str, str] | None = None, **options: Any) -> Iterator[httpx2.Response]:  # noqa: ANN401 httpx2's
        """A GET whose body is read by the caller. One attempt: only the caller knows how to go on."""
        try:
            with self._client.stream("GET", path, headers=dict(headers or {}), **options) as response:
                if not response.is_success:
                    response.read()
                    raise error_of(response)
                yield response
        except httpx2.TransportError as error:
            raise self._unreachable(error) from error

    def _repeated(self, once: Callable[[], httpx2.Response]) -> httpx2.Response:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                response = once()
            except httpx2.TransportError as error:
                if attempt == ATTEMPTS or isinstance(error, httpx2.UnsupportedProtocol):
                    raise self._unreachable(error) from error
                self.wait(backoff(attempt))
                continue
            if response.status_code not in RETRIED or attempt == ATTEMPTS:
                return response
            self.wait(retry_after(response) or backoff(attempt))
        raise AssertionError("unreachable")

    def _unreachable(self, error: Exception) -> Unreachable:
        kind = type(error).__name__
        return Unreachable(
            f"{self.endpoint} does not answer ({kind}: {error}). Is the address right, and the server up?"
        )


class _Bearer(httpx2.Auth):
    """The token, to our own origin only: not to a bucket that bytes are redirected to."""

    def __init__(self, token: str, endpoint: httpx2.URL) -> None:
        self.header = f"Bearer {token}"
        self.origin = _origin(endpoint)

    def auth_flow(self, request: httpx2.Request) -> Iterator[httpx2.Request]:  # type: ignore[override]  # a plain generator
        if _origin(request.url) == self.origin:
            request.headers["Authorization"] = self.header
        yield request


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def backoff(attempt: int) -> float:
    """Seconds before the next attempt, with full jitter: at most 0.5, 1, 2, 4, 8."""
    return random.uniform(0.1, 0.5 * 2 ** (attempt - 1))  # noqa: S311 spreads load, keeps no secret


def retry_after(response: httpx2.Response) -> float | None:
    text = response.headers.get("Retry-After", "")
    return min(float(text), PAUSE_CAP) if text.isdigit() else None


def error_of(response: httpx2.Response) -> ApiError:
    """The refusal that an answer holds, from its problem document or from the Hub's headers."""
    problem: dict[str, Any] = {}
    try:
        body = response.json()
        problem = dict(body) if isinstance(body, dict) else {}
    except (ValueError, httpx2.ResponseNotRead):
        problem = {}
    headers = response.headers
    code = headers.get("X-Landbridge-Reason") or problem.get("code") or headers.get("X-Error-Code")
    detail = problem.get("detail") or headers.get("X-Error-Message") or problem.get("error")
    found = {"status": response.status_code, "code": code, "detail": detail or _plain(response)}
    if request_id := headers.get("X-Request-Id"):
        found["request_id"] = request_id
    return error_for(response.status_code, problem | {name: value for name, value in found.items() if value})


def _plain(response: httpx2.Response) -> str:
    return f"The server answered {response.status_code} {response.reason_phrase} to {response.request.url.path}."
