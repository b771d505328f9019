"""Whether what a model is made of lets it be offered for evaluation: the declared licenses of it and of its bases.

This reads declarations and asks plugins. It never calls an unknown license good: that is a review, which stops an
express offer. Call ``check`` outside transactions: it asks plugins.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from django.db.models import Q
from license_expression import ExpressionError, Licensing

from landbridge.accounts.models import Organization
from landbridge.agreements.errors import LineageReview
from landbridge_plugins import LicenseVerdict, Modality, ModelSpec, Permission, build_manager, call_each
from landbridge_registry.models import Repo, RepoType, Revision, Visibility

log = logging.getLogger(__name__)
USE: Final = "company_evaluation"
DEEPEST: Final = 64  # repositories walked before a person has to look
OWN: Final = "LicenseRef-"
# permissive: any purpose; license text and notices go along (licensing, section 15)
PERMISSIVE: Final = frozenset({
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC-BY-4.0", "CC0-1.0", "ISC", "MIT",
    "MulanPSL-2.0", "OpenMDW-1.0", "PSF-2.0", "Unlicense", "Zlib",
})  # fmt: skip


class Level(StrEnum):
    """From the mildest to the worst."""

    ALLOWED = "allowed"
    CONDITIONS = "conditions"
    REVIEW = "review"
    CONFLICT = "conflict"


ORDER: Final = tuple(Level)
OF_PERMISSION: Final = {
    Permission.ALLOWED: Level.ALLOWED,
    Permission.REVIEW: Level.REVIEW,
    Permission.REFUSED: Level.CONFLICT,
}


@dataclass(frozen=True, slots=True)
class Found:
    rule: str
    level: Level
    license: str
    path: tuple[str, ...]  # from the model to where it was found
    message: str

    def to_json(self) -> dict[str, Any]:
        blocking = self.level in {Level.REVIEW, Level.CONFLICT}
        return {
            "rule": self.rule,
            "level": str(self.level),
            "license": self.license,
            "path": list(self.path),
            "message": self.message,
            "blocking": blocking,
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    findings: tuple[Found, ...]

    @property
    def level(self) -> Level:
        return max((found.level for found in self.findings), key=ORDER.index, default=Level.ALLOWED)

    def to_json(self) -> dict[str, Any]:
        return {"verdict": str(self.level), "findings": [found.to_json() for found in self.findings]}

    def require(self) -> None:
        """Raise ``LineageReview`` with every finding that stands in the way."""
        stopping = [found for found in self.findings if found.level in {Level.REVIEW, Level.CONFLICT}]
        if stopping:
            said = " ".join(found.message for found in stopping[:3])
            raise LineageReview(
                f"This model cannot be offered yet. {said}", findings=[one.to_json() for one in stopping]
            )


def check(*, repo: Repo, revisions: Sequence[Revision], licensor: Organization) -> Verdict:
    """Every finding on these revisions, by declarations and by plugins. A plugin can only make it worse."""
    found = [one for revision in revisions for one in declared(repo=repo, revision=revision, licensor=licensor)]
    found += [one for revision in revisions for one in _by_plugins(repo, revision)]
    return Verdict(tuple(dict.fromkeys(found)))


def declared(*, repo: Repo, revision: Revision, licensor: Organization) -> Iterator[Found]:
    """Findings of the model's declared license and of the bases that its card names."""
    own = revision.license or repo.license
    yield from _of_license(own, (str(repo),), ours=True)
    yield from _of_bases(repo, licensor, (str(repo),), {repo.pk})


def level_of(expression: str, *, ours: bool) -> Level:
    """OR takes its mildest branch, AND its worst. What cannot be read or is not modeled is a review."""
    try:
        tree = Licensing().parse(expression)
    except ExpressionError:
        return Level.REVIEW
    return Level.REVIEW if tree is None else _level(tree, ours=ours)


def _level(tree: Any, *, ours: bool) -> Level:  # noqa: ANN401 the parser's nodes are untyped
    parts = [_level(part, ours=ours) for part in getattr(tree, "args", ())]
    if parts:
        return (min if tree.operator.strip() == "OR" else max)(parts, key=ORDER.index)
    name = str(tree)
    if ours and name.startswith(OWN):
        return Level.ALLOWED  # the licensor's own terms: this agreement is what they are
    return Level.CONDITIONS if name in PERMISSIVE else Level.REVIEW


def _of_license(expression: str, path: tuple[str, ...], *, ours: bool) -> Iterator[Found]:
    name = path[-1]
    if not expression:
        yield Found("R0", Level.REVIEW, "", path, f"{name} declares no license. Add one to its card.")
        return
    level = level_of(expression, ours=ours)
    if level is Level.REVIEW:
        said = f"{expression} of {name} needs a review before the model can be offered for evaluation."
        yield Found("R0", level, expression, path, said)
    elif level is Level.CONDITIONS:
        yield Found("R5", level, expression, path, f"Keep the text and the notices of {expression} ({name}).")


def _of_bases(repo: Repo, licensor: Organization, path: tuple[str, ...], seen: set[object]) -> Iterator[Found]:
    for name in bases_of(repo.card):
        here = (*path, name)
        base = _registered(name, licensor)
        if base is None or len(seen) > DEEPEST:
            said = f"The base {name} is not registered here, so its license is not known. Register it with its license."
            yield Found("R13", Level.REVIEW, "", here, said)
        elif base.pk not in seen:
            seen.add(base.pk)
            if base.namespace_id != licensor.namespace_id:
                yield from _of_license(base.license, here, ours=False)
            yield from _of_bases(base, licensor, here, seen)


def bases_of(card: dict[str, Any]) -> list[str]:
    """``base_model`` of a card: one name or a list."""
    declared_bases = card.get("base_model") or []
    named = [declared_bases] if isinstance(declared_bases, str) else declared_bases
    return [str(name).strip() for name in named if str(name).strip()] if isinstance(named, list) else []


def _registered(name: str, licensor: Organization) -> Repo | None:
    """The base of this name. Another's private one is as absent as one that never was: no card asks it out."""
    namespace, slash, rest = name.partition("@")[0].partition("/")
    if not slash:
        return None
    known = Q(visibility=Visibility.PUBLIC) | Q(namespace=licensor.namespace_id)
    models = Repo.objects.filter(known, type=RepoType.MODEL, namespace__name__iexact=namespace, name__iexact=rest)
    return models.first()


def _by_plugins(repo: Repo, revision: Revision) -> Iterator[Found]:
    manager, faults = build_manager()
    for fault in faults:
        log.warning("a plugin could not be asked about licenses: %s", fault)
    spec = _spec(repo, revision)
    for plugin, answer in call_each(manager, "check_license", spec=spec, lineage=[], use=USE):
        if not isinstance(answer, tuple):
            said = f"The plugin {plugin} failed to check this license. Repair or remove it."
            yield Found("plugin", Level.REVIEW, spec.license, (str(repo),), said)
            continue
        for verdict in answer:
            if isinstance(verdict, LicenseVerdict) and verdict.permission is not Permission.ALLOWED:
                path = (str(repo), *verdict.sources)
                yield Found(verdict.code, OF_PERMISSION[verdict.permission], spec.license, path, verdict.message)


def _spec(repo: Repo, revision: Revision) -> ModelSpec:
    capabilities = revision.capabilities or {}
    slug = str(capabilities.get("slug") or "") or str(repo).lower().replace("/", ".")
    modality = str(capabilities.get("modality") or "")
    bases = bases_of(repo.card)
    return ModelSpec(
        slug=slug[:80],
        title=repo.name,
        modality=Modality(modality) if modality in set(Modality) else Modality.TEXT,
        license=revision.license or repo.license or "unknown",
        base=bases[0] if bases else None,
    )
