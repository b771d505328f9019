"""The fixed world of the matrix: who asks, and what they ask for. The test builds exactly this."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from landbridge.accounts.models import Role
from landbridge.accounts.tokens import SCOPES

LAB, OTHER_LAB, COMPANY, OPERATOR = "lumen", "beacon", "acme", "operator"
EVERYTHING = frozenset(SCOPES)
ROBOT_SCOPES = tuple(scope for scope in SCOPES if scope != "agreements.sign")  # no robot can have that one


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
    absent: bool = False  # there is nothing, for nobody
    hidden: bool = False  # only parties, and holders of a grant, may know of it
    others: tuple[str, ...] = ()  # organizations that may know of it, though the deed is not theirs
    offices: bool = False  # of the parties, only who holds an office knows of it
    needs: str = ""  # the scope without which a token does not know of it
    named: frozenset[str] = frozenset()  # who may by name, whatever their role
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
    for scope in ROBOT_SCOPES:
        yield Actor(f"{LAB} robot {scope}", Kind.ROBOT, Role.MAINTAINER, LAB, frozenset({scope}))
    yield Actor("worker", Kind.WORKER, scopes=frozenset())
    yield Actor("job", Kind.JOB, scopes=frozenset())
    yield Actor("operator", Kind.PERSON, Role.OWNER, OPERATOR)


ACTORS = tuple(actors())
SEATED = frozenset({f"{COMPANY} {Role.MEMBER}", f"{COMPANY} {Role.SIGNATORY}"})  # who took it, and who signed

ASKED = frozenset({f"{COMPANY} {Role.MEMBER}"})

NOTHING = Thing("-")
ABSENT = Thing("nothing", hidden=True)
NEVER = Thing("never offered", absent=True)
MINE = Thing("mine")
ORGANIZATION = Thing("organization", (LAB,), others=(OPERATOR,))
OPEN = Thing("open", (LAB,))
GATED = Thing("gated", (LAB,), gated=True, seats=SEATED, reach=frozenset({"job"}))
PRIVATE = Thing("private", (LAB,), hidden=True, gated=True, needs="repo.read")
DATASET = Thing("dataset", (LAB,))
AGREEMENT = Thing("agreement", (LAB, COMPANY), hidden=True, offices=True, seats=SEATED)
LICENSORS = replace(AGREEMENT, name="the licensor's deed", parties=(LAB,), others=(COMPANY,))
SEATS = replace(AGREEMENT, name="its seats", parties=(COMPANY,))
DECLINED = replace(AGREEMENT, name="what somebody asked for", parties=(COMPANY,), others=(LAB,), named=ASKED)
SECRET = replace(PRIVATE, needs="")
SECRET_JOB = Thing("private job", (LAB,), hidden=True)
SECRET_RESULT = replace(SECRET_JOB, needs="read")
CONFIRMATION = Thing("a record that an owner wrote", (OPERATOR,), others=(LAB,))
OFFER = Thing("offer", (LAB,))
