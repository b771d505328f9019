"""``/settings/tokens``: keys for programs. The secret is shown once, on the page after the one that made it."""

from datetime import timedelta
from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from landbridge.accounts import services
from landbridge.accounts.principals import principal_of
from landbridge.core import vault
from landbridge.core.access import Access, Right
from landbridge.portal import reads
from landbridge.portal.asks import attempt
from landbridge.portal.forms.accounts import TokenForm
from landbridge.portal.once import once
from landbridge.portal.page import page

SHOWN: Final = "token_to_show"


@page(GET=Access(Right.SIGNED_IN), POST=Access(Right.SIGNED_IN))
@once
def tokens(request: HttpRequest) -> HttpResponse:
    user = principal_of(request).require_user()
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        wanted = form.cleaned_data
        lifetime = timedelta(days=int(wanted["days"]))
        issued = attempt(
            form,
            lambda: services.issue_token(actor=user, name=wanted["name"], scopes=wanted["scopes"], lifetime=lifetime),
        )
        if issued is not None:
            keep_to_show(request, issued.text)
            return redirect("tokens")
    context = {"form": form, "tokens": reads.tokens_of(user), "shown": take_shown(request)}
    return render(request, "portal/tokens.html", context, status=400 if form.errors else 200)


@page(POST=Access(Right.SIGNED_IN))
def revoke(request: HttpRequest, token_id: str) -> HttpResponse:
    user = principal_of(request).require_user()
    services.revoke_token(actor=user, token_id=token_id, user=user)
    messages.success(request, _("The token is revoked: it opens nothing from now on."))
    return redirect("tokens")


def keep_to_show(request: HttpRequest, text: str) -> None:
    """For the next page only, and sealed: the session's row must not tell it."""
    request.session[SHOWN] = vault.seal(text, purpose=SHOWN)


def take_shown(request: HttpRequest) -> str:
    sealed = request.session.pop(SHOWN, "") if request.method == "GET" else ""
    return vault.unseal(sealed, purpose=SHOWN) if sealed else ""
