"""``models ls``, ``models show``, ``download``."""

from pathlib import Path
from typing import Annotated

import typer

from landbridge_client.cli.output import examples, pairs, session_of, table

models = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Browse the catalog.")
ModelId = Annotated[str, typer.Argument(metavar="NS/NAME", help="A model's id.")]


def add(root: typer.Typer) -> None:
    root.add_typer(models, name="models", epilog=examples("models ls", "models show lumen/my-model"))
    root.command(
        epilog=examples("download lumen/my-model", "download lumen/my-model --revision main --output ./weights"),
    )(download)


@models.command("ls", epilog=examples("models ls", "models ls --search bert --json", "models ls -q"))
def ls(
    context: typer.Context,
    search: Annotated[str | None, typer.Option(help="Words in names and summaries.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
) -> None:
    """List models that you may see.

    Next: landbridge models show NS/NAME
    """
    session = session_of(context)
    found = [model for _, model in zip(range(limit), session.client().models.list(search=search), strict=False)]
    session.show(
        {"items": [dict(model.data) for model in found]},
        human=lambda: table(["model", "license", "summary"], ([m.id, m.license, m.summary] for m in found)),
        ids=[model.id for model in found],
    )


@models.command(epilog=examples("models show lumen/my-model", "models show lumen/my-model --json"))
def show(context: typer.Context, model: ModelId) -> None:
    """One model: its license, versions and scores.

    Next: landbridge offers ls NS/NAME
    """
    session = session_of(context)
    found = session.client().models.get(model)
    session.show(dict(found.data), human=pairs(found.data), ids=[found.id])


def download(
    context: typer.Context,
    model: ModelId,
    revision: Annotated[str, typer.Option(help="A branch, a tag or a commit.")] = "main",
    output: Annotated[Path | None, typer.Option(help="The folder, else the model's name.")] = None,
) -> None:
    """Fetch a model's files and hold them against the sealed manifest.

    Exit code 4: no agreement covers these weights for you; the reason and the page to go to are printed.
    An interrupted download goes on where it stopped.

    Next: landbridge offers ls NS/NAME
    """
    from landbridge_client.cli.transfer import fetch_model  # noqa: PLC0415 loads an HTTP client

    fetch_model(session_of(context), model, revision, output or Path(model.rpartition("/")[2]))
