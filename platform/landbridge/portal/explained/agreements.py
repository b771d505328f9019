"""Access to weights, offers and signatures."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from landbridge.portal.explained.shape import Explained

AGREEMENTS: Final = (
    Explained(
        "sign_in",
        _("These weights need an agreement"),
        _("Sign in, so that your organization's agreement can be found."),
    ),
    Explained("disabled", _("The operator has disabled this model"), _("Ask the operator why.")),
    Explained(
        "no_agreement", _("There is no agreement yet"), _("Read the terms on the model's page and take the license.")
    ),
    Explained(
        "not_effective", _("The agreement is not in force yet"), _("Its page shows what is missing and who must act.")
    ),
    Explained("precedent_unmet", _("A condition before access is still open"), _("The agreement's page names it.")),
    Explained(
        "expired", _("The agreement has ended"), _("Take a new one to go on; delete the copies as its text demands.")
    ),
    Explained(
        "listing_suspended",
        _("The listing of this model is suspended"),
        _("Nothing is licensed until the operator lifts it; licenses that run go on. The model's page says why."),
    ),
    Explained("suspended", _("The agreement is suspended"), _("Its page gives the reason and whom to ask.")),
    Explained("terminated", _("The agreement was terminated"), _("Its page gives the reason and what is still owed.")),
    Explained("out_of_scope_revision", _("The agreement covers other versions"), _("Its page lists which.")),
    Explained("out_of_scope_file", _("The agreement does not cover this file"), _("Its page lists what it covers.")),
    Explained(
        "out_of_quota", _("The agreement's quota is used up"), _("Its page shows the count; ask the licensor for more.")
    ),
    Explained(
        "seat_revoked", _("You hold no seat of the agreement"), _("Ask an owner of your organization to give you one.")
    ),
    Explained(
        "territory", _("The agreement does not cover your country"), _("Ask the licensor for a wider territory.")
    ),
    Explained("purpose", _("The agreement does not allow this purpose"), _("Its page lists the purposes it allows.")),
    Explained("token_scope", _("This token does not reach these files"), _("Make one with the scope `repo.read`.")),
    Explained(
        "consent_missing",
        _("The consent to electronic records is missing"),
        _("Read the text, tick the consent and sign again."),
    ),
    Explained(
        "no_authority",
        _("You hold no authority to sign this"),
        _("An owner of the organization and the operator record it together."),
    ),
    Explained(
        "authority_value", _("The value is above your authority's limit"), _("Somebody with a higher limit signs it.")
    ),
    Explained("not_your_slot", _("Another account signs here"), _("The agreement's page names whom it waits for.")),
    Explained(
        "text_changed",
        _("This is not the text that was frozen"),
        _("Load the page again, read the text and sign that."),
    ),
    Explained("offer_exhausted", _("The offer is used up"), _("Ask the lab for a new one.")),
    Explained("offer_lapsed", _("The time to sign is over"), _("Take the offer again, if it still stands.")),
    Explained("offer_withdrawn", _("The offer was withdrawn"), _("Look at the model's page for another one.")),
    Explained(
        "outside_the_offer",
        _("The offer does not reach you"),
        _("Its terms say for whom it is. Ask the lab for an agreement of your own."),
    ),
    Explained("own_model", _("This is your own model"), _("Members of its lab need no license.")),
    Explained(
        "country_mismatch",
        _("The country is not the recorded one"),
        _("Give the country on record, or let an owner correct the record."),
    ),
    Explained(
        "already_licensed",
        _("Your organization has this license already"),
        _("An owner or maintainer can give you a seat of it."),
    ),
    Explained("no_seat_left", _("Every seat is taken"), _("End one first, then give it to somebody else.")),
    Explained(
        "not_a_member", _("Only active members can hold a seat"), _("Invite the person into the organization first.")
    ),
    Explained(
        "lineage_review",
        _("The license check stops this offer"),
        _("Every finding names the license and its place in the lineage. Correct the card, or have it reviewed."),
    ),
    Explained("no_organization", _("Only an organization can offer licenses"), _("Move the model to one.")),
    Explained(
        "repository_private",
        _("A private model cannot be offered to everyone"),
        _("Make it public first: the offer keeps its weights closed."),
    ),
)
