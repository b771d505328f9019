"""State machines as tables. A move is one conditional UPDATE: the database decides who was first."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from django.db.models import Model, Q, QuerySet

from landbridge.core import outbox
from landbridge.core.errors import NotAllowed, TransitionRefused
from landbridge.core.prepared import PreparedUpdate, slot

NOTHING: Final[Mapping[str, object]] = MappingProxyType({})
_STATEMENTS: dict[tuple[object, ...], PreparedUpdate[Any]] = {}


class Who(StrEnum):
    MEMBER = "member"
    MAINTAINER = "maintainer"
    OPERATOR = "operator"
    WORKER = "worker"
    CLOCK = "clock"
    LICENSOR = "licensor"
    LICENSEE = "licensee"


@dataclass(frozen=True, slots=True)
class Guard:
    says: str
    holds: Q  # part of the UPDATE's WHERE: nothing can change between test and write


@dataclass(frozen=True, slots=True)
class Move:
    action: str
    sources: tuple[str, ...]
    target: str
    who: tuple[Who, ...]
    guard: Guard | None = None
    sets: Mapping[str, object] = field(default_factory=dict)  # columns that change with the state
    effect: str | None = None  # the event published after commit


@dataclass(frozen=True, slots=True)
class Machine:
    name: str
    initial: str
    moves: tuple[Move, ...]

    def __iter__(self) -> Iterator[Move]:
        return iter(self.moves)

    def __getitem__(self, action: str) -> Move:
        (move,) = (move for move in self.moves if move.action == action)
        return move

    def allowed(self, state: str, *who: Who) -> list[str]:
        """What ``who`` may try in ``state``: the API's ``allowed_actions``."""
        return [move.action for move in self if state in move.sources and set(who) & set(move.who)]

    def move(
        self,
        model: type[Model],
        pk: object,
        action: str,
        *,
        who: Who,
        where: Mapping[str, object] = NOTHING,
        **sets: object,
    ) -> bool:
        """Take ``action`` on one row. False: the row does not stand where the action starts, or ``where`` it should."""
        move = self[action]
        if who not in move.who:
            raise NotAllowed(f"A {who} may not {action} a {self.name}.", action=action)
        key = (self.name, action, model, *where, "", *sets)
        if key not in _STATEMENTS:
            _STATEMENTS[key] = _statement(model, move, list(where), list(sets))
        found = {f"old_{name}": value for name, value in where.items()}
        moved = _STATEMENTS[key](pk=pk, **found, **sets) == 1
        if moved and move.effect:
            outbox.publish(move.effect, pk)
        return moved

    def require(self, model: type[Model], pk: object, action: str, *, who: Who, **sets: object) -> None:
        """``move``, or ``TransitionRefused`` that names the state, the guard and what is allowed instead."""
        if self.move(model, pk, action, who=who, where=NOTHING, **sets):
            return
        state = str(model._default_manager.values_list("state", flat=True).get(pk=pk))
        guard = self[action].guard
        why = f" Only if {guard.says}." if guard and state in self[action].sources else ""
        raise TransitionRefused(
            f"This {self.name} is {state}; {action} starts from {', '.join(self[action].sources)}.{why}",
            state=state,
            allowed_actions=self.allowed(state, who),
        )


def _statement(model: type[Model], move: Move, where: list[str], sets: list[str]) -> PreparedUpdate[Any]:
    """The conditional UPDATE of ``move``: slots for the row, for what its columns ``where`` hold, for new values."""

    def rows() -> QuerySet[Model]:
        guard = move.guard.holds if move.guard else Q()
        old = {name: slot(model, name, f"old_{name}") for name in where}
        key = slot(model, str(model._meta.pk.name), "pk")
        return model._default_manager.filter(guard, Q(**old), pk=key, state__in=move.sources)

    return PreparedUpdate(rows, state=move.target, **move.sets, **{name: slot(model, name) for name in sets})
