"""The sweeper: repairs what lost messages and lost hosts leave behind. Any number may run.

``manage.py sweep`` goes on until it is stopped; ``--once`` does one round.
"""

import signal
import threading
from argparse import ArgumentParser

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import close_old_connections

from landbridge.core import sweeps


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="one round, then end")
        parser.add_argument("--every", type=float, default=settings.LANDBRIDGE_SWEEP.total_seconds(), metavar="S")

    def handle(self, *, once: bool, every: float, **_: object) -> None:
        ended = threading.Event()
        if not once:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: ended.set())
        while True:
            done = {name: count for name, count in sweeps.run_once().items() if count}
            if done:
                self.stdout.write(", ".join(f"{name}: {count}" for name, count in sorted(done.items())))
            if once or ended.wait(every):
                return
            close_old_connections()  # a database that was restarted meanwhile gets a new one
