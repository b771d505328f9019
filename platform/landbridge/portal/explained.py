"""What each error code means and what to do about it, in the reader's language. ``/errors/{code}`` shows it."""

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext_lazy as _

from landbridge.portal.words import Text


@dataclass(frozen=True, slots=True)
class Explained:
    code: str
    title: Text
    remedy: Text = ""
    known: bool = True


def explain(code: str, fallback: str = "") -> Explained:
    return EXPLAINED.get(code) or Explained(code, fallback or code.replace("_", " "), known=False)


_ALL: Final = (
    # asking
    Explained(
        "invalid",
        _("What was sent cannot be used"),
        _("Each fault is listed with its field. Correct these and send again."),
    ),
    Explained(
        "not_found",
        _("There is nothing here"),
        _("Check the address. What you may not see looks the same as what does not exist; signing in may help."),
    ),
    Explained(
        "unauthenticated",
        _("Please sign in"),
        _("Sign in on the page, or send `Authorization: Bearer lb_…` with the request."),
    ),
    Explained(
        "token_invalid", _("This token is unknown, expired or revoked"), _("Make a new one under Settings, API tokens.")
    ),
    Explained(
        "token_kind",
        _("This token opens other doors"),
        _("Worker and job tokens open only the routes made for them. Use a personal or an organization token."),
    ),
    Explained(
        "not_allowed",
        _("You may not do this"),
        _("Ask an owner of the organization for the right, or use an account that has it."),
    ),
    Explained(
        "role_missing", _("Your role does not include this"), _("An owner of the organization can give you the role.")
    ),
    Explained("scope_missing", _("This token lacks a scope"), _("Make a token that has the scope the answer names.")),
    Explained(
        "step_up_required",
        _("Confirm that it is you"),
        _("Enter the six digits that your authenticator app shows now. Sign-in and security sets one up."),
    ),
    Explained(
        "person_required",
        _("Only a person can do this"),
        _("Sign in as a person; programs cannot sign or found organizations."),
    ),
    Explained("conflict", _("This clashes with what is there"), _("Load the page again to see how things stand now.")),
    Explained(
        "transition_refused",
        _("This cannot be done in the present state"),
        _("The answer names the state and what is allowed in it."),
    ),
    Explained("gone", _("This is over"), _("It was used, withdrawn or has expired. Start anew.")),
    Explained(
        "link_used",
        _("This link was used or has expired"),
        _("Links work once and for a short time. Ask for a new one."),
    ),
    Explained("too_large", _("This is too large"), _("Large files go by the command line: `landbridge submit DIR`.")),
    Explained("too_many_requests", _("Too many requests"), _("Wait for the time the answer names, then go on.")),
    Explained("cursor_invalid", _("This cursor is not of this list"), _("Start again without a cursor.")),
    Explained(
        "idempotency_key_required",
        _("A key against doing it twice is missing"),
        _("Send the header `Idempotency-Key` with a value of your own."),
    ),
    Explained("idempotency_key_invalid", _("This key cannot be used"), _("Use 1 to 128 printable ASCII characters.")),
    Explained(
        "idempotency_key_reused", _("This key was used for another request"), _("Use a new key for a new request.")
    ),
    Explained(
        "idempotency_in_flight", _("The first request with this key is still running"), _("Look again in a moment.")
    ),
    Explained(
        "server_error",
        _("Something broke here"),
        _("It is our fault. Try again; if it stays, quote the request id to the operator."),
    ),
    # people and organizations
    Explained(
        "name_taken", _("This name is taken"), _("Choose another. People and organizations share one set of names.")
    ),
    Explained(
        "bad_name",
        _("This name cannot be used"),
        _("Use 1 to 96 letters, digits, dots, dashes or underscores; some words are addresses of this site."),
    ),
    Explained(
        "kind_reserved",
        _("The operator's organization is not made here"),
        _("Whoever runs this instance makes it on the command line."),
    ),
    Explained(
        "kind_differs", _("The organization is of another kind"), _("Leave the kind out, or name the right one.")
    ),
    Explained("already_member", _("This person belongs to it already"), _("Change their role in the list of members.")),
    Explained("last_owner", _("An organization keeps an owner"), _("Make somebody else an owner first.")),
    Explained(
        "self_grant",
        _("Nobody grants authority to themselves"),
        _("Another owner or the operator writes it down, and the other side confirms it."),
    ),
    Explained("unknown_scope", _("This scope does not exist"), _("Use the scopes that are listed.")),
    # models, uploads, submissions
    Explained(
        "repo_exists",
        _("A model of this name is there already"),
        _("Choose another name, or add a version to the one that is there."),
    ),
    Explained(
        "bad_path",
        _("A path in the upload is not allowed"),
        _("Use plain relative paths without `..`, empty parts or control characters."),
    ),
    Explained(
        "screening_failed",
        _("Screening found something that must be changed"),
        _("Every finding says what and how. Upload a corrected version."),
    ),
    Explained(
        "wheel_refused",
        _("Plugin wheels cannot be uploaded here yet"),
        _("They need a sandbox that this instance does not have. Ask the operator to install the plugin."),
    ),
    Explained("unknown_suite", _("There is no such suite"), _("Choose one of the suites that are listed.")),
    Explained(
        "not_sealed", _("Only a sealed version can be evaluated"), _("Submit the version first: screening seals it.")
    ),
    # access to weights
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
)
EXPLAINED: Final[dict[str, Explained]] = {one.code: one for one in _ALL}
