"""``manage.py up``: a whole instance from nothing, with a board whose every number was measured just now."""

import json
import sys
import time
from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from landbridge.api.management.launch import demo, report
from landbridge.api.management.launch.instance import Address, Instance
from landbridge.api.management.launch.processes import Failed, Process, free_port
from landbridge_client.errors import LandbridgeError

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class Command(BaseCommand):
    help = "Set everything up, seed the demo once, and serve it. Ctrl-C ends all of it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
        parser.add_argument(
            "--port", type=int, help="port to listen on; 0: any free one (default 8000, or the next free)"
        )
        parser.add_argument("--no-demo", action="store_true", help="start empty: no accounts, no models")
        parser.add_argument(
            "--exit-after-demo", action="store_true", help="end when the demo's evaluations are on the board"
        )
        parser.add_argument(
            "--json", action="store_true", help="print one JSON object on stdout; the rest goes to stderr"
        )

    def handle(self, **options: object) -> None:
        self.started = time.monotonic()
        wants_demo = not options["no_demo"]
        address = self._address(str(options["host"]), options["port"])
        try:
            with Instance(address, self._say, demo=wants_demo) as instance:
                self._run(instance, as_json=bool(options["json"]), leave=bool(options["exit_after_demo"]))
        except (Failed, LandbridgeError) as failure:
            raise CommandError(str(failure)) from failure
        except KeyboardInterrupt:
            self._say("stopped")

    def _run(self, instance: Instance, *, as_json: bool, leave: bool) -> None:
        instance.migrate()
        if demo.begun() and instance.address.host not in LOOPBACK:
            raise CommandError(
                "This instance holds demo accounts and is served on loopback only. Start another one, empty: "
                "LANDBRIDGE_HOME=DIR python manage.py up --no-demo"
            )
        instance.demo = instance.demo or demo.present()
        seeding = instance.demo and not demo.present()  # one that was cut off is taken up again
        builder = demo.start_building(instance) if seeding else None
        instance.start_web()
        demo.sync(instance)
        instance.start_workers()
        instance.wait_until_ready()
        self._say(f"web, workers and sweeper run ({time.monotonic() - self.started:.1f} s)")
        ready = report.collect(instance, self._cast(instance, builder), seconds=time.monotonic() - self.started)
        self.stdout.write(json.dumps(ready) if as_json else report.render(ready))
        self.stdout.flush()
        if not leave:
            self._say("ready. Ctrl-C ends it.")
            demo.sync_local_data(instance)
            instance.watch()

    def _cast(self, instance: Instance, builder: Process | None) -> demo.Cast:
        if builder is not None:
            return demo.seed(instance, builder)
        return demo.cast() if instance.demo else demo.first_operator()

    def _address(self, host: str, port: object) -> Address:
        try:
            return Address(host, free_port(host, 8000 if port is None else int(str(port)), exactly=port is not None))
        except OSError as error:
            raise CommandError(str(error)) from error

    def _say(self, text: str) -> None:
        sys.stderr.write(f"  {text}\n")
        sys.stderr.flush()
