"""One result: every number with n and interval, what it was measured on, and how to check it."""

from collections import defaultdict

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from landbridge.accounts.principals import principal_of
from landbridge.core.access import Access, Right
from landbridge.evaluations import queries
from landbridge.evaluations.models import Score
from landbridge.portal import numbers
from landbridge.portal.page import page
from landbridge.portal.shown import boards
from landbridge.portal.views.leaderboards import suite_title


@page(
    GET=Access(Right.PUBLIC, hidden=True, operator=True, why="Of private models or suites they look absent to others.")
)
def result(request: HttpRequest, result_id: str) -> HttpResponse:
    found = queries.result_for(principal_of(request), result_id)
    by_task: dict[str, list[Score]] = defaultdict(list)
    for score in queries.scores_of(found):
        by_task[score.task.name].append(score)
    evaluation = found.job.evaluation
    context = {
        "result": found,
        "revision": evaluation.revision,
        "repo": evaluation.revision.repo,
        "suite": evaluation.suite_revision,
        "suite_title": suite_title(evaluation.suite_revision.suite),
        "tasks": [_task(scores) for scores in by_task.values() if not all(score.missing for score in scores)],
        "missing": [_task(scores) for scores in by_task.values() if all(score.missing for score in scores)],
        "host": request.build_absolute_uri("/").rstrip("/"),
    }
    return render(request, "portal/result.html", context)


def _task(scores: list[Score]) -> dict[str, object]:
    task = scores[0].task
    return {
        "task": task,
        "title": boards.title_of(task),
        "scores": [
            {"score": score, "shown": None if score.missing else numbers.score(score.value, score.lo, score.hi)}
            for score in scores
        ],
    }
