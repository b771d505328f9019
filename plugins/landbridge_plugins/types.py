"""The nouns that plugins and Landbridge exchange. Frozen, JSON-shaped, free of Django and torch."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from landbridge_plugins.codec import Spec
from landbridge_plugins.errors import SpecError

SLUG = re.compile(r"[a-z0-9][a-z0-9_.-]{1,79}")


class Modality(StrEnum):
    TEXT = "text"
    IMAGE = "image"
    AUDIO = "audio"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec(Spec):
    """A foundation model that a lab offers, as its plugin declares it."""

    slug: str  # lower-case letters, digits, "_", "-", "."
    title: str
    modality: Modality
    license: str  # an SPDX expression; "LicenseRef-..." where terms are negotiated
    base: str | None = None  # what it was derived from: "namespace/name@revision"
    languages: tuple[str, ...] = ()  # BCP 47, the most important first
    kinds: tuple[str, ...] = ()  # the request kinds that the loaded model answers; once adapted, where it ``adapts``
    adapts: bool = False  # the plugin's ``adapt_model`` must fit it to a task's training rows before it answers
    summary: str = ""  # a sentence for the catalog
    parameters: int | None = None
    homepage: str = ""
    files: tuple[str, ...] = ()  # what its folder must hold beside landbridge.json; empty: it runs without weights

    def __post_init__(self) -> None:
        if not SLUG.fullmatch(self.slug):
            raise SpecError("/slug", f'"{self.slug}" must be 2 to 80 of a-z, 0-9, "_", "-", ".", no mark first.')


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding(Spec):
    """Something that screening saw in a submission."""

    code: str  # for programs, never changes: "pickle_in_weights"
    message: str  # for the lab: what is wrong, and what to do about it
    blocking: bool  # one blocking finding refuses the submission


class Permission(StrEnum):
    """What a license lets one do, from the loosest to the strictest."""

    ALLOWED = "allowed"
    REVIEW = "review"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenseVerdict(Spec):
    """One opinion on one use of a model; of several the strictest wins."""

    permission: Permission
    code: str  # for programs: "noncommercial_ancestor"
    message: str  # which license of which ancestor says so
    sources: tuple[str, ...] = ()  # "namespace/name@revision" of the ancestors it rests on

    order: ClassVar[tuple[Permission, ...]] = tuple(Permission)

    @property
    def strictness(self) -> int:
        return self.order.index(self.permission)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueChoice(Spec):
    """Where a job should run."""

    pool: str = "operator"
    needs: tuple[str, ...] = ()  # labels that a worker must carry: "gpu", "gpu.80"
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A rendered agreement."""

    content: bytes
    media_type: str = "text/html; charset=utf-8"
    attachments: dict[str, bytes] = field(default_factory=dict)
