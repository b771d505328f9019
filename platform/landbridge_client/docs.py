"""Renders ``docs/cli.md`` from the commands themselves: ``python -m landbridge_client.docs > docs/cli.md``."""

import sys
from collections.abc import Iterator

from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from landbridge_client.cli.run import command

HEAD = """\
# The `landbridge` command

Data goes to stdout, everything else to stderr. `--format human|json|quiet`, `--json` and `-q` may stand anywhere.
The server and your token come from `LANDBRIDGE_ENDPOINT` and `LANDBRIDGE_TOKEN`, else `HF_ENDPOINT` and `HF_TOKEN`,
else the file of `landbridge login`.

Exit codes: 0 done, 1 error, 2 usage, 3 a gate failed, 4 denied, 5 too late; `verify` adds 6.
"""


def commands(group: TyperGroup, words: tuple[str, ...] = ("landbridge",)) -> Iterator[tuple[str, TyperCommand]]:
    """Each command with the words that call it, in the order of the help."""
    for name, found in group.commands.items():
        if isinstance(found, TyperGroup):
            yield from commands(found, (*words, name))
        elif isinstance(found, TyperCommand):
            yield " ".join((*words, name)), found


def example_lines(epilog: str | None) -> list[str]:
    """The example commands at the end of a help text."""
    return [line.strip() for line in (epilog or "").splitlines() if line.strip().startswith("landbridge ")]


def render() -> str:
    """The page, one section a command."""
    return "\n".join([HEAD, *(_section(words, found) for words, found in commands(command()))])


def _section(words: str, found: TyperCommand) -> str:
    arguments = " ".join(str(item.metavar or item.name) for item in found.params if isinstance(item, TyperArgument))
    lines = [f"## {words}{' ' + arguments if arguments else ''}\n", f"{(found.help or '').strip()}\n"]
    options = [f"- `{'`, `'.join(item.opts)}`: {item.help}" for item in found.params if isinstance(item, TyperOption)]
    if options:
        lines += [*options, ""]
    return "\n".join([*lines, "```console", *(f"$ {line}" for line in example_lines(found.epilog)), "```", ""])


if __name__ == "__main__":
    sys.stdout.write(render())
