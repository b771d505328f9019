"""``submit``: screen here, upload, submit, follow; and ``submissions``."""

from pathlib import Path
from typing import Annotated

import typer

from landbridge_client.cli.output import examples, pairs, session_of, table

submissions = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="What was submitted, and how it fares.")
SubmissionId = Annotated[str, typer.Argument(metavar="ID", help="A submission's id.")]


def add(root: typer.Typer) -> None:
    lines = (
        "submit ./my-model --as lumen/my-model --suite offline_demo --wait",
        "submit lumen/my-model --suite offline_demo",
        "submit dist/lumen_letters-0.1.0-py3-none-any.whl --as lumen --suite offline_demo --wait",
        "submit ./my-model --as lumen/my-model --yes --json",
    )
    root.command(epilog=examples(*lines))(submit)
    root.add_typer(submissions, name="submissions", epilog=examples("submissions ls", "submissions ls --json"))


def submit(  # noqa: PLR0913, PLR0917 one parameter an option
    context: typer.Context,
    what: Annotated[
        str, typer.Argument(metavar="DIR|WHEEL|NS/NAME", help="A folder, a plugin's wheel, or a model that is there.")
    ],
    name: Annotated[
        str | None, typer.Option("--as", metavar="NS/NAME", help="Where it goes; for a wheel NS is enough.")
    ] = None,
    suite: Annotated[str | None, typer.Option(help="The suite of tasks to measure it on.")] = None,
    revision: Annotated[str, typer.Option(help="Of an uploaded model: a branch, a tag or a commit.")] = "main",
    private: Annotated[bool, typer.Option(help="Create the repository private.")] = False,  # noqa: FBT002 typer's way to make a flag
    wait: Annotated[bool, typer.Option(help="Follow the evaluation to its end.")] = False,  # noqa: FBT002 typer's way to make a flag
    timeout: Annotated[float, typer.Option(min=1, help="Seconds to wait at most.")] = 86_400.0,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before uploading.")] = False,  # noqa: FBT002 typer's way to make a flag
) -> None:
    """Submit a model: it is screened here first, uploaded, screened again, sealed, and evaluated.

    Exit code 1: a finding refuses it, or the evaluation failed; 5: it took longer than --timeout.

    Next: landbridge jobs show ID
    """
    from landbridge_client.cli import submitting  # noqa: PLC0415 loads an HTTP client

    session = session_of(context)
    folder = Path(what)
    if folder.is_file() and folder.suffix == ".whl":
        limit = timeout if wait else None
        submitting.submit_wheel(session, folder, name, suite, private=private, timeout=limit)
        return
    if folder.is_file():
        submitting.refuse_file(folder)
    if folder.is_dir():
        submitting.require_sound(session, folder)
    submitting.require_suite(session, suite)
    if folder.is_dir():
        model, revision = submitting.upload_folder(session, folder, name, private=private, ask=not yes)
    elif "/" in what and name is None and not what.startswith((".", "/", "~")):
        model = what
    else:
        raise typer.BadParameter(f"{what} is neither a folder here nor a model's id (NS/NAME).")
    submitting.submit(session, model, revision, suite, timeout=timeout if wait else None)


@submissions.command("ls", epilog=examples("submissions ls", "submissions ls -q"))
def ls(context: typer.Context) -> None:
    """List your organizations' submissions.

    Next: landbridge submissions show ID
    """
    session = session_of(context)
    found = list(session.client().submissions.list())
    session.show(
        {"items": [dict(item.data) for item in found]},
        human=lambda: table(["id", "model", "suite", "state"], ([s.id, s.model, s.suite, s.state] for s in found)),
        ids=[item.id for item in found],
    )


@submissions.command("show", epilog=examples("submissions show 01k0example"))
def show(context: typer.Context, submission: SubmissionId) -> None:
    """One submission with its findings.

    Next: landbridge jobs show ID
    """
    session = session_of(context)
    found = session.client().submissions.get(submission)
    session.show(dict(found.data), human=pairs(found.data), ids=[found.id])


@submissions.command("withdraw", epilog=examples("submissions withdraw 01k0example"))
def withdraw(context: typer.Context, submission: SubmissionId) -> None:
    """Take a submission back.

    Next: landbridge submissions ls
    """
    session = session_of(context)
    found = session.client().submissions.withdraw(submission)
    session.show(dict(found.data), human=f"{found.id} is {found.state}.", ids=[found.id])
