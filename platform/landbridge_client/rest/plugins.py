"""Plugins of labs: a wheel's bytes by digest, then its submission; and what was released."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from landbridge_client.formats.digest import file_digest
from landbridge_client.rest.paging import pages
from landbridge_client.rest.records import Release, Submission
from landbridge_client.rest.resources import Resource

PIECE = 1 << 20


class Plugins(Resource):
    def list(self, **filters: object) -> Iterator[Release]:
        return (Release.of(item) for item in pages(self.http, "/api/v1/plugins", **filters))

    def release(self, name: str, version: str) -> Release:
        return Release.of(self.http.get(f"/api/v1/plugins/{quote(name, safe='')}/releases/{quote(version, safe='')}"))

    def send(self, wheel: Path, organization: str, *, model: str = "", private: bool = False) -> dict[str, Any]:
        """Send a wheel's bytes: it is inspected and stored, not run. Answers where it lies, and its digest."""
        digest = file_digest(wheel)[0]
        query = {"file": wheel.name, "visibility": "private" if private else "public"}
        query |= {"model": model} if model else {}
        address = f"/api/v1/organizations/{quote(organization, safe='')}/wheels/{digest}"
        headers = {"Content-Type": "application/zip", "Content-Length": str(wheel.stat().st_size)}
        response = self.http.send("PUT", address, params=query, content=lambda: _pieces(wheel), headers=headers)
        answer: dict[str, Any] = response.json()
        return answer

    def submit(self, organization: str, wheel_sha256: str, *, suite: str | None = None) -> Submission:
        """Ask for a wheel that was sent to be screened in the sandbox, released and evaluated."""
        body = {"organization": organization, "wheel_sha256": wheel_sha256, "suite": suite}
        sent = {name: value for name, value in body.items() if value is not None}
        return Submission.of(self.http.post("/api/v1/plugins", sent))


def _pieces(place: Path) -> Iterator[bytes]:
    with place.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece
