"""One embedded instance: prepared, started, watched. Everything it keeps lies in ``LANDBRIDGE_HOME``."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

import httpx2
from django.conf import settings
from django.core.management import call_command
from django.db import connections

from landbridge.accounts import tokens
from landbridge.api.management.launch.processes import Failed, Group

MANAGE = str(Path(__file__).resolve().parents[5] / "manage.py")
READY_S = 90.0
WATCH_S = 0.25


@dataclass(frozen=True, slots=True)
class Address:
    host: str
    port: int

    @property
    def url(self) -> str:
        shown = "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104 a comparison, no bind
        return f"http://[{shown}]:{self.port}" if ":" in shown else f"http://{shown}:{self.port}"


def told(command: str, *arguments: str) -> Any:  # noqa: ANN401 JSON
    """What a management command answers with ``--json``."""
    out = StringIO()
    call_command(command, *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


class Instance:
    """A context: processes start inside and none outlives it."""

    def __init__(self, address: Address, say: Callable[[str], None], *, demo: bool) -> None:
        self.address, self.say, self.demo = address, say, demo
        self.home = Path(settings.LANDBRIDGE_HOME)
        self.group = Group(self.home / "log")
        self.stopping = threading.Event()

    def __enter__(self) -> Self:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._asked_to_stop)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        connections.close_all()
        self.group.stop()

    def migrate(self) -> None:
        call_command("migrate", verbosity=0, interactive=False)

    def start_web(self) -> None:
        host = f"[{self.address.host}]" if ":" in self.address.host else self.address.host
        self.group.start(
            "web",
            *("-m", "gunicorn", "landbridge.wsgi:application", "--bind", f"{host}:{self.address.port}"),
            *(
                "--worker-class",
                "gthread",
                "--threads",
                "32",
                "--timeout",
                "120",
                "--graceful-timeout",
                "3",
                "--no-control-socket",
            ),
            environment=self._environment(),
        )

    def start_workers(self) -> None:
        """The control worker, the sweeper, and one evaluation worker on loopback that knows no database."""
        solo = ("-P", "solo", "--without-mingle", "--without-gossip", "--without-heartbeat", "-l", "warning")
        control = ("-m", "celery", "-A", "landbridge.celery", "worker", "-Q", "control", "-n", "control@%h", *solo)
        self.group.start("control", *control, environment=self._environment())
        self.group.start("sweeper", MANAGE, "sweep", environment=self._environment())
        self.group.start(
            "worker",
            *("-m", "landbridge_evaluation", "worker", "--url", self.address.url, "--broker", self._broker()),
            *("--token-file", str(self._worker_token()), "--slots", "2", "--threads", "1"),
            *("--name", "embedded", "--home", str(self.home / "worker")),
            environment=self._environment(),
        )

    def start_command(self, name: str, *command: str) -> None:
        """A management command that ends by itself, beside the others."""
        self.group.start(name, MANAGE, *command, environment=self._environment(), once=True)

    def wait_until_ready(self) -> None:
        """Until the web server answers. Raises ``Failed`` with the end of its log."""
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            self.group.check()
            with suppress(httpx2.HTTPError):
                if httpx2.get(f"{self.address.url}/livez", timeout=2).is_success:
                    return
            self.pause(0.1)
        raise Failed(f"The web server did not answer in {READY_S:.0f} s. Its log:\n{self.group.tail('web')}")

    def watch(self) -> None:
        """Until somebody asks to stop."""
        while not self.stopping.is_set():
            self.group.check()
            self.pause(WATCH_S)

    def pause(self, seconds: float) -> None:
        if self.stopping.wait(seconds):
            raise KeyboardInterrupt

    def _environment(self) -> dict[str, str]:
        return {
            "LANDBRIDGE_HOME": str(self.home),
            "SITE_URL": os.environ.get("SITE_URL") or self.address.url,  # noqa: TID251 handed on
            "LANDBRIDGE_DEMO": "1" if self.demo else "0",
            "DJANGO_SETTINGS_MODULE": "landbridge.settings",
        }

    def _broker(self) -> str:
        """The worker knows no folder of the platform but this one."""
        embedded = settings.BROKER_URL.rstrip("/") == "filesystem:"
        return f"filesystem://{self.home / 'broker'}" if embedded else str(settings.BROKER_URL)

    def _worker_token(self) -> Path:
        """The embedded worker's token: kept between starts, made anew when it is no longer good."""
        path = self.home / "secrets" / "embedded-worker"
        if path.exists() and tokens.find(path.read_text()) is not None:
            return path
        text = str(told("create_worker", "embedded", "--pool", "operator")["token"])
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        return path

    def _asked_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping.set()
