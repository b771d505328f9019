"""What can go wrong between an offer and a sealed agreement (licensing, section 21)."""

from landbridge.core.errors import Conflict, DomainError, Gone, Invalid, NotAllowed


class Unprocessable(DomainError):
    """Well formed, but it cannot be done so."""

    code = "unprocessable"
    status = 422
    title = "This cannot be done so"


class LineageReview(Unprocessable):
    """A license in the lineage needs a person's eyes before anything is offered."""

    code = "lineage_review"
    title = "The license check stops this offer"


class NotAMember(Unprocessable):
    code = "not_a_member"
    title = "Only active members can hold a seat"


class OutsideTheOffer(Unprocessable):
    """The taker lies outside the offer's caps."""

    code = "outside_the_offer"
    title = "The offer does not reach you"


class NoAuthority(NotAllowed):
    code = "no_authority"
    title = "No authority to sign this"


class AboveAuthority(NotAllowed):
    code = "authority_value"
    title = "The value is above the authority's limit"


class NotYourSlot(NotAllowed):
    code = "not_your_slot"
    title = "Another account signs here"


class TextChanged(Conflict):
    code = "text_changed"
    title = "This is not the text that was frozen"


class OfferExhausted(Conflict):
    code = "offer_exhausted"
    title = "The offer is used up"


class AlreadyLicensed(Conflict):
    code = "already_licensed"
    title = "There is an agreement already"


class NoSeatLeft(Conflict):
    code = "no_seat_left"
    title = "Every seat is taken"


class OfferLapsed(Gone):
    code = "offer_lapsed"
    title = "The time to sign is over"


class OfferWithdrawn(Gone):
    code = "offer_withdrawn"
    title = "The offer was withdrawn"


class ListingSuspended(Conflict):
    """The operator has suspended the model's listing over a finding; what is licensed already goes on."""

    code = "listing_suspended"
    title = "The listing of this model is suspended"


class ConsentMissing(Invalid):
    code = "consent_missing"
    title = "Consent to electronic records is missing"
