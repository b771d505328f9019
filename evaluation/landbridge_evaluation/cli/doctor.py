"""``doctor``: exit 0 only where lab code can be contained, shown by trying to get out, inside and outside."""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from typing import Any

from landbridge_evaluation import config
from landbridge_evaluation.sandbox import Probe, probe, tiers

CHECKS = {
    "network": "reach a port of this machine",
    "abstract_socket": "reach an abstract socket of this machine",
    "read_host": "read a file of this machine",
    "write_host": "write a file of this machine",
    "environment": "see variables that it was not given",
    "privileges": "hold capabilities, gain privileges, call the kernel unfiltered",
    "forks": "start more processes than a model needs",
    "descriptors": "use open files that it was not given",
    "memory": "use more memory than allowed, shared memory included",
    "wall": "run longer than allowed",
    "survivor": "leave a process behind",
}


def main(arguments: Sequence[str]) -> int:
    """0: contained inside, and the same tries get out outside. 1: not, and lab code is refused here."""
    parser = argparse.ArgumentParser(prog="landbridge_evaluation doctor", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    asked = parser.parse_args(arguments)
    began = time.monotonic()
    found = probe(config.HOME or config.OWN_HOME, fresh=True)
    seconds = round(time.monotonic() - began, 2)
    sys.stdout.write((json.dumps(as_json(found, seconds)) if asked.json else as_text(found, seconds)) + "\n")
    return 0 if found.passed else 1


def as_json(found: Probe, seconds: float) -> dict[str, Any]:
    checks = [
        {"name": name, "contained": inside, "escapes_outside": outside, "try": CHECKS.get(name, name)}
        for name, (inside, outside) in found.found.items()
    ]
    told = {key: value for key, value in found.to_json().items() if key != "found"}
    return {**told, "version": tiers.version(), "checks": checks, "seconds": seconds}


def as_text(found: Probe, seconds: float) -> str:
    lines = [f"containment: {found.tier} {tiers.version()}".rstrip()]
    for name, (inside, outside) in found.found.items():
        good = "ok   " if inside and outside else "FAULT"
        held = "contained" if inside else "NOT contained"
        proof = "gets out without the sandbox" if outside else "does not get out without the sandbox either"
        lines.append(f"  {good} {CHECKS.get(name, name)}: {held}; {proof}")
    if found.passed:
        lines.append(f"Lab code can run here. Probed in {seconds} s; a worker probes again after a day or a restart.")
    else:
        lines += [f"Lab code is refused here. {found.why}", "Models without code and the operator's plugins run."]
    return "\n".join(lines)
