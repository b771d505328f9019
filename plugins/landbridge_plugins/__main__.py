"""``python -m landbridge_plugins check NAME_OR_DIR [--model DIR] [--json]``: whether a plugin keeps to the rules."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from landbridge_plugins.conformance import check


def main(arguments: Sequence[str] | None = None) -> int:
    """0: nothing blocking was found. 1: something was. Findings on stdout."""
    parser = argparse.ArgumentParser(prog="python -m landbridge_plugins", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("check", help="import a plugin and check what it declares")
    command.add_argument("target", metavar="NAME_OR_DIR", help="an installed entry point's name, or a folder")
    command.add_argument("--model", type=Path, metavar="DIR", help="a model folder that it is to load")
    command.add_argument("--json", action="store_true")
    asked = parser.parse_args(arguments)
    findings = check(asked.target, asked.model)
    if asked.json:
        sys.stdout.write(json.dumps([one.to_json() for one in findings], ensure_ascii=False) + "\n")
    else:
        lines = [f"{'refused' if one.blocking else 'note'}: {one.code}: {one.message}" for one in findings]
        sys.stdout.write("".join(line + "\n" for line in lines or ["nothing found"]))
    return int(any(one.blocking for one in findings))


if __name__ == "__main__":
    sys.exit(main())
