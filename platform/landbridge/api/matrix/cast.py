"""The fixed world of the matrix: who asks, and what they ask for. The test builds exactly this."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from landbridge.accounts.models import Role
from landbridge.accounts.tokens import SCOPES

LAB, OTHER_LAB, COMPANY, OPERATOR = "lumen", "beacon", "acme", "operator"
EVERYTHING = frozenset(SCOPES)


class Kind(StrEnum):
    NOBODY = "nobody"  # no token, no session
    REVOKED = "revoked"  # a token that was good yesterday
    PERSON = "person"
    ROBOT = "robot"
    WORKER = "worker"
    JOB = "job"


@dataclass(frozen=True, slots=True)
class Actor:
    """One column. Persons ask pages with a session, all else with a token."""

    name: str
    kind: Kind
    role: str = ""
    of: str = ""  # the one organization they belong to
    scopes: frozenset[str] = EVERYTHING

    @property
    def is_operator(self) -> bool:
        return self.of == OPERATOR and self.role in {Role.OWNER, Role.MAINTAINER}


@dataclass(frozen=True, slots=True)
class Thing:
    """What an address is about. ``parties``: the organizations it belongs to, whose roles count."""

    name: str
    parties: tuple[str, ...] = ()
    hidden: bool = False  # only parties, and holders of a grant, may know of it
    gated: bool = False  # its contents need a grant
    seats: frozenset[str] = frozenset()  # actors who hold one
    reach: frozenset[str] = frozenset()  # actors whose job was given it


def actors() -> Iterator[Actor]:
    yield Actor("anonymous", Kind.NOBODY)
    yield Actor("revoked", Kind.REVOKED)
    yield Actor("stranger", Kind.PERSON)
    for organization in (LAB, OTHER_LAB, COMPANY):
        for role in (Role.OWNER, Role.MAINTAINER, Role.MEMBER, Role.SIGNATORY):
            yield Actor(f"{organization} {role}", Kind.PERSON, role, organization)
    for scope in SCOPES:
        yield Actor(f"{LAB} robot {scope}", Kind.ROBOT, Role.MAINTAINER, LAB, frozenset({scope}))
    yield Actor("worker", Kind.WORKER, scopes=frozenset())
    yield Actor("job", Kind.JOB, scopes=frozenset())
    yield Actor("operator", Kind.PERSON, Role.OWNER, OPERATOR)


ACTORS = tuple(actors())
SEATED = frozenset({f"{COMPANY} {Role.MEMBER}"})

NOTHING = Thing("-")
MINE = Thing("mine")
ORGANIZATION = Thing("organization", (LAB,))
OPEN = Thing("open", (LAB,))
GATED = Thing("gated", (LAB,), gated=True, seats=SEATED, reach=frozenset({"job"}))
PRIVATE = Thing("private", (LAB,), hidden=True, gated=True)
DATASET = Thing("dataset", (LAB,))
AGREEMENT = Thing("agreement", (LAB, COMPANY), hidden=True)
OFFER = Thing("offer", (LAB,))


def hidden(thing: Thing, name: str) -> Thing:
    return replace(thing, name=name, hidden=True)
