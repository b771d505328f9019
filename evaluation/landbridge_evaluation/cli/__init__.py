"""``python -m landbridge_evaluation COMMAND``: data on stdout, all else on stderr."""

import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module

COMMANDS: Mapping[str, tuple[str, str]] = {
    "run": ("landbridge_evaluation.cli.run", "score a model folder on tasks"),
    "tasks": ("landbridge_evaluation.cli.tasks", "list the tasks and suites there are"),
    "worker": ("landbridge_evaluation.worker_cli", "lease and run jobs of a Landbridge"),
    "doctor": ("landbridge_evaluation.cli.doctor", "say whether lab code can be contained here"),
    "sandbox": ("landbridge_evaluation.cli.sandbox", "run one file as a model's process would run"),
    "convert": ("landbridge_evaluation.cli.convert", "make safetensors of PyTorch files, in the sandbox"),
}
USAGE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Import only what the command needs; the exit status is the command's."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] not in COMMANDS:
        asked = bool(words) and words[0] in ("-h", "--help")
        lines = [f"  {name:8}{help_}" for name, (_, help_) in COMMANDS.items()]
        text = "\n".join(["usage: python -m landbridge_evaluation COMMAND …", "", *lines, ""])
        (sys.stdout if asked else sys.stderr).write(text)
        return 0 if asked else USAGE
    command: Callable[[Sequence[str]], int] = import_module(COMMANDS[words[0]][0]).main
    return command(words[1:])
