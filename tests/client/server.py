"""A small server that speaks the routes the client calls, over real HTTP on loopback; it can be told to misbehave."""

import base64
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "lb_good"  # noqa: S105 of this server only
Run = Callable[[str], tuple[int, str, str]]  # a command line -> exit code, stdout, stderr
ATTRIBUTES = b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n"


@dataclass
class Call:
    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 JSON is any value
        return json.loads(self.body or b"null")


@dataclass
class Answer:
    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None  # close the connection after so many bytes of the body

    @property
    def content(self) -> bytes:
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass
class Repo:
    kind: str
    files: dict[str, tuple[bytes, bool]]  # path -> content, in LFS
    commits: list[str] = field(default_factory=lambda: ["0" * 40])


class Server:
    """Repositories in memory. ``faults`` are given first, one a matching call; ``routes`` add to the REST part."""

    def __init__(self) -> None:
        self.repos: dict[str, Repo] = {}
        self.objects: dict[str, bytes] = {}
        self.calls: list[Call] = []
        self.faults: list[tuple[str, str, Answer]] = []
        self.routes: dict[tuple[str, str], Callable[[Call], Answer]] = {}
        self.denied: set[str] = set()
        self.url = ""

    def called(self, method: str, part: str) -> list[Call]:
        return [call for call in self.calls if call.method == method and part in call.path]

    def answer(self, call: Call) -> Answer:
        self.calls.append(call)
        for index, (method, part, answer) in enumerate(self.faults):
            if method == call.method and part in call.path:
                del self.faults[index]
                if answer.body is not None or answer.cut is None:
                    return answer
                return Answer(**{**vars(self._route(call)), "cut": answer.cut})
        return self._route(call)

    def _route(self, call: Call) -> Answer:
        if route := self.routes.get((call.method, call.path)):
            return route(call)
        words = call.path.strip("/").split("/")
        for name in ("resolve", "preupload", "commit", "tree", "revision", "batch", "lfs-put", "create", "whoami-v2"):
            if name in words:
                handler: Callable[..., Answer] = getattr(self, "_" + name.replace("-", "_"))
                return handler(*(call, words)[: handler.__code__.co_argcount - 1])
        if words[:2] == ["api", "models"]:
            return self._revision(call, words)
        return problem(404, "not_found", "There is no such thing.")

    def _authorized(self, call: Call) -> bool:
        return call.headers.get("authorization") == f"Bearer {TOKEN}"

    def _create(self, call: Call) -> Answer:
        name = f"{call.json['organization']}/{call.json['name']}"
        if not self._authorized(call):
            return Answer(403, {"error": "You may not create repositories there."})
        body = {"url": f"{self.url}/{name}", "name": name, "id": "1"}
        if name in self.repos:
            return Answer(409, body)
        self.repos[name] = Repo(call.json["type"], {".gitattributes": (ATTRIBUTES, False)})
        return Answer(200, body)

    def _whoami_v2(self) -> Answer:
        return Answer(200, {"name": "ada", "orgs": []})

    def _repo(self, words: list[str]) -> tuple[str, Repo] | None:
        start = 2 if words[0] == "api" else 1 if words[0] == "datasets" else 0
        name = "/".join(words[start : start + 2]).removesuffix(".git")
        return (name, self.repos[name]) if name in self.repos else None

    def _revision(self, _: Call, words: list[str]) -> Answer:
        found = self._repo(words)
        if found is None:
            return Answer(404, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"})
        return Answer(200, {"id": found[0], "sha": found[1].commits[-1]})

    def _tree(self, call: Call, words: list[str]) -> Answer:
        found = self._repo(words)
        if found is None:
            return Answer(404, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"})
        files = found[1].files
        names = sorted(files)
        start = int(call.query.get("cursor", ["0"])[0])
        headers = {}
        if start + 3 < len(names):  # small pages, so that following them is tested
            headers = {"Link": f'<{self.url}{call.path}?recursive=true&expand=false&cursor={start + 3}>; rel="next"'}
        page = [self._entry(name, files[name][0], lfs=files[name][1]) for name in names[start : start + 3]]
        return Answer(200, [{"type": "directory", "path": "x", "size": 0, "oid": "0" * 40}, *page], headers)

    @staticmethod
    def _entry(name: str, content: bytes, *, lfs: bool) -> dict[str, Any]:
        entry = {"type": "file", "path": name, "size": len(content), "oid": git(content)}
        if lfs:
            entry["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 130}
        return entry

    def _preupload(self, call: Call, words: list[str]) -> Answer:
        _, repo = self._repo(words) or ("", Repo("model", {}))
        return Answer(200, {"files": [self._mode(repo, item["path"]) for item in call.json["files"]]})

    @staticmethod
    def _mode(repo: Repo, path: str) -> dict[str, Any]:
        mode: dict[str, Any] = {"path": path, "uploadMode": "regular", "shouldIgnore": path.endswith(".ignored")}
        if path.endswith(".safetensors"):
            mode["uploadMode"] = "lfs"
        if path in repo.files:
            content, lfs = repo.files[path]
            mode["oid"] = hashlib.sha256(content).hexdigest() if lfs else git(content)
        return mode

    def _batch(self, call: Call) -> Answer:
        described = []
        for item in call.json["objects"]:
            actions = {} if item["oid"] in self.objects else {"upload": {"href": f"{self.url}/lfs-put/{item['oid']}"}}
            described.append({**item, **({"actions": actions} if actions else {})})
        return Answer(200, {"transfer": "basic", "objects": described})

    def _lfs_put(self, call: Call, words: list[str]) -> Answer:
        if "authorization" in call.headers or hashlib.sha256(call.body).hexdigest() != words[-1]:
            return problem(422, "digest_differs", "These are not the announced bytes.")
        self.objects[words[-1]] = call.body
        return Answer(200)

    def _commit(self, call: Call, words: list[str]) -> Answer:
        found = self._repo(words)
        lines = [json.loads(line) for line in call.body.splitlines()]
        if found is None or lines[0]["key"] != "header":
            return problem(400, "bad_request", "No header.")
        for line in lines[1:]:
            value = line["value"]
            if line["key"] == "file":
                found[1].files[value["path"]] = (base64.b64decode(value["content"]), False)
            elif line["key"] == "lfsFile":
                found[1].files[value["path"]] = (self.objects[value["oid"]], True)
            else:
                del found[1].files[value["path"]]
        found[1].commits.append(hashlib.sha1(call.body, usedforsecurity=False).hexdigest())
        return Answer(200, {"success": True, "commitOid": found[1].commits[-1], "commitUrl": ""})

    def _resolve(self, call: Call, words: list[str]) -> Answer:
        found = self._repo(words)
        if found is None:
            return Answer(404, None, {"X-Error-Code": "RepoNotFound", "X-Error-Message": "Repository not found"})
        if found[0] in self.denied:
            headers = {"X-Error-Code": "GatedRepo", "X-Landbridge-Reason": "expired", "X-Error-Message": "It ended."}
            return Answer(403, {"error": "It ended."}, headers)
        path = unquote("/".join(words[words.index("resolve") + 2 :]))
        if path not in found[1].files:
            return Answer(404, None, {"X-Error-Code": "EntryNotFound", "X-Error-Message": "Entry not found"})
        content, lfs = found[1].files[path]
        etag = f'"{hashlib.sha256(content).hexdigest() if lfs else git(content)}"'
        headers = {"ETag": etag, "X-Repo-Commit": found[1].commits[-1]}
        asked = call.headers.get("range", "")
        if asked and call.headers.get("if-range") == etag:
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            return Answer(206, content[start:], headers)
        return Answer(200, content, headers)


def git(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def problem(status: int, code: str, detail: str, **more: object) -> Answer:
    body = {"type": f"/errors/{code}", "status": status, "code": code, "detail": detail, **more}
    return Answer(status, body, {"Content-Type": "application/problem+json"})


def constant(server: Server, method: str, path: str, body: object, status: int = 200) -> None:
    """Let ``server`` always answer ``body`` there."""
    server.routes[method, path] = lambda _: Answer(status, body)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: Server

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.state.answer(Call(self.command, parts.path, parse_qs(parts.query), headers, body))
        content = answer.content
        self.send_response(answer.status)
        kind = "application/octet-stream" if isinstance(answer.body, bytes) else "application/json"
        for name, value in ({"Content-Type": kind, "Content-Length": str(len(content))} | answer.headers).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content[: answer.cut])
        self.close_connection = self.close_connection or answer.cut is not None

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815 the names that http.server calls

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 http.server's signature
        """Say nothing: tests look at ``calls``."""


@contextmanager
def running() -> Iterator[Server]:
    """A server on a free port of loopback, stopped at the end."""
    state = Server()
    with ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Handler,), {"state": state})) as http:
        http.daemon_threads = True
        http.block_on_close = False
        state.url = f"http://127.0.0.1:{http.server_address[1]}"
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield state
        finally:
            http.shutdown()
            thread.join()
