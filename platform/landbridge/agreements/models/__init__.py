"""What is promised, who signed it, what it opens, and who asked for what.

Instants are the truth, ``Agreement.state`` is a stamp for lists (``machine.state_at``). Shapes: licensing, 4 to 9.
"""

from landbridge.agreements.models.log import AccessEnd, AccessRow, Trace
from landbridge.agreements.models.offers import Offer
from landbridge.agreements.models.papers import Agreement, AgreementRevision, NumberCounter
from landbridge.agreements.models.rights import Grant, GrantedRevision, Seat
from landbridge.agreements.models.signing import Signature, Slot, Statement
from landbridge.agreements.models.words import AgreementState, AgreementType, Side

__all__ = [
    "AccessEnd",
    "AccessRow",
    "Agreement",
    "AgreementRevision",
    "AgreementState",
    "AgreementType",
    "Grant",
    "GrantedRevision",
    "NumberCounter",
    "Offer",
    "Seat",
    "Side",
    "Signature",
    "Slot",
    "Statement",
    "Trace",
]
