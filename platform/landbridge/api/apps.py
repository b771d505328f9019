from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "landbridge.api"

    def ready(self) -> None:
        from landbridge.api import tasks  # noqa: PLC0415 needs loaded apps
        from landbridge.core import idempotency, sweeps  # noqa: PLC0415

        sweeps.register("idempotency.expired", idempotency.sweep)
        sweeps.register("signing.rotate", tasks.sweep)
