"""One result: every number with n and interval, what it was measured on, and how to check it."""

from collections import defaultdict
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from landbridge.accounts.principals import principal_of
from landbridge.core import signing
from landbridge.core.access import Access, Right
from landbridge.evaluations import queries, reruns
from landbridge.evaluations.models import Result, Score
from landbridge.portal import numbers, words
from landbridge.portal.page import page
from landbridge.portal.shown import boards
from landbridge.portal.views.leaderboards import suite_title


@page(
    GET=Access(Right.PUBLIC, hidden=True, operator=True, why="Of private models or suites they look absent to others.")
)
def result(request: HttpRequest, result_id: str) -> HttpResponse:
    found, root = queries.result_for(principal_of(request), result_id), signing.root_key()
    by_task: dict[str, list[Score]] = defaultdict(list)
    for score in queries.scores_of(found):
        by_task[score.task.name].append(score)
    evaluation = found.job.question
    context = {
        "result": found,
        "revision": evaluation.revision,
        "repo": evaluation.revision.repo,
        "suite": evaluation.suite_revision,
        "suite_title": suite_title(evaluation.suite_revision.suite),
        "tasks": [_task(scores) for scores in by_task.values() if not all(score.missing for score in scores)],
        "missing": [_task(scores) for scores in by_task.values() if all(score.missing for score in scores)],
        "comparison": _compared(found),
        "predictions": bool(reruns.open_shards(found)),
        "predicate": reruns.predicate_of(found),
        "root": root.keyid if root else "",
        "host": request.build_absolute_uri("/").rstrip("/"),
    }
    return render(request, "portal/result.html", context)


VERDICTS: Final[dict[str, words.Look]] = {
    "repeats": words.Look("good", "circle-check", _("The same predictions")),
    "within": words.Look("good", "circle-check", _("Within the stated tolerance")),
    "differs": words.Look("warn", "triangle-alert", _("Outside the stated tolerance")),
}
RULES: Final[dict[str, words.Text]] = {
    "equal predictions": _("Same software and device class: every prediction must be the same."),
    "full precision": _("Other software or device: at most 0.1 points or 3 items apart, and 99.5 % equal predictions."),
    "half precision": _("Half precision: inside the first interval, and 98 % equal predictions."),
}


def _compared(result: Result) -> dict[str, object] | None:
    """A re-run beside what it repeats."""
    found = reruns.shown(result)
    if found is None:
        return None
    tasks = [{**one, "look": VERDICTS[one["verdict"]]} for one in found["tasks"]]
    return {**found, "look": VERDICTS[found["verdict"]], "rule_text": RULES[found["rule"]], "tasks": tasks}


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
