"""A network between a worker and the platform that a test can cut, slow down, or make lose answers."""

import http.client
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


class Network:
    """``cut``: nobody is reached. ``slow``: part of a path → seconds. ``lose``: each kind of call's first answer."""

    def __init__(self, target: str) -> None:
        self.target = target.removeprefix("http://")
        self.cut = threading.Event()
        self.lose = False
        self.slow: dict[str, float] = {}
        self.url = ""
        self.calls: Counter[str] = Counter()
        self.lost: list[str] = []
        self.lock = threading.Lock()

    def loses(self, kind: str) -> bool:
        with self.lock:
            self.calls[kind] += 1
            if not self.lose or kind in self.lost or "/api/worker/" not in kind:
                return False
            self.lost.append(kind)
            return True


def kind_of(method: str, path: str) -> str:
    """``PUT /api/worker/v1/attempts/*/shards``: a call without its job, number and index."""
    head, found, rest = path.partition("/attempts/")
    what = "/".join(rest.split("/")[2:3])
    return f"{method} {head}{found}{'*/' + what if found else ''}"


class Handler(BaseHTTPRequestHandler):
    network: ClassVar[Network]
    protocol_version = "HTTP/1.1"

    def pass_on(self) -> None:
        network = self.network
        if network.cut.is_set():
            self.close_connection = True
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        for part, seconds in network.slow.items():
            if part in self.path:
                network.cut.wait(seconds)
        with suppress(OSError, http.client.HTTPException):
            status, headers, answer = self.ask(body)
            if network.cut.is_set() or network.loses(kind_of(self.command, self.path)):
                self.close_connection = True
                return
            self.answer(status, headers, answer)
            return
        self.close_connection = True

    def ask(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        there = http.client.HTTPConnection(self.network.target, timeout=60)
        try:
            there.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in HOP_BY_HOP:
                    there.putheader(name, value)
            there.putheader("Content-Length", str(len(body)))
            there.endheaders(body)
            answer = there.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            there.close()

    def answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        size = {name.lower(): value for name, value in headers}.get("content-length")
        self.send_header("Content-Length", size if size and self.command == "HEAD" else str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_HEAD = pass_on  # noqa: N815 the standard library's names

    def log_message(self, *_: Any) -> None:  # noqa: ANN401 the standard library's signature
        """Nothing."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:  # noqa: ANN401 the standard library's signature
        """A caller that was killed is no news here."""


@contextmanager
def network(target: str) -> Iterator[Network]:
    """A network to ``target``; workers are given its ``url``."""
    made = Network(target)
    handler = type("Bound", (Handler,), {"network": made})
    server = Server(("127.0.0.1", 0), handler)
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
