"""Making a board's rows anew from the results that count."""

from collections.abc import Hashable, Iterable, Mapping
from typing import Any, cast

from landbridge.core import time
from landbridge.core.db import step
from landbridge.evaluations.models import Result, Score, SuiteRevision
from landbridge.evaluations.models.catalog import SuiteTaskRow
from landbridge.leaderboards.models import Board, Entry
from landbridge.leaderboards.ranking import PRIVATE, SELF_RUN, WORDS, Candidate, Scale, Standing, overall, standings
from landbridge_registry.models import Repo, Visibility

INDEPENDENT = "operator"


@step
def lock(board_id: str) -> Board:
    """The board, locked: writers of one board queue up here, on SQLite by the write itself."""
    Board.objects.filter(pk=board_id).update(refreshed_at=time.now())
    return Board.objects.select_related("suite").get(pk=board_id)


@step
def rebuild(board: Board) -> int:
    """The rows of a locked board, from the newest accepted independent result of each model and task."""
    revision = SuiteRevision.objects.filter(suite=board.suite_id).order_by("-number").first()
    rows = list(revision.rows.select_related("task").order_by("place")) if revision else []
    newest = newest_scores(board, rows)
    entries: list[Entry] = []
    by_task: dict[str, Mapping[Hashable, Candidate]] = {}
    for row in rows:
        scores = newest.get(row.task.name, {})
        candidates = {model: candidate_of(model, score, row) for model, score in scores.items()}
        by_task[row.task.name] = candidates
        found = standings(candidates.values(), higher_is_better=row.task.higher_is_better)
        entries += [entry_of(board, row, scores[model], found[model]) for model in scores]
    entries += overall_entries(board, rows, newest, by_task)
    Entry.objects.filter(board=board).delete()
    Entry.objects.bulk_create(entries)
    Board.objects.filter(pk=board.pk).update(refreshed_at=time.now())
    return len(entries)


def newest_scores(board: Board, rows: Iterable[SuiteTaskRow]) -> dict[str, dict[Hashable, Score]]:
    """Task → model → its newest score; independent runs only. A run by the lab itself shows where there is no other."""
    names = [row.task.name for row in rows]
    scores = Score.objects.filter(
        primary=True, task__name__in=names, result__job__evaluation__suite_revision__suite=board.suite_id
    ).select_related("task", "result__job__repo", "result__job__evaluation__revision__repo")
    found: dict[str, dict[Hashable, Score]] = {}
    for score in scores.order_by("result__accepted_at", "result_id"):
        models = found.setdefault(score.task.name, {})
        model = score.result.job.repo_id
        there = models.get(model)
        if there is None or score.result.pool == INDEPENDENT or there.result.pool != INDEPENDENT:
            models[model] = score
    return found


def candidate_of(model: Hashable, score: Score, row: SuiteTaskRow) -> Candidate:
    why = why_not(score, row)
    text = score.text if score.missing and why != PRIVATE else WORDS.get(why, "")
    return Candidate(model=model, value=score.value, lo=score.lo, hi=score.hi, why=why, text=text)


def why_not(score: Score, row: SuiteTaskRow) -> str:
    """The first reason why a score must not rank; empty where it may."""
    if is_private(score.result.job.repo):
        return PRIVATE  # a place of its own would tell others that it is there
    if score.missing:
        return score.missing
    if score.task_id != row.task_id:
        return "superseded"  # boards compare results with equal task and data digests only
    if score.result.pool != INDEPENDENT:
        return SELF_RUN
    return next(iter(score.flags), "")


def is_private(model: Repo) -> bool:
    return model.visibility == Visibility.PRIVATE


def entry_of(board: Board, row: SuiteTaskRow, score: Score, standing: Standing) -> Entry:
    revision = score.result.job.revision
    return Entry(
        board=board, task=row.task, model=revision.repo, revision=revision, result=score.result, metric=score.metric,
        value=score.value, lo=score.lo, hi=score.hi, n=score.n, **columns(standing), **marks(score.result),
        self_reported="self_reported" in score.flags,
    )  # fmt: skip


def marks(result: Result) -> dict[str, Any]:
    """What a reader should know of how a result came about."""
    own = result.pool != INDEPENDENT
    return {"code": result.job.code, "self_run": own, "device_class": result.device_class}


def columns(standing: Standing) -> dict[str, Any]:
    return {
        "rank": standing.rank,
        "rank_lo": standing.lo,
        "rank_hi": standing.hi,
        "missing_reason": standing.why[:24],
        "missing_text": standing.text[:500],
    }


def overall_entries(
    board: Board,
    rows: list[SuiteTaskRow],
    newest: Mapping[str, Mapping[Hashable, Score]],
    by_task: Mapping[str, Mapping[Hashable, Candidate]],
) -> list[Entry]:
    """One row a model, over the tasks of the whole board."""
    scales = {row.task.name: scale_of(row) for row in rows}
    last: dict[Hashable, Result] = {}
    for scores in newest.values():
        for model, score in scores.items():
            there = last.get(model)
            if there is None or (score.result.accepted_at, score.result.pk) > (there.accepted_at, there.pk):
                last[model] = score.result
    private = [model for model, result in last.items() if is_private(result.job.repo)]
    candidates = overall(by_task, scales, [model for model in last if model not in private])
    candidates += [Candidate(model=model, why=PRIVATE, text=WORDS[PRIVATE]) for model in private]
    found = standings(candidates)
    made = []
    for one in candidates:
        result = last[one.model]
        revision = result.job.revision
        entry = Entry(
            board=board, task=None, model=revision.repo, revision=revision, result=result, metric="mean_normalized",
            value=one.value, lo=one.lo, hi=one.hi, n=len(rows), **columns(found[one.model]),
            **overall_marks([scores[one.model].result for scores in newest.values() if one.model in scores]),
        )  # fmt: skip
        made.append(entry)
    return made


def overall_marks(results: list[Result]) -> dict[str, Any]:
    """Of a whole board's row: a mark of one task marks it; devices are named where they are all of one class."""
    classes = {one.device_class for one in results}
    return {
        "code": any(one.job.code for one in results),
        "self_run": any(one.pool != INDEPENDENT for one in results),
        "device_class": classes.pop() if len(classes) == 1 else "mixed",
    }


def scale_of(row: SuiteTaskRow) -> Scale:
    """From the task's chance to its ceiling; a loss has its ceiling below its chance, which turns the sign."""
    chance, ceiling = row.task.spec.get("chance"), row.task.spec.get("ceiling")
    if ceiling is None and not row.task.higher_is_better:
        ceiling = 0.0
    return Scale(weight=row.weight, chance=cast("float | None", chance), ceiling=cast("float | None", ceiling))
