"""Browse: the catalog with its filters, and a lab's own shelf."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from landbridge.accounts.models import Organization, Role, User
from landbridge.accounts.principals import Principal, principal_of
from landbridge.agreements import queries as agreements
from landbridge.core import pagination
from landbridge.core.access import Access, Right
from landbridge.core.errors import NotFound
from landbridge.hub import queries
from landbridge.leaderboards.models import Entry
from landbridge.portal import numbers, reads, words
from landbridge.portal.page import page
from landbridge.portal.shown import boards
from landbridge_registry.models import Gate, Namespace, Repo, Visibility

ORDER = ("-last_modified", "pk")
LABELS = {
    "q": _("Words"), "task": _("Task"), "modality": _("Kind of data"), "language": _("Language"),
    "license": _("License"), "access": _("Access"), "lab": _("Lab"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Listed:
    """A model in a list."""

    repo: Repo
    access: str
    offered: bool
    standing: Entry | None
    score: numbers.Score | None
    task: str


@page(GET=Access(Right.PUBLIC))
def catalog(request: HttpRequest) -> HttpResponse:
    principal = principal_of(request)
    filters = queries.Filters.of(request.GET)
    rows = queries.catalog(filters, principal)
    every = queries.visible_to(principal).filter(type="model")
    context = {
        **listing(request, rows),
        "all": every.count(),
        "filters": filters,
        "facets": queries.facets(every),
        "modalities": words.MODALITIES,
        "active": _active(request.GET),
        "presets": _presets(request.GET),
    }
    return render(request, "portal/models.html", context)


@page(GET=Access(Right.PUBLIC))
def namespace(request: HttpRequest, namespace: str) -> HttpResponse:
    """A lab's, a company's or a person's own page."""
    principal = principal_of(request)
    found = Namespace.objects.filter(name__iexact=namespace).first()
    if found is None:
        raise NotFound("There is no organization or person of this name.")
    organization = Organization.objects.filter(namespace=found).first()
    person = User.objects.filter(username__iexact=found.name, is_active=True).first()
    rows = queries.catalog(queries.Filters(lab=found.name), principal)
    context = {
        **listing(request, rows),
        "namespace": found,
        "organization": organization,
        "person": person,
        "inside": principal.has_role(found, Role.MEMBER),
    }
    return render(request, "portal/namespace.html", context)


def listing(request: HttpRequest, rows: QuerySet[Repo]) -> dict[str, object]:
    """One page of models, with what each shows."""
    cut, upcoming = pagination.cut(request, rows, ORDER)
    pages = {
        "next_url": pagination.next_address(request, upcoming) if upcoming else "",
        "first_url": _without(request.GET, "cursor") if request.GET.get("cursor") else "",
    }
    return {"models": listed(cut), "total": rows.count(), "page": pages}


def listed(repos: Sequence[Repo]) -> list[Listed]:
    best = reads.best_standings(repos)
    offered = set(agreements.live_offers().filter(repo__in=repos).values_list("repo", flat=True))
    made = []
    for repo in repos:
        entry = best.get(repo.pk)
        made.append(
            Listed(
                repo=repo,
                access=access_of(repo),
                offered=repo.pk in offered,
                standing=entry,
                score=numbers.score(entry.value, entry.lo, entry.hi) if entry else None,
                task=boards.title_of(entry.task) if entry is not None and entry.task is not None else "",
            )
        )
    return made


def access_of(repo: Repo) -> str:
    if repo.visibility == Visibility.PRIVATE:
        return "private"
    return "public" if repo.gate == Gate.OPEN else "gated"


def may_write(principal: Principal, repo: Repo) -> bool:
    return principal.has_role(repo.namespace, Role.MEMBER)


def _presets(query: QueryDict) -> list[dict[str, object]]:
    """Filters that many want, as links."""
    wanted: tuple[tuple[words.Text, dict[str, str]], ...] = (
        (_("All"), {}),
        (_("Open weights"), {"access": "open"}),
        (_("By license"), {"access": "agreement"}),
        (_("Chinese"), {"language": "zh"}),
        (_("Image"), {"modality": "image"}),
    )
    active = {name: value for name, value in _plain(query) if name in LABELS and value}
    return [{"label": label, "url": _address(chosen), "current": chosen == active} for label, chosen in wanted]


def _active(query: QueryDict) -> list[dict[str, str]]:
    """What the list is narrowed by, each with the address that drops it."""
    return [
        {"label": str(LABELS[name]), "value": value, "url": _without(query, name, "cursor")}
        for name, value in _plain(query)
        if name in LABELS and value
    ]


def _without(query: QueryDict, *names: str) -> str:
    return _address({name: value for name, value in _plain(query) if name not in names and value})


def _plain(query: QueryDict) -> list[tuple[str, str]]:
    return [(str(name), str(query[name])) for name in query]


def _address(values: dict[str, str]) -> str:
    asked = QueryDict(mutable=True)
    asked.update(values)
    return f"?{asked.urlencode()}" if values else "?"
