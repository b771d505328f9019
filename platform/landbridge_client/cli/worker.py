"""``landbridge worker``: run jobs on this machine. The engine does it; this only starts it."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from landbridge_client.cli.output import examples, session_of
from landbridge_client.errors import LandbridgeError

NEEDED = ("celery", "numpy", "psutil", "scipy")  # of the extra that brings the engine


def add(root: typer.Typer) -> None:
    lines = (
        "worker --token-file ./worker-token",
        "worker --url https://models.example.org --token-file ./worker-token --slots 4",
        "worker --token-file ./worker-token --gpus-per-slot 2",
    )
    root.command(epilog=examples(*lines))(worker)


def worker(  # noqa: PLR0913, PLR0917 each an option of the command
    context: typer.Context,
    token_file: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, metavar="FILE", help="The worker's token, else LANDBRIDGE_TOKEN."),
    ] = None,
    url: Annotated[str | None, typer.Option(help="The server, else the one that you are logged in to.")] = None,
    slots: Annotated[
        int | None, typer.Option(min=1, max=64, help="Jobs at once; default 1, or one for each GPU.")
    ] = None,
    gpus_per_slot: Annotated[
        int | None, typer.Option(min=0, max=64, metavar="K", help="GPUs of one job; 0 leaves the GPUs alone.")
    ] = None,
    labels: Annotated[str | None, typer.Option(help="More labels that jobs may ask for, with commas.")] = None,
    home: Annotated[Path | None, typer.Option(metavar="DIR", help="Key, cache and work of this worker.")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Of a model's process.")] = None,
    cache_gb: Annotated[float | None, typer.Option(min=0, help="Weights and data that are kept; default 50.")] = None,
    reserve_gb: Annotated[float | None, typer.Option(min=0, help="Of the disk that stay free; default 1.")] = None,
    broker: Annotated[str | None, typer.Option(help="Where wake-ups come from. Without it, it asks by itself.")] = None,
) -> None:
    """Run evaluation jobs on this machine until you stop it. It needs a worker's token, not yours.

    An owner makes one under Organization, Own machines; the operator with manage.py create_worker NAME. Ctrl-C: a
    running shard has 20 seconds, then its job goes on elsewhere; a second Ctrl-C ends at once.

    Next: landbridge doctor
    """
    absent = [name for name in NEEDED if find_spec(name) is None]
    if absent:
        raise LandbridgeError(
            "A worker needs the engine, which is not installed here. Run: pip install 'landbridge[evaluation]'",
            code="engine_absent",
        )
    given = {
        "url": url or session_of(context).settings.endpoint,
        "token-file": token_file,
        "slots": slots,
        "gpus-per-slot": gpus_per_slot,
        "labels": labels,
        "home": home,
        "threads": threads,
        "cache-gb": cache_gb,
        "reserve-gb": reserve_gb,
        "broker": broker,
    }
    words = [word for name, value in given.items() if value is not None for word in (f"--{name}", str(value))]
    become([sys.executable, "-m", "landbridge_evaluation", "worker", *words])


def become(command: list[str]) -> None:
    """Go on as ``command``: signals reach the worker itself."""
    sys.stdout.flush()
    os.execv(command[0], command)  # noqa: S606 our own interpreter and our own words
