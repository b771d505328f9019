"""Robots of an organization: programs with a token of their own."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from landbridge.accounts import services
from landbridge.accounts.models import Role
from landbridge.portal import reads
from landbridge.portal.asks import attempt
from landbridge.portal.forms.accounts import TokenForm
from landbridge.portal.once import once
from landbridge.portal.page import page
from landbridge.portal.views.organizations import OWNERS, entered, frame
from landbridge.portal.views.tokens import keep_to_show, take_shown


@page(GET=OWNERS, POST=OWNERS)
@once
def tokens(request: HttpRequest, slug: str) -> HttpResponse:
    found, principal = entered(request, slug)
    user = principal.require_role(found.namespace, Role.OWNER)
    form = TokenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        wanted = form.cleaned_data
        lifetime = timedelta(days=int(wanted["days"]))
        issued = attempt(
            form,
            lambda: services.issue_organization_token(
                actor=user, slug=found.slug, name=wanted["name"], scopes=wanted["scopes"], lifetime=lifetime
            ),
        )
        if issued is not None:
            keep_to_show(request, issued.text)
            return redirect("organization-tokens", found.slug)
    context = {
        **frame(found, principal, "tokens"),
        "form": form,
        "tokens": reads.organization_tokens(found),
        "shown": take_shown(request),
    }
    return render(request, "portal/organization_tokens.html", context, status=400 if form.errors else 200)


@page(POST=OWNERS)
def revoke(request: HttpRequest, slug: str, token_id: str) -> HttpResponse:
    found, principal = entered(request, slug)
    user = principal.require_role(found.namespace, Role.OWNER)
    services.revoke_token(actor=user, token_id=token_id, slug=found.slug)
    messages.success(request, _("The token is revoked: it opens nothing from now on."))
    return redirect("organization-tokens", found.slug)
