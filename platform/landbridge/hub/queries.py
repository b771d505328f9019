"""Reading the catalog for pages, the API and the Hub's lists: what may this caller see, and how is it filtered."""

from dataclasses import dataclass, field
from typing import Any, Self

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.http import QueryDict

from landbridge.accounts.principals import Principal
from landbridge.core.errors import NotFound
from landbridge.hub import rights
from landbridge.hub.gate import READ, ask
from landbridge_registry import queries as registry
from landbridge_registry.errors import RepoMissing, RevisionMissing
from landbridge_registry.models import Commit, Gate, Repo, RepoTag, RepoType, Revision, Visibility
from landbridge_registry.queries import Entry

NOTHING = "There is nothing at this address that you may see."


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a list of repositories may be narrowed by; the names are those of the query string.

    ``task``: pipeline tag or ``task_categories:`` tag. ``language``: BCP 47, as the card has it. ``license``: a part
    of the SPDX expression. ``access``: ``open`` or ``agreement``. ``lab``: the namespace. ``q``: words, each in the
    name or the summary. ``modality``: text, image, audio, by the task. ``tags``: all of them. ``sealed``: has a
    version.
    """

    task: str = ""
    language: str = ""
    modality: str = ""
    license: str = ""
    access: str = ""
    lab: str = ""
    q: str = ""
    tags: tuple[str, ...] = field(default=())
    sealed: bool = False

    @classmethod
    def of(cls, query: QueryDict) -> Self:
        texts = {name: plain(query.get(name, "")) for name in TEXTS}
        return cls(**texts, tags=tuple(map(plain, query.getlist("tag")[:20])), sealed=query.get("sealed") == "true")


def plain(value: object) -> str:
    """A value of the query string as a database takes it."""
    return str(value)[:200].replace("\0", "")


TEXTS = ("task", "language", "modality", "license", "access", "lab", "q")
MODALITIES = {
    "text": (
        "text-classification", "token-classification", "question-answering", "fill-mask", "text-generation",
        "text2text-generation", "feature-extraction", "sentence-similarity", "translation", "summarization",
        "zero-shot-classification", "text-ranking",
    ),
    "image": ("image-classification", "image-feature-extraction", "object-detection", "image-segmentation"),
    "audio": ("audio-classification", "automatic-speech-recognition", "text-to-speech"),
}  # fmt: skip


def visible_to(principal: Principal) -> QuerySet[Repo]:
    """Public repositories, and private ones of the caller's namespaces. A grant opens a private one by its address.

    A token sees private ones with ``repo.read`` only, as the access predicate has it.
    """
    seen = Q(visibility=Visibility.PUBLIC)
    if principal.user is not None and principal.has_scope(READ):
        seen |= Q(namespace__in=rights.namespaces_of(principal))
    return registry.repos().filter(seen, disabled_reason="")


def catalog(filters: Filters, principal: Principal, *, kind: str = RepoType.MODEL) -> QuerySet[Repo]:
    """The repositories that ``filters`` leave of what the caller may see, newest first."""
    rows = visible_to(principal).filter(type=kind)
    for tag in (*filters.tags, *([_language_tag(filters.language, kind)] if filters.language else [])):
        rows = rows.filter(_tagged(tag))
    if filters.task:
        rows = rows.filter(Q(pipeline_tag=filters.task) | _tagged(f"task_categories:{filters.task}"))
    if filters.modality:
        rows = rows.filter(pipeline_tag__in=MODALITIES.get(filters.modality, []))
    if filters.license:
        rows = rows.filter(license__icontains=filters.license)
    if filters.access:
        rows = rows.filter(gate=Gate.OPEN) if filters.access == "open" else rows.exclude(gate=Gate.OPEN)
    if filters.lab:
        rows = rows.filter(namespace__name__iexact=filters.lab)
    for word in filters.q.split()[:10]:
        rows = rows.filter(Q(name__icontains=word) | Q(namespace__name__icontains=word) | Q(summary__icontains=word))
    if filters.sealed:
        rows = rows.filter(Exists(Revision.objects.filter(repo=OuterRef("pk"))))
    return rows.order_by("-last_modified", "pk")


def _language_tag(language: str, kind: str) -> str:
    return f"language:{language}" if kind == RepoType.DATASET else language


def _tagged(tag: str) -> Exists:
    return Exists(RepoTag.objects.filter(repo=OuterRef("pk"), tag=tag))


def visible_repo(principal: Principal, namespace: str, name: str, *, kind: str = RepoType.MODEL) -> Repo:
    """The repository, or ``NotFound``: absent and hidden look the same."""
    try:
        repo = registry.find_repo(kind, namespace, name)
    except RepoMissing:
        raise NotFound(NOTHING) from None
    private = repo.visibility == Visibility.PRIVATE
    if repo.disabled_reason or (private and not ask(principal, repo, revision=None, path=None).allowed):
        raise NotFound(NOTHING)
    return repo


@dataclass(frozen=True, slots=True)
class ModelPage:
    """All that a repository's page shows that the registry knows."""

    repo: Repo
    commit: Commit
    tags: tuple[str, ...]
    files: tuple[Entry, ...]
    revisions: tuple[Revision, ...]  # sealed, newest first
    card: str  # the body of README.md, as text; rendering is the page's


def model_page(principal: Principal, namespace: str, name: str, *, kind: str = RepoType.MODEL) -> ModelPage:
    """The head of ``main``, its files and the sealed versions. A constant number of queries for a given depth."""
    repo = visible_repo(principal, namespace, name, kind=kind)
    commit = registry.resolve_revision(repo, "main")
    files = tuple(entry for entry in registry.walk(commit.tree) if entry.is_file)
    return ModelPage(
        repo=repo,
        commit=commit,
        tags=tuple(sorted(repo.tags.values_list("tag", flat=True))),
        files=files,
        revisions=tuple(repo.revisions.order_by("-sealed_at", "-id")),
        card=_card_body(repo, files),
    )


def _card_body(repo: Repo, files: tuple[Entry, ...]) -> str:
    entry = next((one for one in files if one.path == "README.md"), None)
    return registry.card_body(repo, entry) if entry is not None else ""


def versions_of(repo: Repo) -> QuerySet[Revision]:
    """Sealed versions, newest first."""
    return Revision.objects.filter(repo=repo).select_related("repo__namespace").order_by("-sealed_at", "-id")


def version_of(repo: Repo, name: str) -> tuple[Revision, Commit]:
    """By id, label, commit (also a short one), branch or tag; ``NotFound`` if that commit was never sealed."""
    found = versions_of(repo).filter(Q(id=plain(name)) | Q(label=plain(name))).first()
    try:
        commit = registry.resolve_revision(repo, found.commit if found else name)
    except RevisionMissing:
        raise NotFound(f"{repo} has no version {name[:80]!r}.") from None
    found = found or versions_of(repo).filter(commit=commit.sha).first()
    if found is None:
        raise NotFound(f"Commit {commit.sha[:8]} of {repo} was never sealed. Submit it first.")
    return found, commit


def with_version(rows: QuerySet[Repo]) -> QuerySet[Repo]:
    """Each repository with ``version``, the commit that was sealed last; no query a row."""
    latest = Revision.objects.filter(repo=OuterRef("pk")).order_by("-sealed_at", "-id").values("commit")[:1]
    return rows.annotate(version=Subquery(latest))


def modality_of(task: str) -> str:
    return next((name for name, tasks in MODALITIES.items() if task in tasks), "")


def facets(rows: QuerySet[Repo]) -> dict[str, list[Any]]:
    """The values that the filters of a catalog page offer: tasks, licenses, labs of what is visible."""
    return {
        "task": _values(rows, "pipeline_tag"),
        "license": _values(rows, "license"),
        "lab": _values(rows, "namespace__name"),
    }


def _values(rows: QuerySet[Repo], column: str) -> list[Any]:
    found = rows.order_by(column).values_list(column, flat=True).distinct()[:200]
    return [value for value in found if value]
