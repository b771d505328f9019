from django.apps import AppConfig


class LeaderboardsConfig(AppConfig):
    name = "landbridge.leaderboards"

    def ready(self) -> None:
        from landbridge.core import outbox, sweeps  # noqa: PLC0415 needs loaded apps
        from landbridge.leaderboards import tasks  # noqa: PLC0415

        outbox.subscribe("result.accepted", tasks.REFRESH)
        outbox.subscribe("repo.visibility_changed", tasks.FOLLOW)
        sweeps.register("boards.refresh", tasks.sweep)
