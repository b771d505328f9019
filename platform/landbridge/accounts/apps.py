from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "landbridge.accounts"

    def ready(self) -> None:
        from landbridge.accounts import tasks  # noqa: PLC0415 needs loaded apps
        from landbridge.core import outbox, sweeps  # noqa: PLC0415 needs loaded apps

        outbox.subscribe("invitation.made", tasks.send_invitation.name)
        sweeps.register("invitations.waiting", tasks.send_waiting_invitations)
        sweeps.register("codes.old", tasks.forget_old_codes)
