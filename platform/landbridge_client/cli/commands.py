"""The root of the command's tree. Modules with the work in them are imported when a command runs."""

from typing import Annotated

import typer

from landbridge_client.cli import account, agreements, boards, jobs, local, models, results, submit, worker
from landbridge_client.cli.output import Format, Session, examples

root = typer.Typer(
    name="landbridge",
    no_args_is_help=True,
    add_completion=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples("login", "submit ./my-model --as lumen/my-model --suite offline_demo --wait", "board show demo"),
)


@root.callback()
def landbridge(
    context: typer.Context,
    form: Annotated[
        Format,
        typer.Option("--format", help="How answers are printed. --json and -q are short forms; any place will do."),
    ] = Format.HUMAN,
    endpoint: Annotated[
        str | None, typer.Option(help="The server, else LANDBRIDGE_ENDPOINT, else HF_ENDPOINT.")
    ] = None,
    token: Annotated[str | None, typer.Option(help="Your token, else LANDBRIDGE_TOKEN, else HF_TOKEN.")] = None,
) -> None:
    """Register, measure, license and fetch foundation models on a Landbridge server."""
    context.obj = Session(form, endpoint, token)
    context.call_on_close(context.obj.close)


account.add(root)
models.add(root)
submit.add(root)
jobs.add(root)
results.add(root)
boards.add(root)
agreements.add(root)
local.add(root)
worker.add(root)
