"""The ``landbridge`` command."""

import sys

from landbridge_client.cli.run import main

__all__ = ["app", "main"]


def app() -> int:
    """The entry point: runs the command line of this process and answers its exit code."""
    return main(sys.argv[1:])
