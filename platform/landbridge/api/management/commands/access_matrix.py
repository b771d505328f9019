"""Writes ``docs/access.csv``: who may do what, from the declared rules: ``manage.py access_matrix [--check]``."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from landbridge.api.matrix import table
from landbridge.home import ROOT

PAGE = ROOT / "docs" / "access.csv"


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing, fail if the file is stale")

    def handle(self, *, check: bool, **_: object) -> None:
        text = table.render()
        if not check:
            PAGE.write_text(text)
        elif not PAGE.exists() or PAGE.read_text() != text:
            raise CommandError("docs/access.csv is stale. Run: python manage.py access_matrix")
