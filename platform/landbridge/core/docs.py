"""Renders what the code already says: state machines, errors, settings."""

import ast
import inspect
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path

from django.apps import apps

from landbridge.core.errors import DomainError
from landbridge.core.machine import Machine
from landbridge.home import ROOT


def machines() -> list[Machine]:
    """Every machine of the platform's apps, in ``machine.py`` of each."""
    found = []
    for config in apps.get_app_configs():
        if config.name.startswith("landbridge.") and (Path(config.path) / "machine.py").exists():
            module = import_module(f"{config.name}.machine")
            found += [value for value in vars(module).values() if isinstance(value, Machine)]
    return found


def states() -> str:
    """docs/states.md: one table a machine."""
    return "# States\n\nHow things live, as the code has it.\n\n" + "\n".join(render_machine(one) for one in machines())


def render_machine(machine: Machine) -> str:
    rows = [
        f"| {move.action} | {', '.join(move.sources)} | {move.target} | {', '.join(move.who)} "
        f"| {move.guard.says if move.guard else ''} | {move.effect or ''} |"
        for move in machine
    ]
    head = "| action | from | to | who | only if | publishes |\n|---|---|---|---|---|---|"
    return f"## {machine.name}\n\nStarts as {machine.initial}.\n\n{head}\n" + "\n".join(rows) + "\n"


def errors() -> str:
    """docs/errors.md: every error class that a caller may meet."""
    rows = sorted({(error.status, error.code, _first_line(error)) for error in _below(DomainError)})
    head = "| status | code | meaning |\n|---|---|---|\n"
    lines = [f"| {status} | `{code}` | {said} |" for status, code, said in rows]
    return (
        "# Errors\n\nEach is `application/problem+json` (RFC 9457); `detail` says what to do, `code` never changes.\n\n"
        + head
        + "\n".join(lines)
        + "\n"
    )


def _below(base: type[DomainError]) -> Iterator[type[DomainError]]:
    yield base
    for child in base.__subclasses__():
        if child.__module__.startswith("landbridge"):  # not those a test makes
            yield from _below(child)


def _first_line(error: type[DomainError]) -> str:
    doc = (inspect.cleandoc(error.__doc__) if error.__doc__ else "").split("\n")[0]
    return doc or f"{error.title}."


ENVIRONMENT = (
    "platform/landbridge/settings.py",
    "platform/landbridge/home.py",
    "platform/landbridge_client/config.py",
    "evaluation/landbridge_evaluation/config.py",
    "plugins/landbridge_benchmarks/config.py",
)


def environment() -> str:
    """docs/settings.md: every variable the code reads, found in the code itself, with its default."""
    rows = []
    for name in ENVIRONMENT:
        path = ROOT / name
        if path.exists():
            rows += [(variable, default, name) for variable, default in _variables(path.read_text())]
    lines = [f"| `{variable}` | {default} | {where} |" for variable, default, where in sorted(set(rows))]
    return (
        "# Settings\n\nEvery setting is an environment variable; none is needed to start.\n\n"
        "| variable | default | read in |\n|---|---|---|\n" + "\n".join(lines) + "\n"
    )


READERS = {"os.environ.get", "environ.get", "environment.get", "flag", "listed", "variable"}


def _variables(source: str) -> Iterable[tuple[str, str]]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or ast.unparse(node.func) not in READERS or not node.args:
            continue
        name = node.args[0]
        if isinstance(name, ast.Constant) and isinstance(name.value, str):
            default = ast.unparse(node.args[1]) if len(node.args) > 1 else ""
            yield name.value, f"`{default}`" if default else ""
