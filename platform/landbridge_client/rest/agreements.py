"""Offers and agreements: read the terms, take them, sign."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from landbridge_client.rest.paging import pages
from landbridge_client.rest.records import Agreement, Offer
from landbridge_client.transport import Transport


class Offers:
    def __init__(self, http: Transport) -> None:
        self.http = http

    def list(self, model: str | None = None) -> Iterator[Offer]:
        return (Offer.of(item) for item in pages(self.http, "/api/v1/offers", model=model))

    def get(self, offer: str) -> Offer:
        return Offer.of(self.http.get(f"/api/v1/offers/{quote(offer, safe='')}"))

    def take(self, offer: str, *, organization: str, attestations: Mapping[str, object]) -> Agreement:
        """Open an agreement on the offer's fixed text, for your organization. It waits for your signature."""
        body = {"organization": organization, "attestations": dict(attestations)}
        return Agreement.of(self.http.post(f"/api/v1/offers/{quote(offer, safe='')}/take", body))


class Agreements:
    def __init__(self, http: Transport) -> None:
        self.http = http

    def list(self, **filters: object) -> Iterator[Agreement]:
        return (Agreement.of(item) for item in pages(self.http, "/api/v1/agreements", **filters))

    def get(self, agreement: str) -> Agreement:
        return Agreement.of(self.http.get(self._path(agreement)))

    def statement(self, agreement: str, slot: str) -> dict[str, Any]:
        """What a signature in ``slot`` would sign: the statement, its SHA-256 and a nonce that serves once."""
        found: dict[str, Any] = self.http.get(f"{self._path(agreement)}/slots/{quote(slot, safe='')}/statement")
        return found

    def sign(self, agreement: str, slot: str, *, code: str) -> Agreement:
        """Sign the agreement as it stands with a one-time code, and answer it as it stands then."""
        statement = self.statement(agreement, slot)
        body = {
            "slot": slot,
            "statement_sha256": statement["statement_sha256"],
            "nonce": statement["nonce"],
            "consent_version": statement.get("consent_version", ""),
            "proof": {"kind": "totp", "code": code},
        }
        self.http.post(f"{self._path(agreement)}/signatures", body)
        return self.get(agreement)

    @staticmethod
    def _path(agreement: str) -> str:
        return f"/api/v1/agreements/{quote(agreement, safe='')}"
