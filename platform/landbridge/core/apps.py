from django.apps import AppConfig
from django.core.checks import register
from django.db.models.signals import post_migrate  # noqa: TID251 the triggers come back after each migrate

from landbridge.core import append_only, signing


class CoreConfig(AppConfig):
    name = "landbridge.core"

    def ready(self) -> None:
        from landbridge.core import checks  # noqa: PLC0415 needs loaded apps

        post_migrate.connect(append_only.enforce, dispatch_uid="append_only")
        post_migrate.connect(signing.make_key, sender=self, dispatch_uid="platform_key")
        register(checks.every_view_declares_access)
        register(checks.the_clock_is_not_shifted)
        register(checks.storage_is_where_it_is_said_to_be)
