"""What can go wrong with people, organizations and their keys."""

from landbridge.core.errors import Conflict, Gone, Invalid, NotAllowed


class NameTaken(Conflict):
    code = "name_taken"
    title = "This name is taken"


class LastOwner(Conflict):
    code = "last_owner"
    title = "An organization keeps an owner"


class SelfGrant(NotAllowed):
    code = "self_grant"
    title = "Nobody grants authority to themselves"


class StepUpRequired(NotAllowed):
    code = "step_up_required"
    title = "Confirm that it is you"


class PersonRequired(NotAllowed):
    code = "person_required"
    title = "Only a person can do this"


class LinkUsed(Gone):
    code = "link_used"
    title = "This link is over"


class UnknownScope(Invalid):
    code = "unknown_scope"
    title = "This scope does not exist"
