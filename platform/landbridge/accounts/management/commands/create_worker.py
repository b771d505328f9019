"""Makes a worker's account and prints the token it serves with: ``manage.py create_worker NAME --pool operator``."""

import json
from argparse import ArgumentParser

from django.core.management.base import BaseCommand

from landbridge.accounts import services
from landbridge.accounts.clock import clock


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--pool", default="operator", help="whose jobs it takes (default: operator)")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *, name: str, pool: str, **options: bool) -> None:
        made = services.create_worker_account(actor=clock(), name=name, pool=pool)
        said = {"worker": made.token.user.username, "pool": pool, "token": made.text}
        as_json = options["json"]
        self.stdout.write(json.dumps(said) if as_json else made.text)
