"""``doctor``: exit 0 only where lab code can be contained."""

import argparse
import sys
from collections.abc import Sequence

from landbridge_evaluation import sandbox


def main(arguments: Sequence[str]) -> int:
    argparse.ArgumentParser(prog="landbridge_evaluation doctor", description=__doc__).parse_args(arguments)
    sys.stderr.write(f"sandbox tier: {sandbox.TIER}. {sandbox.WHY_NOT}\n")
    return 1
