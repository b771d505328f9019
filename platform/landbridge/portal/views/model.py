"""A model's page: what it is, how well it does, on what terms it is to be had, and how to use it."""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from landbridge.accounts.principals import principal_of
from landbridge.agreements import queries as agreements
from landbridge.core.access import Access, Right
from landbridge.evaluations import queries as evaluations
from landbridge.evaluations.models import Result
from landbridge.hub import queries
from landbridge.leaderboards.models import Entry
from landbridge.portal import numbers, reads, words
from landbridge.portal.page import page
from landbridge.portal.shown import boards, cards
from landbridge.portal.views.models import access_of, may_write
from landbridge_registry.models import Repo

FILES = 12  # that the model's page lists; the files' page has all


@page(GET=Access(Right.PUBLIC, hidden=True, why="A private model looks absent to who may not know of it."))
def model(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    principal = principal_of(request)
    found = queries.model_page(principal, namespace, name)
    repo = found.repo
    entries = reads.standings(repo)
    results = evaluations.visible_results(principal).filter(job__repo=repo)
    context = {
        "repo": repo,
        "found": found,
        "version": found.revisions[0] if found.revisions else None,
        "files": [entry for entry in found.files if entry.path != ".gitattributes"][:FILES],
        "files_total": len(found.files),
        "size": sum(entry.size for entry in found.files),
        "card": cards.html(found.card),
        "access": access_of(repo),
        "gate": agreements.access_state(principal, repo),
        "offers": agreements.live_offers(repo),
        "standings": [_standing(entry) for entry in entries if entry.rank is not None],
        "missing": [_standing(entry) for entry in entries if entry.rank is None],
        "results": _newest(list(results.order_by("-accepted_at")[:20])),
        "inside": may_write(principal, repo),
        "host": request.build_absolute_uri("/").rstrip("/"),
    }
    return render(request, "portal/model.html", context)


@page(GET=Access(Right.PUBLIC, hidden=True, why="Names and sizes are public for a public model; bytes are not."))
def files(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    principal = principal_of(request)
    found = queries.model_page(principal, namespace, name)
    context = {
        "repo": found.repo,
        "found": found,
        "size": sum(entry.size for entry in found.files),
        "sealed": {revision.commit for revision in found.revisions},
        "gate": agreements.access_state(principal, found.repo),
    }
    return render(request, "portal/files.html", context)


def _standing(entry: Entry) -> dict[str, object]:
    return {
        "board": entry.board,
        "task": boards.title_of(entry.task) if entry.task is not None else "",
        "metric": entry.metric,
        "n": entry.n,
        "score": numbers.score(entry.value, entry.lo, entry.hi) if entry.rank is not None else None,
        "rank": boards.rank_text(entry.rank_lo, entry.rank_hi, entry.rank) if entry.rank is not None else "",
        "reason": entry.missing_text or words.MISSING.get(entry.missing_reason, ""),
        "result": entry.result_id,
    }


def _newest(results: Sequence[Result]) -> list[Result]:
    """The newest result of each suite."""
    kept: dict[str, Result] = {}
    for result in results:
        kept.setdefault(result.job.suite_revision.suite.name, result)
    return list(kept.values())


def model_address(repo: Repo) -> str:
    return f"/{repo}"
