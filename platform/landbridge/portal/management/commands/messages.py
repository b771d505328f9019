"""``manage.py messages``: bring the translations up to date with the code, or say what is missing."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from landbridge.portal import messages


class Command(BaseCommand):
    help = (
        "Extract strings, update the Chinese catalog and compile it. --check changes nothing and fails if incomplete."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="only say whether the catalog is complete")

    def handle(self, *_: Any, **options: Any) -> None:  # noqa: ANN401 Django's signature
        if not options["check"]:
            messages.update()
        state = messages.state()
        for name in ("missing", "fuzzy", "unused"):
            for text in getattr(state, name):
                self.stdout.write(f"{name}: {text}")
        if state.stale:
            self.stdout.write("django.mo is not what django.po compiles to")
        if not state.complete:
            raise CommandError("The Chinese catalog is not complete: translate what is listed, then run this again.")
        self.stdout.write("The Chinese catalog is complete.")
