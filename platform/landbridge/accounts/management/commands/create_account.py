"""Makes an account and prints a token for it.

    python manage.py create_account ada --organization lumen --kind lab --role owner --json

Again for a name that exists keeps the account and prints a fresh token. A signatory also gets an authenticator (the
output holds ``totp_secret``) and an authority record that the operator grants.
"""

import json
from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from landbridge.accounts import services
from landbridge.accounts.clock import clock
from landbridge.accounts.models import OrganizationKind, Role
from landbridge.accounts.services.people import Opened
from landbridge.core.errors import DomainError


class Command(BaseCommand):
    help = (__doc__ or "").partition("\n")[0]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="the account's name, which is also its namespace")
        parser.add_argument("--email", default="", help="an address to sign in with; recorded as verified")
        parser.add_argument("--organization", default="", metavar="SLUG", help="made if there is none")
        parser.add_argument("--kind", choices=OrganizationKind.values, help="of a new organization (default: lab)")
        parser.add_argument("--role", choices=Role.values, help="default: owner of a new organization, else member")
        parser.add_argument("--read-token", action="store_true", help="print a read-only token, too")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *, kind: str | None, role: str | None, **options: str) -> None:
        if (kind or role) and not options["organization"]:
            raise CommandError("--kind and --role are about an organization: add --organization SLUG.")
        try:
            opened = services.open_account(
                actor=clock(),
                name=options["name"],
                email=options["email"],
                organization=options["organization"],
                kind=OrganizationKind(kind) if kind else None,
                role=Role(role) if role else None,
                read_token=bool(options["read_token"]),
            )
        except DomainError as error:
            raise CommandError(str(error)) from error
        self._say(opened, as_json=bool(options["json"]))

    def _say(self, opened: Opened, *, as_json: bool) -> None:
        said = {
            "user": opened.user.username,
            "organization": opened.organization.slug if opened.organization else None,
            "token": opened.token,
        }
        if opened.read_token:
            said["read_token"] = opened.read_token
        if opened.totp_secret:
            said["totp_secret"] = opened.totp_secret
        if as_json:
            self.stdout.write(json.dumps(said))
            return
        for name, value in said.items():
            self.stdout.write(f"{name:<13} {value or '-'}")
