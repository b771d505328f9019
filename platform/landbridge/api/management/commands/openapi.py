"""Writes ``docs/openapi.json``, or checks that it is what the views say: ``manage.py openapi write|--check``."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from landbridge.api import schema
from landbridge.home import ROOT

PAGE = ROOT / "docs" / "openapi.json"


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", nargs="?", choices=["write", "print"], default="write")
        parser.add_argument("--check", action="store_true", help="change nothing, fail if the file is stale")

    def handle(self, *, what: str, check: bool, **_: object) -> None:
        text = schema.text()
        if check:
            if not PAGE.exists() or PAGE.read_text() != text:
                raise CommandError("docs/openapi.json is stale. Run: python manage.py openapi write")
        elif what == "print":
            self.stdout.write(text, ending="")
        else:
            PAGE.write_text(text)
