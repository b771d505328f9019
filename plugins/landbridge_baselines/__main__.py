"""``python -m landbridge_baselines build OUT_DIR [--only NAMES] [--json]``: make the demo's models."""

import argparse
import json
import sys
from pathlib import Path

from landbridge_baselines.building import BUILDERS, build
from landbridge_baselines.demo import demo_models


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m landbridge_baselines", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("build", help="train the demo's models into folders under OUT_DIR")
    command.add_argument("out", type=Path, metavar="OUT_DIR")
    command.add_argument("--only", help=f"some of: {', '.join(BUILDERS)} (separated by commas)")
    command.add_argument("--json", action="store_true", help="a line of JSON a model: name, path, seconds")
    chosen = parser.parse_args(arguments)
    names = chosen.only.split(",") if chosen.only else [model.name for model in demo_models()]
    try:
        for built in build(chosen.out, names):
            line = {"name": built.name, "path": str(built.path), "seconds": built.seconds}
            text = json.dumps(line) if chosen.json else f"{built.name:24} {built.seconds:6.2f} s  {built.path}"
            sys.stdout.write(text + "\n")
            sys.stdout.flush()
    except (KeyError, FileNotFoundError) as error:
        sys.stderr.write(f"{error.args[0]}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
