"""Commands that need no server: ``verify``, ``plugin new``, ``plugin check``, ``doctor``."""

from pathlib import Path
from typing import Annotated

import typer

from landbridge_client.cli.output import examples, session_of, table

plugin = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Write a plugin, and check it.")


def add(root: typer.Typer) -> None:
    lines = (
        "verify attestation.json --keys keys.json",
        "verify attestation.json --keys keys.json --root 1f0c... --model ./my-model --predictions predictions.jsonl.gz",
    )
    root.command(epilog=examples(*lines))(verify)
    root.add_typer(plugin, name="plugin", epilog=examples("plugin new lumen-models", "plugin check ./lumen-models"))
    root.command(epilog=examples("doctor", "doctor --json"))(doctor)


FILE = {"exists": True, "dir_okay": False, "metavar": "FILE"}


def verify(  # noqa: PLR0913, PLR0917 each an option of the command
    context: typer.Context,
    file: Annotated[Path, typer.Argument(**FILE, help="An attestation, as the server gave it.")],
    keys: Annotated[Path | None, typer.Option(**FILE, help="The server's keys: GET /api/v1/keys.")] = None,
    root: Annotated[
        str | None, typer.Option(metavar="FP", help="The root that must have signed the keys: its fingerprint.")
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(
            exists=True, file_okay=False, metavar="DIR", help="The model's files; their digest must be the subject."
        ),
    ] = None,
    predictions: Annotated[
        Path | None, typer.Option(**FILE, help="The predictions, as the server gave them, or samples.jsonl.")
    ] = None,
) -> None:
    """Check an attestation offline: signatures, keys' validity, and that it is about these files.

    Exit code 0: good; 1: bad, and each part that fails is named with its code; 2: a file that is not there, or another
    wrong word on the command line; 6: good, but signed by keys that were not given.

    Next: landbridge board show BOARD
    """
    from landbridge_client.attestation import verify_file  # noqa: PLC0415 loads cryptography

    if root is not None and keys is None:
        raise typer.BadParameter("the root vouches for a list of keys; give it with --keys", param_hint="--root")
    session = session_of(context)
    report = verify_file(file, keys, model, root=root, predictions=predictions)
    mark = {True: "ok", False: "FAILED", None: "not checked"}
    rows = [
        [part.name, mark[part.holds], part.text + (f" [{part.code}]" if part.code else "")] for part in report.parts
    ]
    session.show(
        {
            "verdict": report.verdict,
            "codes": report.codes,
            "parts": [part.to_json() for part in report.parts],
            "statement": report.statement,
        },
        human=lambda: table(["part", "holds", "why"], rows) + f"\n{report.verdict}",
        ids=[report.verdict],
    )
    raise typer.Exit(report.exit_code)


@plugin.command("new", epilog=examples("plugin new lumen-models", "plugin new lumen-models --output ./plugins"))
def new(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The distribution's name: lower case, with hyphens.")],
    output: Annotated[Path, typer.Option(metavar="DIR", help="Where its folder is made.")] = Path(),
) -> None:
    """Make a folder with a small plugin that works, and its tests.

    Next: landbridge plugin check DIR
    """
    from landbridge_client.scaffold import create  # noqa: PLC0415 only here

    folder = create(name, output)
    session_of(context).show(
        {"folder": str(folder)}, human=f"Made {folder}. Next: landbridge plugin check {folder}", ids=[str(folder)]
    )


@plugin.command(
    "check",
    epilog=examples("plugin check ./lumen-models", "plugin check dist/lumen_models-0.1.0-py3-none-any.whl --json"),
)
def check(
    context: typer.Context,
    target: Annotated[Path, typer.Argument(metavar="DIR|WHEEL", help="The plugin's folder, or its built wheel.")],
    model: Annotated[Path | None, typer.Option(metavar="DIR", help="A model folder that it is to load, too.")] = None,
) -> None:
    """Run the conformance kit on a plugin, in a process of its own; a wheel is inspected first, as the platform does.

    Exit code 0: it conforms; 1: it does not, and each fault is named.

    Next: landbridge submit dist/NAME.whl --suite SUITE
    """
    from landbridge_client.children import plugin_check  # noqa: PLC0415 only here

    raise typer.Exit(plugin_check(target, model, as_json=session_of(context).format == "json"))


def doctor(context: typer.Context) -> None:
    """Check this machine and the connection; each fault comes with its remedy.

    Exit code 1: something that must work does not.

    Next: landbridge login
    """
    from landbridge_client.diagnosis import diagnose  # noqa: PLC0415 loads an HTTP client

    session = session_of(context)
    found = diagnose(session.settings)
    session.show(
        {"checks": [item.to_json() for item in found]},
        human=lambda: table(
            ["check", "state", "found", "remedy"], ([i.name, i.state, i.found, i.remedy] for i in found)
        ),
        ids=[item.name for item in found if item.state == "fault"],
    )
    raise typer.Exit(1 if any(item.state == "fault" for item in found) else 0)
