from django.apps import AppConfig


class SubmissionsConfig(AppConfig):
    name = "landbridge.submissions"

    def ready(self) -> None:
        from landbridge.core import outbox, sweeps  # noqa: PLC0415 needs loaded apps
        from landbridge.submissions import tasks  # noqa: PLC0415
        from landbridge.submissions.rescreening import services as late  # noqa: PLC0415
        from landbridge.submissions.rescreening import tasks as again  # noqa: PLC0415

        outbox.subscribe("submission.created", tasks.SCREEN)
        outbox.subscribe("submission.sealed", tasks.EVALUATE)
        for event in ("screening.accepted", "job.failed", "job.cancelled"):
            outbox.subscribe(event, tasks.SETTLE)
        outbox.subscribe("result.accepted", tasks.PUBLISH)
        sweeps.register("submissions.settle", tasks.sweep_screened)
        sweeps.register("submissions.screen", tasks.sweep_screening)
        sweeps.register("submissions.evaluate", tasks.sweep_sealed)
        sweeps.register("submissions.publish", tasks.sweep_evaluated)
        outbox.subscribe(late.TOLD, again.SEND)
        sweeps.register("rescreening.look", again.sweep)
        sweeps.register("rescreening.notices", again.sweep_notices)
