"""What a person reads when access is given or refused: one sentence and one way forward per code, in their language."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# why it is open
PUBLIC: Final = "public"
MEMBER: Final = "member"
GRANT: Final = "grant"
JOB: Final = "job"

# why it is not (licensing, section 7), and what stands before an agreement
NOT_FOUND: Final = "not_found"
SIGN_IN: Final = "sign_in"
DISABLED: Final = "disabled"
NO_AGREEMENT: Final = "no_agreement"
NOT_EFFECTIVE: Final = "not_effective"
PRECEDENT_UNMET: Final = "precedent_unmet"
EXPIRED: Final = "expired"
SUSPENDED: Final = "suspended"
TERMINATED: Final = "terminated"
OUT_OF_SCOPE_REVISION: Final = "out_of_scope_revision"
OUT_OF_SCOPE_FILE: Final = "out_of_scope_file"
OUT_OF_QUOTA: Final = "out_of_quota"
SEAT_REVOKED: Final = "seat_revoked"
TERRITORY: Final = "territory"
PURPOSE: Final = "purpose"
TOKEN_SCOPE: Final = "token_scope"  # noqa: S105 a code

SENTENCES: Final[dict[str, Promise]] = {
    PUBLIC: _("This is open to everyone."),
    MEMBER: _("You belong to the organization that owns this."),
    GRANT: _("Your organization's agreement opens this to you."),
    JOB: _("This job was given exactly these files."),
    NOT_FOUND: _("There is nothing at this address that you may see."),
    SIGN_IN: _("These weights need an agreement. Sign in, or send an API token, so that yours can be found."),
    DISABLED: _("The operator has disabled this repository. Ask the operator why."),
    NO_AGREEMENT: _(
        "These weights need an agreement and your organizations have none. Read the terms and request one."
    ),
    NOT_EFFECTIVE: _("The agreement is not in force yet. Its page shows what is missing and who must act."),
    PRECEDENT_UNMET: _("The agreement is signed, but a condition before access is still open. Its page names it."),
    EXPIRED: _("The agreement has ended. Take a new one to go on; delete the copies as its text demands."),
    SUSPENDED: _("The licensor has suspended the agreement. Its page gives the reason and whom to ask."),
    TERMINATED: _("The agreement was terminated. Its page gives the reason and what is still owed."),
    OUT_OF_SCOPE_REVISION: _("The agreement covers other versions of this model. Its page lists which."),
    OUT_OF_SCOPE_FILE: _("The agreement does not cover this file. Its page lists what it covers."),
    OUT_OF_QUOTA: _("The agreement's quota is used up. Its page shows the count; ask the licensor for more."),
    SEAT_REVOKED: _("You hold no seat of the agreement. Ask an owner of your organization to give you one."),
    TERRITORY: _("The agreement does not cover your organization's country. Ask the licensor for a wider territory."),
    PURPOSE: _("The agreement does not allow this purpose. Its page lists the purposes it allows."),
    TOKEN_SCOPE: _("This token does not reach these files. Make one with the scope repo.read."),
}


def sentence(code: str) -> str:
    """The sentence of ``code`` in the active language."""
    return str(SENTENCES[code])
