"""Runs one command line and turns what happened into an exit code.

0 done, 1 error, 2 usage, 3 a gate failed, 4 denied, 5 too late; ``verify`` adds 6: good, but of an unknown key.
"""

import json
import sys
from collections.abc import Sequence

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from landbridge_client.cli.commands import root
from landbridge_client.errors import ApiError, Denied, LandbridgeError, TimedOut
from landbridge_client.formats.errors import FormatError

OK, ERROR, USAGE, GATE, DENIED, TIMEOUT, UNANCHORED = range(7)
EXPECTED = (typer.Exit, typer.Abort, TyperException, LandbridgeError, FormatError, OSError, KeyboardInterrupt)
ANYWHERE = {"--json": ("--format", "json"), "-q": ("--format", "quiet"), "--quiet": ("--format", "quiet")}


def main(arguments: Sequence[str]) -> int:
    """Run ``landbridge`` with ``arguments``; data goes to stdout, everything else to stderr."""
    hoisted = hoist(arguments)
    try:
        answer = command().main(args=hoisted, prog_name="landbridge", standalone_mode=False)
    except EXPECTED as error:
        return _ended(error, as_json="json" in hoisted[1:2])
    return answer if isinstance(answer, int) else OK


def _ended(error: BaseException, *, as_json: bool) -> int:
    """Say why a command ended early, and its exit code."""
    match error:
        case typer.Exit():
            return error.exit_code
        case LandbridgeError():
            return _refused(error, as_json=as_json)
        case FormatError():
            return _failed(f"{error.message} [{error.code}]")
        case TyperException():
            context = getattr(error, "ctx", None)
            where = context.command_path if context is not None else "landbridge"
            _failed(f"{error.format_message()}\nTry: {where} --help")
            return USAGE
        case OSError():
            return _failed(f"{error.filename or ''}: {error.strerror or error}".removeprefix(": "))
        case _:
            return _failed("stopped.")


def command() -> TyperGroup:
    """The tree of commands that typer makes of the functions."""
    made = typer.main.get_command(root)
    assert isinstance(made, TyperGroup)  # noqa: S101 a root with commands below is a group
    return made


def hoist(arguments: Sequence[str]) -> list[str]:
    """Let ``--json``, ``-q`` and ``--format`` stand anywhere, as people write them."""
    front: list[str] = []
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word in ANYWHERE:
            front = [*ANYWHERE[word]]
        elif word == "--format":
            front = [word, *([next_word] if (next_word := next(words, None)) else [])]
        elif word.startswith("--format="):
            front = ["--format", word.partition("=")[2]]
        else:
            rest.append(word)
    return front + rest


def _refused(error: LandbridgeError, *, as_json: bool) -> int:
    if as_json:
        problem = error.problem if isinstance(error, ApiError) else {"code": error.code, "detail": str(error)}
        sys.stdout.write(json.dumps(problem, ensure_ascii=False) + "\n")
    else:
        page = f"\nGo to: {error.page}" if isinstance(error, ApiError) and error.page else ""
        _failed(f"{error} [{error.code}]{page}")
    return DENIED if isinstance(error, Denied) else TIMEOUT if isinstance(error, TimedOut) else ERROR


def _failed(text: str) -> int:
    sys.stderr.write(f"Error: {text}\n")
    return ERROR
