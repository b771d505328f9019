"""``board ls``, ``board show``."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from landbridge_client.cli.output import examples, score, session_of, table

if TYPE_CHECKING:
    from landbridge_client.rest import Entry

boards = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Leaderboards.")


def add(root: typer.Typer) -> None:
    root.add_typer(boards, name="board", epilog=examples("board ls", "board show demo"))


@boards.command("ls", epilog=examples("board ls", "board ls --json"))
def ls(context: typer.Context) -> None:
    """List the boards.

    Next: landbridge board show BOARD
    """
    session = session_of(context)
    found = list(session.client().boards.list())
    session.show(
        {"items": [dict(board.data) for board in found]},
        human=lambda: table(["board", "title", "suite"], ([b.board, str(b.data.get("title")), b.suite] for b in found)),
        ids=[board.board for board in found],
    )


@boards.command(
    "show",
    epilog=examples(
        "board show demo", "board show demo --csv", "board show demo --task overall", "board show demo --json"
    ),
)
def show(
    context: typer.Context,
    board: Annotated[str, typer.Argument(metavar="BOARD", help="A board's name.")],
    task: Annotated[str | None, typer.Option(help="One task's rows, or overall.")] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Print comma-separated values.")] = False,  # noqa: FBT002 typer's way to make a flag
) -> None:
    """A board's rows, best first. Models that tie share a rank; one that lacks a score has none.

    Next: landbridge models show NS/NAME
    """
    session = session_of(context)
    client = session.client()
    if csv:
        sys.stdout.write(client.boards.csv(board))
        return
    found = list(client.boards.entries(board, task=task))
    session.show(
        {"board": board, "entries": [dict(entry.data) for entry in found]},
        human=lambda: table(["task", "rank", "model", "score"], ([e.task, e.rank, e.model, _score(e)] for e in found)),
        ids=dict.fromkeys(entry.model for entry in found),
    )


def _score(entry: "Entry") -> str:
    """The score with its interval, or why there is none."""
    return score(entry.score) if entry.score else str((entry.missing or {}).get("text") or "-")
