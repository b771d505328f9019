"""``worker``: lease and run jobs of a Landbridge, until SIGTERM. Without ``--broker`` it polls."""

import argparse
import fcntl
import logging
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from landbridge_evaluation import config
from landbridge_evaluation.worker.api import Refused
from landbridge_evaluation.worker.process import Setup, Worker, cores

USAGE, REFUSED = 2, 4
HOME = Path.home() / ".landbridge" / "worker"


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="landbridge_evaluation worker", description=__doc__)
    made.add_argument("--url", default=config.LANDBRIDGE_URL, help="the platform's address, or LANDBRIDGE_URL")
    made.add_argument("--token", default="", help="from `manage.py create_worker NAME`, or LANDBRIDGE_TOKEN")
    made.add_argument("--token-file", type=Path, help="a file that holds the token, so that no process list shows it")
    made.add_argument("--broker", default="", help="where wake-ups come from: filesystem://DIR, redis://…, amqp://…")
    made.add_argument("--slots", type=int, default=1, help="jobs at once (default 1)")
    made.add_argument("--labels", default="", help="more labels, with commas")
    made.add_argument("--home", type=Path, default=HOME, help=f"key, cache and work (default {HOME})")
    made.add_argument("--name", default="", help="what this machine calls itself")
    made.add_argument("--plugins", type=Path, action="append", default=[], help="a folder of installed distributions")
    made.add_argument("--threads", type=int, default=0, help="of a model's process (default: cores / slots)")
    return made


def main(arguments: Sequence[str]) -> int:
    asked = parser().parse_args(arguments)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    for noisy in ("httpx2", "celery", "kombu"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.getLogger("kombu.connection").setLevel(logging.ERROR)  # it warns that a folder has no hostname
    token = asked.token or (asked.token_file.read_text().strip() if asked.token_file else config.LANDBRIDGE_TOKEN)
    if not token or not asked.url:
        sys.stderr.write("Give --url and --token. The operator makes a token: manage.py create_worker NAME\n")
        return USAGE
    asked.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (asked.home / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.stderr.write(f"Another worker uses {asked.home}. Give this one a --home of its own.\n")
            return USAGE
        return serve(asked, token)


def serve(asked: argparse.Namespace, token: str) -> int:
    setup = Setup(
        url=asked.url.rstrip("/"),
        token=token,
        home=asked.home.absolute(),
        name=asked.name,
        slots=asked.slots,
        labels=tuple(part.strip() for part in asked.labels.split(",") if part.strip()),
        plugins=tuple(path.absolute() for path in asked.plugins),
        threads=asked.threads or max(1, cores() // asked.slots),
    )
    worker, ended = Worker(setup), threading.Event()

    def stop(*_: object) -> None:
        worker.stop()
        ended.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    try:
        worker.start()
    except Refused as refusal:
        sys.stderr.write(f"The platform refuses this worker: {refusal}\n")
        return REFUSED
    consumer = None
    if asked.broker:
        from landbridge_evaluation.worker.app import Consumer, make_app

        consumer = Consumer(make_app(asked.broker, config.BROKER_FOLDER or setup.home / "broker", worker.poke))
        consumer.start()
    while not ended.wait(0.5) and not worker.broken.is_set():
        pass
    worker.join()
    if consumer is not None:
        consumer.stop()
    return REFUSED if worker.broken.is_set() else 0
