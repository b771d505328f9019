from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "landbridge.api"

    def ready(self) -> None:
        from landbridge.core import idempotency, sweeps  # noqa: PLC0415 needs loaded apps

        sweeps.register("idempotency.expired", idempotency.sweep)
