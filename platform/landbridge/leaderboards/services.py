"""Boards are opened with their suite, and made anew whenever a result comes in."""

from django.db import transaction

from landbridge.accounts.models import User
from landbridge.core import ledger, outbox, time
from landbridge.evaluations.models import Result, Suite
from landbridge.leaderboards import queries, steps
from landbridge.leaderboards.models import Board

SLUGS = {"offline_demo": "demo"}


@transaction.atomic(durable=True)
def open_board(*, suite_id: str, actor: User) -> Board:
    """The board of a suite, made if there is none."""
    suite = Suite.objects.get(pk=suite_id)
    board, created = Board.objects.get_or_create(suite=suite, defaults={"slug": SLUGS.get(suite.name, suite.name)})
    if created:
        ledger.record("board.opened", subject=board, actor=actor, slug=board.slug)
    else:
        steps.rebuild(steps.lock(board.pk))  # the suite may have a new revision
    return board


@transaction.atomic(durable=True)
def refresh_board(*, board_id: str, actor: User) -> int:
    """Take in every result and every change of a model's visibility that came since; answers how many there were.

    Twice at once is harmless.
    """
    board = steps.lock(board_id)
    moved = queries.misplaced().filter(board=board).values("model").distinct().count()
    fresh = Result.objects.filter(boarded_at=None, job__evaluation__suite_revision__suite=board.suite_id)
    taken = list(fresh.values_list("pk", flat=True))
    steps.rebuild(board)
    Result.objects.filter(pk__in=taken).update(boarded_at=time.now())
    if taken:
        ledger.record("board.refreshed", subject=board, actor=actor, results=len(taken))
    if taken or moved:
        outbox.publish("leaderboard.changed", board.pk)
    return len(taken) + moved
