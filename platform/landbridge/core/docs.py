"""Renders what the code already says: state machines."""

from landbridge.core.machine import Machine


def render_machine(machine: Machine) -> str:
    """One table a machine: docs/states.md is these tables."""
    rows = [
        f"| {move.action} | {', '.join(move.sources)} | {move.target} | {', '.join(move.who)} "
        f"| {move.guard.says if move.guard else ''} | {move.effect or ''} |"
        for move in machine
    ]
    head = "| action | from | to | who | only if | publishes |\n|---|---|---|---|---|---|"
    return f"## {machine.name}\n\nStarts as {machine.initial}.\n\n{head}\n" + "\n".join(rows) + "\n"
