"""The platform signs with a new key from now on: once a year, and when the old one may have leaked.

The old key stays valid for 35 days and listed for good, so that what it signed can be checked. With the root offline,
``--prepare`` first lists the next key, so that the root can sign a list with it: docs/operator.md, "Keys".
"""

import json
from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from landbridge.accounts.clock import clock
from landbridge.core import services, signing
from landbridge.core.errors import Conflict


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--prepare", action="store_true", help="list the next key, and sign nothing with it yet")

    def handle(self, *, prepare: bool, **_: object) -> None:
        if prepare:
            row = services.prepare_key(actor=clock())
            self.stdout.write(json.dumps({"next": row.keyid}))
            return
        old = signing.platform_signer().keyid
        try:
            row = services.rotate_key(actor=clock())
        except Conflict as error:
            raise CommandError(str(error)) from error
        signing.promote()
        self.stdout.write(json.dumps({"old": old, "new": row.keyid}))
