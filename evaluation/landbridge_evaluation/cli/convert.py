"""``convert SOURCE --output DIR``: make safetensors of PyTorch files. They are read in the sandbox only."""

import argparse
import importlib.util
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from landbridge_evaluation import config, conversion, sandbox

REFUSED, USAGE, NO_CONTAINMENT = 1, 2, 4
NO_TORCH = "PyTorch is not installed here: pip install 'landbridge[evaluation]'."


def main(arguments: Sequence[str]) -> int:
    """0: converted. 1: refused, and nothing is left behind. 2: usage. 4: there is no containment here."""
    parser = argparse.ArgumentParser(prog="landbridge_evaluation convert", description=__doc__)
    parser.add_argument("source", type=Path, metavar="SOURCE", help="a PyTorch file, or a folder that holds some")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="where the new files go")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    asked = parser.parse_args(arguments)
    try:
        conversion.sources(asked.source)
        if importlib.util.find_spec("torch") is None:
            return said(NO_TORCH, USAGE)
        found = sandbox.probe(config.HOME or config.OWN_HOME)
        if not found.passed:
            return said(found.why, NO_CONTAINMENT)
        made = conversion.convert(asked.source, asked.output)
    except conversion.Refused as reason:
        return said(str(reason), REFUSED)
    except sandbox.NoContainment as reason:
        return said(str(reason), NO_CONTAINMENT)
    rows = [one.to_json() for one in made]
    if asked.json:
        sys.stdout.write(json.dumps({"files": rows, "tier": found.tier}) + "\n")
        return 0
    for row in rows:
        left = f"; left out, for it holds no tensor: {', '.join(row['dropped'])}" if row["dropped"] else ""
        sys.stdout.write(f"{row['source']} → {row['file']}: {row['tensors']} tensors, {row['bytes']} bytes{left}\n")
    return 0


def said(text: str, code: int) -> int:
    sys.stderr.write(f"error: {text}\n")
    return code
