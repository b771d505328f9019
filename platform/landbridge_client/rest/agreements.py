"""Offers and agreements: read the terms, take them, sign."""

from collections.abc import Iterator
from urllib.parse import quote

from landbridge_client.errors import LandbridgeError
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

    def take(
        self, offer: str, *, organization: str, purpose: str, country: str, signatory: str | None = None
    ) -> Agreement:
        """Open an agreement on the offer's fixed text, for your organization. It waits for a signature.

        ``purpose`` stands in the text; ``country`` is the organization's domicile (ISO 3166-1 alpha-2).
        """
        body = {"organization": organization, "purpose": purpose, "country": country, "signatory": signatory}
        sent = {name: value for name, value in body.items() if value is not None}
        return Agreement.of(self.http.post(f"/api/v1/offers/{quote(offer, safe='')}/take", sent))


class Agreements:
    def __init__(self, http: Transport) -> None:
        self.http = http

    def list(self, **filters: object) -> Iterator[Agreement]:
        return (Agreement.of(item) for item in pages(self.http, "/api/v1/agreements", **filters))

    def get(self, agreement: str) -> Agreement:
        return Agreement.of(self.http.get(self._path(agreement)))

    def text(self, agreement: str, language: str = "en") -> str:
        """The frozen text, as Markdown."""
        return str(self.http.get(f"{self._path(agreement)}/text", language=language)["markdown"])

    def sign(self, agreement: str, *, code: str) -> Agreement:
        """Sign what waits for you with a one-time code, accepting the consent to electronic records it names.

        Raises ``LandbridgeError`` (``nothing_to_sign``) if it does not wait for you.
        """
        waiting = self.get(agreement)
        if waiting.statement_sha256 is None:
            who = ", ".join(waiting.waits_for) or "nobody"
            raise LandbridgeError(
                f"{agreement} is {waiting.state} and waits for {who}, not for you.", code="nothing_to_sign"
            )
        body = {"statement_sha256": waiting.statement_sha256, "totp": code, "consent": waiting.consent}
        return Agreement.of(self.http.post(f"{self._path(agreement)}/sign", body))

    @staticmethod
    def _path(agreement: str) -> str:
        return f"/api/v1/agreements/{quote(agreement, safe='')}"
