"""Publishes the tasks and suites of installed plugins with a board each: ``manage.py sync_benchmarks [--suite NAME]``.

Data is sealed as dataset repositories of this instance; what is there already stays as it is.
"""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand

from landbridge.accounts.clock import clock
from landbridge.evaluations.management.benchmarks import Sync
from landbridge.leaderboards import services


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--suite", action="append", default=[], help="only this one; may be repeated")

    def handle(self, *, suite: list[str], **_: object) -> None:
        actor = clock()
        for revision in Sync(actor=actor, say=self.stderr.write).run(suite):
            board = services.open_board(suite_id=revision.suite_id, actor=actor)
            self.stdout.write(f"{revision.suite.name}: {revision.rows.count()} tasks, board {board.slug}")
