"""``worker``: lease and run jobs of a Landbridge, until SIGTERM. Without ``--broker`` it polls.

SIGTERM or Ctrl-C: no new job; a running shard has 20 s, then its job is given back and another worker goes on from
there. A second one ends it at once. Exit code 0: ended on request; 2: a wrong word on the command line; 4: the
platform refuses this worker; 5: its disk is full.
"""

import argparse
import fcntl
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from landbridge_evaluation import config
from landbridge_evaluation.worker import devices
from landbridge_evaluation.worker.api import Refused
from landbridge_evaluation.worker.devices import Slot
from landbridge_evaluation.worker.process import CLASS, ISOLATED, MODEL, Setup, Worker, cores
from landbridge_evaluation.worker.shelves import DiskFull
from landbridge_evaluation.worker.signals import GRACE

USAGE, REFUSED, FULL = 2, 4, 5
HOME = Path.home() / ".landbridge" / "worker"
AT_ONCE_S = 3.0  # to give jobs back after a second signal
DELIVERS_S = 60.0  # beyond the grace, for a result that is being brought
GIB = 1 << 30
FOUND = ("gpu", CLASS, MODEL, ISOLATED)  # labels that a machine earns, and nobody gives
EXAMPLES = """examples:
  landbridge_evaluation worker --url https://models.example.org --token-file /etc/landbridge/token
  landbridge_evaluation worker --url https://models.example.org --token lb_... --slots 4
  landbridge_evaluation worker --url ... --token-file ... --gpus-per-slot 2   # models larger than one GPU
  landbridge_evaluation worker --url ... --token-file ... --gpus-per-slot 0   # leave the GPUs alone
"""


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="landbridge_evaluation worker",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--url", default=config.LANDBRIDGE_URL, help="the platform's address, or LANDBRIDGE_URL")
    made.add_argument("--token", default="", help="from `manage.py create_worker NAME`, or LANDBRIDGE_TOKEN")
    made.add_argument("--token-file", type=Path, help="a file that holds the token, so that no process list shows it")
    made.add_argument("--broker", default="", help="where wake-ups come from: filesystem://DIR, redis://…, amqp://…")
    made.add_argument("--slots", type=int, default=0, help="jobs at once (default: one for each GPU, or 1)")
    made.add_argument("--gpus-per-slot", type=int, default=1, metavar="K", help="GPUs of one job; 0: none (default 1)")
    made.add_argument("--labels", default="", help="more labels, with commas")
    made.add_argument("--home", type=Path, default=HOME, help=f"key, cache and work (default {HOME})")
    made.add_argument("--name", default="", help="what this machine calls itself")
    made.add_argument("--plugins", type=Path, action="append", default=[], help="a folder of installed distributions")
    made.add_argument("--threads", type=int, default=0, help="of a model's process (default: cores / slots)")
    made.add_argument("--cache-gb", type=float, default=50.0, help="weights and data that are kept (default 50)")
    made.add_argument("--reserve-gb", type=float, help="of the disk that stay free (default 1, or 2 %%)")
    return made


def main(arguments: Sequence[str]) -> int:
    asked = parser().parse_args(arguments)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    for noisy in ("httpx2", "celery", "kombu"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    logging.getLogger("kombu.connection").setLevel(logging.ERROR)  # it warns that a folder has no hostname
    token = asked.token or (asked.token_file.read_text().strip() if asked.token_file else config.LANDBRIDGE_TOKEN)
    if not token or not asked.url:
        return wrong("Give --url and --token. The operator makes a token: manage.py create_worker NAME")
    given = tuple(part.strip() for part in asked.labels.split(",") if part.strip())
    if earned := [one for one in given if one.startswith(FOUND)]:
        return wrong(f"A worker finds out by itself whether it has {', '.join(earned)}; leave that out of --labels.")
    try:
        slots = devices.slots(devices.find(), wanted=asked.slots, per_slot=asked.gpus_per_slot)
    except ValueError as error:
        return wrong(str(error))
    asked.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (asked.home / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return wrong(f"Another worker uses {asked.home}. Give this one a --home of its own.")
        return serve(asked, setup_of(asked, token, slots, given))


def wrong(text: str) -> int:
    sys.stderr.write(f"{text}\n")
    return USAGE


def setup_of(asked: argparse.Namespace, token: str, slots: tuple[Slot, ...], labels: tuple[str, ...]) -> Setup:
    return Setup(
        url=asked.url.rstrip("/"),
        token=token,
        home=asked.home.absolute(),
        name=asked.name,
        slots=slots,
        labels=labels,
        plugins=tuple(path.absolute() for path in asked.plugins),
        threads=asked.threads or max(1, cores() // len(slots)),
        woken=bool(asked.broker),
        cache_bytes=int(asked.cache_gb * GIB),
        reserve_bytes=None if asked.reserve_gb is None else int(asked.reserve_gb * GIB),
    )


def serve(asked: argparse.Namespace, setup: Setup) -> int:
    worker, ended, hurried = Worker(setup), threading.Event(), threading.Event()

    def stop(*_: object) -> None:
        if ended.is_set():
            hurried.set()
            worker.stop(grace=0.0)
        else:
            ended.set()
            worker.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    try:
        worker.start()
    except Refused as refusal:
        sys.stderr.write(f"The platform refuses this worker: {refusal}\n")
        return REFUSED
    with consuming(asked.broker, setup, worker):
        while not ended.wait(0.5) and not worker.drain.event.is_set():
            pass
        if not finished(worker, hurried):
            sys.stderr.write("A slot does not end; the process does, and all models with it.\n")
            sys.stderr.flush()
            os._exit(1)  # children die with the threads that started them
    if worker.broken.is_set():
        return REFUSED
    return FULL if worker.drain.why == DiskFull.code and not ended.is_set() else 0


def finished(worker: Worker, hurried: threading.Event) -> bool:
    """Whether all slots ended, in the time they have."""
    for _ in range(int((GRACE + DELIVERS_S) * 5)):
        if worker.join(0.2):
            return True
        if hurried.is_set():
            return worker.join(AT_ONCE_S)
    return False


@contextmanager
def consuming(broker: str, setup: Setup, worker: Worker) -> Iterator[None]:
    """Listen for wake-ups meanwhile."""
    if not broker:
        yield
        return
    from landbridge_evaluation.worker.app import Consumer, make_app, queues_of

    labels = [label for slot in setup.slots for label in slot.labels]
    app: Any = make_app(broker, config.BROKER_FOLDER or setup.home / "broker", worker.poke, queues_of(labels))
    consumer = Consumer(app)
    consumer.start()
    try:
        yield
    finally:
        consumer.stop()
