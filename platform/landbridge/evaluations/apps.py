from django.apps import AppConfig


class EvaluationsConfig(AppConfig):
    name = "landbridge.evaluations"

    def ready(self) -> None:
        from landbridge.core import outbox, sweeps  # noqa: PLC0415 needs loaded apps
        from landbridge.evaluations import tasks  # noqa: PLC0415

        sweeps.register("jobs.take_back", tasks.take_back)
        sweeps.register("jobs.age", tasks.age)
        sweeps.register("jobs.rewake", tasks.rewake)
        sweeps.register("workers.stale", tasks.stale_workers)
        outbox.subscribe("result.accepted", tasks.COMPARE)
        sweeps.register("results.compare", tasks.compare_reruns)
        sweeps.register("broker.prune", tasks.prune_broker)
