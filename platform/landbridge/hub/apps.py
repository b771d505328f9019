from django.apps import AppConfig


class HubConfig(AppConfig):
    name = "landbridge.hub"

    def ready(self) -> None:
        from landbridge.core import sweeps  # noqa: PLC0415 needs loaded apps
        from landbridge_registry import collect  # noqa: PLC0415 needs loaded apps

        sweeps.register("registry.collect", collect.run)
