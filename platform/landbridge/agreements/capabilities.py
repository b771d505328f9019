"""What an executed agreement opens, computed from its type and terms; nothing else makes a grant."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from landbridge.agreements.models import AgreementType

ENFORCED: Final[Mapping[str, tuple[str, ...]]] = {AgreementType.EVAL: ("download_weights",)}
DECLARED: Final[Mapping[str, tuple[str, ...]]] = {AgreementType.EVAL: ()}  # permissions that no gate can check


@dataclass(frozen=True, slots=True)
class Capability:
    name: str
    scope: Mapping[str, Any]
    quota: int | None = None


def capabilities_of(kind: str, terms: Mapping[str, Any]) -> list[Capability]:
    """The capabilities that these terms give. A term names one with ``true`` or with how often it may be used."""
    scope = {
        "files": list(terms.get("files", [])),
        "purposes": list(terms["purposes"]),
        "territory": list(terms.get("territory", [])),
        "seats": terms["seats"],
    }
    given: Mapping[str, bool | int] = terms["capabilities"]
    return [
        Capability(name, scope, None if given[name] is True else int(given[name]))
        for name in ENFORCED[kind]
        if given.get(name)
    ]
