"""The worker's one door to the platform: HTTP with a token. Every call may be repeated, so a lost answer is no loss."""

import base64
import hashlib
import random
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import httpx2

from landbridge_evaluation.worker.clock import Deadline, now

PROTOCOL: Final = "1"
RETRIED: Final = frozenset({429, 502, 503, 504})
TIMEOUT: Final = httpx2.Timeout(30.0, connect=3.0)
PATIENCE: Final = 30.0  # seconds, for calls outside a lease
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
BAD_REQUEST, SERVER_ERROR, NO_CONTENT = 400, 500, 204


class Unreachable(Exception):
    """The platform did not answer in time."""


class Refused(Exception):
    """The platform answered no. ``code`` is for programs, the message for people."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(str(problem.get("detail") or problem.get("title") or f"HTTP {status}"))
        self.status = status
        self.code = str(problem.get("code") or f"http_{status}")
        self.problem = problem

    @property
    def lost(self) -> bool:
        """The lease is over: kill the child and write nothing more."""
        return self.code in {"fenced", "job_ended", "replaced"} or self.status in {401, 403}


@dataclass(frozen=True, slots=True)
class Terms:
    """What the platform answered to ``register``."""

    worker: str
    name: str
    lease_s: float
    heartbeat_s: float
    poll_s: float


@dataclass(slots=True)
class WorkerApi:
    """One connection; each thread has its own. ``stop`` ends waiting between repeats."""

    url: str
    token: str
    instance: str
    stop: threading.Event = field(default_factory=threading.Event)
    http: httpx2.Client = field(init=False)

    def __post_init__(self) -> None:
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Landbridge-Protocol": PROTOCOL,
            "Landbridge-Instance": self.instance,
        }
        self.http = httpx2.Client(base_url=f"{self.url}/api/worker/v1/", headers=headers, timeout=TIMEOUT)

    def close(self) -> None:
        self.http.close()

    def register(self, body: Mapping[str, Any]) -> Terms:
        answer = self.call("POST", "register", json=body, deadline=Deadline.after(PATIENCE)).json()
        names = ("worker", "name", "lease_s", "heartbeat_s", "poll_s")
        return Terms(*(answer[name] for name in names))

    def lease(
        self, wanted: str | None, key: str, *, labels: Sequence[str] = (), wait_s: float = 0.0
    ) -> dict[str, Any] | None:
        """The JobSpec, or ``None``: nothing to do, within ``wait_s`` where the platform grants that.

        The same ``key`` gives the same lease. ``labels`` are the asking slot's; without them, the worker's.
        """
        wish = {"job": wanted, "labels": list(labels), "wait_s": wait_s}
        answer = self.call("POST", "leases", json=wish, headers={"Idempotency-Key": key})
        if answer.status_code == NO_CONTENT:
            return None
        spec: dict[str, Any] = answer.json()
        return spec

    def call(  # noqa: PLR0913 the parts of an HTTP request
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        deadline: Deadline | None = None,
    ) -> httpx2.Response:
        """Repeats on network errors and busy servers with full jitter until ``deadline``.

        Raises ``Refused`` for a no, ``Unreachable`` when the time is over.
        """
        until = deadline or Deadline.after(PATIENCE)
        for attempt in range(1000):
            trouble, wait = "", 0.0
            try:
                answer = self.http.request(method, path, json=json, content=content, headers=dict(headers or {}))
            except httpx2.TransportError as error:
                trouble = f"{type(error).__name__}: {error}"
            else:
                if answer.status_code not in RETRIED:
                    return _checked(answer)
                trouble, wait = f"HTTP {answer.status_code}", _retry_after(answer)
            pause = max(wait, random.uniform(0, min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt)))  # noqa: S311 jitter
            if until.left <= pause or self.stop.wait(pause):
                raise Unreachable(f"{self.url} does not answer ({trouble}).")
        raise Unreachable(f"{self.url} does not answer.")


def _checked(answer: httpx2.Response) -> httpx2.Response:
    if answer.status_code < BAD_REQUEST:
        return answer
    try:
        problem = answer.json()
    except ValueError:
        problem = {"detail": answer.text[:500]}
    raise Refused(answer.status_code, problem if isinstance(problem, dict) else {})


def _retry_after(answer: httpx2.Response) -> float:
    text = answer.headers.get("Retry-After", "")
    return min(float(text), LONGEST_PAUSE) if text.isdigit() else 0.0


def content_digest(body: bytes) -> str:
    """The value of ``Content-Digest`` (RFC 9530)."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


@dataclass(frozen=True, slots=True)
class AttemptApi:
    """The calls of one attempt. Each ends when the lease does."""

    api: WorkerApi
    job: str
    number: int
    deadline: Deadline

    def _call(self, method: str, what: str, **parts: Any) -> httpx2.Response:  # noqa: ANN401 passed on
        path = f"attempts/{self.job}/{self.number}{what}"
        return self.api.call(method, path, deadline=self.deadline, **parts)

    def status(self) -> dict[str, Any]:
        answer: dict[str, Any] = self._call("GET", "").json()
        return answer

    def heartbeat(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """One try only: the next beat is the repeat. Extends the deadline from when it was sent."""
        sent = now()
        path = f"attempts/{self.job}/{self.number}/heartbeat"
        answer: dict[str, Any] = self.api.call("POST", path, json=body, deadline=Deadline(sent)).json()
        self.deadline.extend(sent, float(answer["lease_s"]))
        return answer

    def put_shard(self, index: int, body: bytes) -> str:
        """Keep a shard; the digest that stands, which is another one's where that was first."""
        headers = {"Content-Digest": content_digest(body), "Content-Type": "application/gzip"}
        return str(self._call("PUT", f"/shards/{index}", content=body, headers=headers).json()["kept"])

    def get_shard(self, index: int) -> bytes:
        return bytes(self._call("GET", f"/shards/{index}").content)

    def log(self, offset: int, text: str) -> int:
        """Where the next chunk starts, also when bytes before this one are missing there."""
        try:
            return int(self._call("POST", "/logs", json={"offset": offset, "text": text}).json()["next"])
        except Refused as refusal:
            if refusal.code != "gap":
                raise
            return int(str(refusal.problem["next"]))

    def result(self, body: Mapping[str, Any]) -> str:
        return str(self._call("POST", "/result", json=body).json()["result"])

    def fault(self, body: Mapping[str, Any]) -> str:
        return str(self._call("POST", "/fault", json=body).json()["state"])

    def release(self, reason: str) -> str:
        return str(self._call("POST", "/release", json={"reason": reason}).json()["state"])
