"""Gives each model of an installed plugin a repository: ``manage.py sync_plugins``. Repeating is harmless."""

from django.core.management.base import BaseCommand

from landbridge.accounts.clock import clock
from landbridge.evaluations.management.plugins import sync


class Command(BaseCommand):
    help = __doc__

    def handle(self, **_: object) -> None:
        made = sync(actor=clock(), say=self.stdout.write)
        self.stdout.write(f"{len(made)} models of plugins stand in the catalog.")
