"""Asking, signing in, people and organizations."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from landbridge.portal.explained.shape import Explained

ASKING: Final = (
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
    Explained("busy", _("Others are changing the same thing"), _("Nothing was lost. Try again in a moment.")),
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
    Explained("domain_error", _("The request was refused"), _("The answer says why and what to do.")),
    Explained("unprocessable", _("This cannot be done so"), _("The answer says what stands in the way.")),
    Explained("unknown_field", _("This field is not known"), _("The answer lists the fields there are.")),
    Explained(
        "streams_busy", _("Too many live pages are open"), _("Close some of them; this page asks again by itself.")
    ),
    Explained(
        "not_invited", _("This invitation is for somebody else"), _("Sign in with the address that was invited.")
    ),
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
)
