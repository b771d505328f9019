"""Void what a key signs from a moment on: ``manage.py revoke_key KEYID --reason "..." [--at 2026-11-25T10:00:00Z]``.

What was dated before that moment stays good. With the root offline, sign and import the list anew afterwards.
"""

import json
from argparse import ArgumentParser
from datetime import datetime

from django.core.management.base import BaseCommand, CommandError

from landbridge.accounts.clock import clock
from landbridge.api import meta
from landbridge.core import keys, services, signing
from landbridge.core.errors import NotFound


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("keyid", help="as GET /api/v1/keys lists it, or its first digits")
        parser.add_argument("--reason", required=True)
        parser.add_argument("--at", help="from when on; now, if not said")

    def handle(self, *, keyid: str, reason: str, at: str | None, **_: object) -> None:
        meta.keys()  # every worker's key has its row
        try:
            row = services.revoke_key(keyid=keyid, reason=reason, at=_moment(at), actor=clock())
        except NotFound as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(keys.to_json(row)))
        if row.keyid == signing.platform_signer().keyid:
            self.stderr.write("This is the key that the platform signs with. Run: manage.py rotate_key")


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise CommandError(f"{text} is not a time such as 2026-11-25T10:00:00Z.") from error
    if when.tzinfo is None:
        raise CommandError(f"{text} does not say its zone. Write {text}Z for UTC.")
    return when
