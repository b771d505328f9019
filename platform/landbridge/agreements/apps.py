from django.apps import AppConfig


class AgreementsConfig(AppConfig):
    name = "landbridge.agreements"

    def ready(self) -> None:
        from landbridge.agreements import tasks  # noqa: PLC0415 needs loaded apps
        from landbridge.core import sweeps  # noqa: PLC0415 needs loaded apps

        sweeps.register("agreements.lapse", tasks.lapse_unsigned)
        sweeps.register("agreements.stamp", tasks.stamp_states)
