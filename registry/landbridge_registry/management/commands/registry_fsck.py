"""``manage.py registry_fsck [--deep] [--json]``: compare the store with its rows. Exit 1 if anything is wrong."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from landbridge_registry import fsck


class Command(BaseCommand):
    help = "Compare the content store with its rows."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--deep", action="store_true", help="read every byte and compare digests")
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *_: Any, **options: Any) -> None:  # noqa: ANN401 Django's signature
        faults = list(fsck.check(deep=options["deep"]))
        if options["json"]:
            self.stdout.write(json.dumps({"faults": [asdict(fault) for fault in faults]}))
        else:
            for fault in faults:
                self.stdout.write(f"{fault.code}: {fault.subject}: {fault.said}")
        if faults:
            raise CommandError(f"{len(faults)} faults.")
        if not options["json"]:
            self.stdout.write("The store is clean.")
