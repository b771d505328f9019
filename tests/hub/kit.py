"""A caller of Hub routes without a network, for what the real clients refuse to send."""

import base64
import hashlib
import json
from typing import Any

from django.test import Client

Answer = Any  # Django's test response, which has no public type
NDJSON, LFS = "application/x-ndjson", "application/vnd.git-lfs+json"


def line(key: str, **value: Any) -> bytes:  # noqa: ANN401 JSON
    return json.dumps({"key": key, "value": value}).encode() + b"\n"


def header(summary: str = "change", **more: str) -> bytes:
    return line("header", summary=summary, description="", **more)


def file(path: str, content: bytes) -> bytes:
    return line("file", path=path, content=base64.b64encode(content).decode(), encoding="base64")


def large(path: str, content: bytes) -> bytes:
    return line("lfsFile", path=path, algo="sha256", oid=sha256(content), size=len(content))


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Caller:
    """``Caller(token)``; without a token, nobody."""

    def __init__(self, token: str = "") -> None:
        self.client = Client(headers={"Authorization": f"Bearer {token}"} if token else {})

    def get(self, path: str, **headers: str) -> Answer:
        return self.client.get(path, headers=headers)

    def head(self, path: str, **headers: str) -> Answer:
        return self.client.head(path, headers=headers)

    def json(self, method: str, path: str, body: object, content_type: str = "application/json") -> Answer:
        return self.client.generic(method, path, json.dumps(body), content_type=content_type)

    def create(self, repo: str, **more: object) -> Answer:
        namespace, _, name = repo.partition("/")
        return self.json("POST", "/api/repos/create", {"name": name, "organization": namespace, **more})

    def commit(
        self, repo: str, *lines: bytes, rev: str = "main", head: bytes | None = None, kind: str = "model"
    ) -> Answer:
        body = (header() if head is None else head) + b"".join(lines)
        return self.client.post(f"/api/{kind}s/{repo}/commit/{rev}", body, content_type=NDJSON)

    def batch(self, repo: str, *contents: bytes, operation: str = "upload") -> Answer:
        objects = [{"oid": sha256(content), "size": len(content)} for content in contents]
        body = {"operation": operation, "transfers": ["basic"], "objects": objects, "hash_algo": "sha256"}
        return self.json("POST", f"/{repo}.git/info/lfs/objects/batch", body, LFS)

    def upload(self, repo: str, content: bytes) -> Answer:
        """Batch and PUT, as git-lfs does it."""
        (described,) = self.batch(repo, content).json()["objects"]
        return put(described["actions"]["upload"]["href"], content)


def put(href: str, content: bytes) -> Answer:
    """Without credentials, as clients send it."""
    return Client().put(href.removeprefix("http://testserver"), content, content_type="application/octet-stream")


def body_of(response: Answer) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content
