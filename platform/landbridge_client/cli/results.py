"""``results show``, ``results attestation``, ``keys``."""

import json
import sys
from typing import Annotated

import typer

from landbridge_client.cli.output import examples, score_rows, session_of, table

results = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="What evaluations measured.")
ResultId = Annotated[str, typer.Argument(metavar="ID", help="A result's id: `landbridge jobs show JOB --json` has it.")]


def add(root: typer.Typer) -> None:
    root.add_typer(results, name="results", epilog=examples("results show 01k0example"))
    root.command(epilog=examples("keys", "keys --json"))(keys)


@results.command("show", epilog=examples("results show 01k0example", "results show 01k0example --json"))
def show(context: typer.Context, result: ResultId) -> None:
    """Every score of a result, with its 95 % interval and n.

    Next: landbridge results attestation ID
    """
    session = session_of(context)
    found = session.client().results.get(result)
    session.show(
        dict(found.data), human=lambda: table(["task", "metric", "score"], score_rows(found.scores)), ids=[found.id]
    )


@results.command("attestation", epilog=examples("results attestation 01k0example"))
def attestation(context: typer.Context, result: ResultId) -> None:
    """Print the signed statement of a result, as JSON: keep it in a file, and check it offline.

    Next: landbridge verify FILE
    """
    found = session_of(context).client().results.attestation(result)
    sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")


def keys(context: typer.Context) -> None:
    """The public keys with which the server and its workers sign. `--json` prints what `verify --keys` reads.

    Next: landbridge verify FILE
    """
    session = session_of(context)
    listed = session.client().key_list()
    found = listed.get("keys") or []
    columns = ("keyid", "use", "valid_from", "valid_until", "revoked_at")
    rows = [[key.get(name) for name in columns] for key in found]
    root = (listed.get("root") or {}).get("keyid")
    session.show(
        listed,
        human=lambda: table(["key", "use", "valid from", "valid until", "revoked"], rows) + f"\nroot: {root}",
        ids=[str(key.get("keyid")) for key in found],
    )
