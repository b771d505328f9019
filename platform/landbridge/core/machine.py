"""State machines as tables. A move is one conditional UPDATE: the database decides who was first."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from django.db.models import Model, Q

from landbridge.core import outbox
from landbridge.core.errors import NotAllowed, TransitionRefused


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

    def move(self, model: type[Model], pk: object, action: str, *, who: Who, where: Q = Q(), **sets: object) -> bool:
        """Take ``action`` on one row. False: the row does not stand where the action starts."""
        move = self[action]
        if who not in move.who:
            raise NotAllowed(f"A {who} may not {action} a {self.name}.", action=action)
        guard = move.guard.holds if move.guard else Q()
        rows = model._default_manager.filter(guard, where, pk=pk, state__in=move.sources)
        moved = rows.update(state=move.target, **move.sets, **sets) == 1
        if moved and move.effect:
            outbox.publish(move.effect, pk)
        return moved

    def require(self, model: type[Model], pk: object, action: str, *, who: Who, where: Q = Q(), **sets: object) -> None:
        """``move``, or ``TransitionRefused`` that names the state, the guard and what is allowed instead."""
        if self.move(model, pk, action, who=who, where=where, **sets):
            return
        state = str(model._default_manager.values_list("state", flat=True).get(pk=pk))
        guard = self[action].guard
        why = f" Only if {guard.says}." if guard and state in self[action].sources else ""
        raise TransitionRefused(
            f"This {self.name} is {state}; {action} starts from {', '.join(self[action].sources)}.{why}",
            state=state,
            allowed_actions=self.allowed(state, who),
        )
