"""Prints a link that signs a person in, once, within 30 minutes: ``manage.py sign_in_link NAME``."""

import json
from argparse import ArgumentParser

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from landbridge.accounts import services
from landbridge.accounts.clock import clock
from landbridge.core.errors import DomainError


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--base", default="", help="the site's address (default: SITE_URL)")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *, name: str, base: str, **options: bool) -> None:
        try:
            text = services.make_sign_in_link(actor=clock(), username=name)
        except DomainError as error:
            raise CommandError(str(error)) from error
        address = (base or settings.SITE_URL).rstrip("/") + reverse("sign-in-once", args=[text])
        self.stdout.write(json.dumps({"user": name, "url": address}) if options["json"] else address)
