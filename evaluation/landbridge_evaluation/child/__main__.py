"""``python -I -B -m landbridge_evaluation.child 3``: questions on stdin, answers on descriptor 3, as JSON lines."""

import os
import sys
from pathlib import Path
from typing import IO

from landbridge_evaluation.child.serve import Server


def results_stream(number: int) -> IO[bytes]:
    """The answers' stream, closed to what a plugin may start."""
    os.set_inheritable(number, False)  # noqa: FBT003 the function's own signature
    return os.fdopen(number, "wb", buffering=1 << 16)


def main() -> int:
    out = results_stream(int(sys.argv[1]))
    questions = os.fdopen(os.dup(0), "rb")
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)  # a plugin that reads stdin reads nothing
    return Server(questions, out).run()


if __name__ == "__main__":
    sys.exit(main())
