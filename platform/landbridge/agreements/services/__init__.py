"""Every deed of the agreements room. One function, one durable transaction, one line on the licensor's chain."""

from landbridge.agreements.services.lifecycle import decline, lapse, resume, stamp_state, suspend, terminate, withdraw
from landbridge.agreements.services.offers import publish_standing_offer, revoke_offer
from landbridge.agreements.services.seats import end_seat, give_seat
from landbridge.agreements.services.signing import note_refusal, sign_agreement
from landbridge.agreements.services.taking import take_offer

__all__ = [
    "decline",
    "end_seat",
    "give_seat",
    "lapse",
    "note_refusal",
    "publish_standing_offer",
    "resume",
    "revoke_offer",
    "sign_agreement",
    "stamp_state",
    "suspend",
    "take_offer",
    "terminate",
    "withdraw",
]
