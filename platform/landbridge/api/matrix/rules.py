"""What the declared rules mean for one actor and one thing. No request is made here."""

from enum import StrEnum

from landbridge.accounts.models import Role
from landbridge.accounts.principals import INCLUDES
from landbridge.api.matrix.cast import Actor, Kind, Thing
from landbridge.core.access import Access, Right

READ = "repo.read"
ROLES = {Right.MEMBER, Right.MAINTAINER, Right.OWNER, Right.SIGNATORY, Right.OFFICE}
OFFICES = {Role.OWNER, Role.MAINTAINER, Role.SIGNATORY}
KINDS = {Right.WORKER: Kind.WORKER, Right.JOB_TOKEN: Kind.JOB}


class Door(StrEnum):
    API = "api"
    WORKER = "worker"
    HUB = "hub"
    PAGE = "page"
    ROOT = "root"


class Cell(StrEnum):
    YES = "yes"
    SIGN_IN = "sign in"  # a redirect to the sign-in page
    WHO = "401"
    NO = "403"
    ABSENT = "404"


def expected(door: Door, rule: Access, actor: Actor, thing: Thing) -> Cell:
    """The cell of one actor: the same order of questions that the gates ask in."""
    if door is Door.PAGE and actor.kind is not Kind.PERSON:
        actor = Actor(actor.name, Kind.NOBODY)  # pages know sessions, not tokens
    if actor.kind is Kind.REVOKED:
        return Cell.YES if door is Door.ROOT and rule.right is Right.PUBLIC else Cell.WHO
    if actor.kind is Kind.NOBODY and rule.right is not Right.PUBLIC:
        return Cell.SIGN_IN if door is Door.PAGE else Cell.WHO
    questions = [_gate(rule, actor), _known(door, rule, actor, thing)]
    if door is Door.HUB:  # what a caller may not know of comes first there
        questions.reverse()
    refused = next((cell for cell in (*questions, _role(rule, actor, thing)) if cell is not None), None)
    return refused or _contents(rule, actor, thing) or Cell.YES


def _gate(rule: Access, actor: Actor) -> Cell | None:
    """What needs no object: the kind of key, the office, the person, the scope."""
    if rule.right is Right.PUBLIC:
        return None
    wanted = KINDS.get(rule.right)
    if (wanted is None and actor.kind in KINDS.values()) or (wanted is not None and actor.kind != wanted):
        return Cell.NO
    if rule.right is Right.OPERATOR and not actor.is_operator:
        return Cell.ABSENT if rule.hidden else Cell.NO
    if rule.person and actor.kind is not Kind.PERSON:
        return Cell.NO
    return Cell.NO if rule.scope is not None and rule.scope not in actor.scopes else None


def _known(door: Door, rule: Access, actor: Actor, thing: Thing) -> Cell | None:
    """``None`` if the actor may know that the thing is there."""
    if thing.absent:
        return Cell.ABSENT
    named = actor.name in thing.seats | thing.reach or (rule.operator and actor.is_operator)
    inside = actor.of in {*thing.parties, *thing.others} and (not thing.offices or actor.role in OFFICES)
    scoped = not thing.needs or thing.needs in actor.scopes
    if not thing.hidden or named or (inside and scoped):
        return None
    return Cell.WHO if door is Door.HUB and actor.kind is Kind.NOBODY else Cell.ABSENT


def _role(rule: Access, actor: Actor, thing: Thing) -> Cell | None:
    """The role that the right asks for, in an organization the thing belongs to."""
    if rule.right not in ROLES or not thing.parties or (rule.operator and actor.is_operator):
        return None
    if actor.name in thing.named or (actor.of in thing.parties and _includes(actor.role, rule.right)):
        return None
    inside = actor.of in {*thing.parties, *thing.others}
    return Cell.ABSENT if rule.hidden and not inside else Cell.NO


def _includes(role: str, right: Right) -> bool:
    return role in OFFICES if right is Right.OFFICE else str(right) in INCLUDES.get(role, ())


def _contents(rule: Access, actor: Actor, thing: Thing) -> Cell | None:
    """The one access predicate, for what leaves as bytes."""
    if rule.capability and actor.kind is Kind.JOB:
        return None if actor.name in thing.reach else Cell.NO
    if not rule.capability or not thing.gated:
        return None
    if actor.kind is Kind.NOBODY:
        return Cell.WHO
    if READ not in actor.scopes:
        return Cell.NO
    return None if _belongs(actor, thing) or actor.name in thing.seats else Cell.NO


def _belongs(actor: Actor, thing: Thing) -> bool:
    return actor.of in thing.parties and actor.kind in {Kind.PERSON, Kind.ROBOT}
