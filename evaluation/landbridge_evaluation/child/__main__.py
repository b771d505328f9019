"""``python -I -B -m landbridge_evaluation.child FD PARENT``: questions on stdin, answers on ``FD``, as JSON lines."""

import os
import sys
from pathlib import Path
from typing import IO

from landbridge_evaluation.child.limits import die_with, restrict
from landbridge_evaluation.child.serve import Server

RESULTS_FD = 3


def results_stream(number: int) -> IO[bytes]:
    """The answers' stream, on descriptor 3, closed to what a plugin may start."""
    if number != RESULTS_FD:
        os.dup2(number, RESULTS_FD, inheritable=False)
        os.close(number)
    os.set_inheritable(RESULTS_FD, False)  # noqa: FBT003 the function's own signature
    return os.fdopen(RESULTS_FD, "wb", buffering=1 << 16)


def main() -> int:
    number, parent = int(sys.argv[1]), int(sys.argv[2])
    die_with(parent)
    out = results_stream(number)
    restrict()
    questions = os.fdopen(os.dup(0), "rb")
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)  # a plugin that reads stdin reads nothing
    return Server(questions, out).run()


if __name__ == "__main__":
    sys.exit(main())
