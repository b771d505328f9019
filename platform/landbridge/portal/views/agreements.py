"""Agreements: the list, the page with text, signatures and rights, and what its two sides may do."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from landbridge.accounts import stepup
from landbridge.accounts.models import User
from landbridge.accounts.principals import principal_of
from landbridge.agreements import pages, queries, services
from landbridge.agreements.models import Agreement, Grant, Seat
from landbridge.core import pagination
from landbridge.core.access import Access, Right
from landbridge.core.errors import DomainError, NotFound
from landbridge.portal.asks import attempt, tell
from landbridge.portal.forms.agreements import ReasonForm, SeatForm, SignedForm
from landbridge.portal.once import once
from landbridge.portal.page import page
from landbridge.portal.views.licenses import html_of
from landbridge.portal.views.organizations import INSIDE, entered, frame

DEEDS: Final[Mapping[str, Callable[..., Agreement]]] = {
    "decline": services.decline,
    "withdraw": services.withdraw,
    "suspend": services.suspend,
    "resume": services.resume,
}
PARTIES = Access(Right.SIGNED_IN, hidden=True, why="Its two sides; to others it is absent.")


@page(GET=Access(Right.SIGNED_IN))
def agreements(request: HttpRequest) -> HttpResponse:
    user = principal_of(request).require_user()
    rows = queries.visible_to(user)
    shown, upcoming = pagination.cut(request, rows)
    context = {
        "agreements": [_row(one, user) for one in shown],
        "total": rows.count(),
        "page": {"next_url": pagination.next_address(request, upcoming) if upcoming else "", "first_url": ""},
    }
    return render(request, "portal/agreements.html", context)


@page(GET=INSIDE)
def of_organization(request: HttpRequest, slug: str) -> HttpResponse:
    found, principal = entered(request, slug)
    user = principal.require_user()
    rows = queries.visible_to(user).filter(licensor=found) | queries.visible_to(user).filter(licensee=found)
    context = {
        **frame(found, principal, "agreements"),
        "agreements": [_row(one, user) for one in rows.distinct().order_by("-created_at")[:200]],
        "offers": queries.live_offers().filter(licensor=found),
    }
    return render(request, "portal/organization_agreements.html", context)


@page(GET=PARTIES)
def agreement(request: HttpRequest, number: str) -> HttpResponse:
    user = principal_of(request).require_user()
    return shown(request, queries.agreement_of(number, user))


@page(POST=PARTIES)
@once
def sign(request: HttpRequest, number: str) -> HttpResponse:
    user = principal_of(request).require_user()
    found = queries.agreement_of(number, user)
    form = SignedForm(request.POST)
    if form.is_valid():
        try:
            services.sign_agreement(
                number=found.number,
                statement_sha256=request.POST.get("statement", ""),
                totp=form.cleaned_data["totp"],
                consent=form.consent_version,
                actor=user,
                trace=getattr(request, "request_id", ""),
            )
        except DomainError as error:
            services.note_refusal(number=found.number, code=error.reason, actor=user)
            tell(form, error)
        else:
            messages.success(request, _("Signed. The agreement is in effect and the weights are open to you."))
            return redirect(pages.agreement(found.number))
    return shown(request, found, sign=form)


@page(POST=PARTIES)
@once
def act(request: HttpRequest, number: str, action: str) -> HttpResponse:
    """Decline, withdraw, suspend or resume, with a reason that both sides see."""
    user = principal_of(request).require_user()
    found = queries.agreement_of(number, user)
    if action not in DEEDS:
        raise NotFound(queries.HIDDEN)
    form = ReasonForm(request.POST)
    if form.is_valid():
        done = attempt(form, lambda: DEEDS[action](number=found.number, reason=form.cleaned_data["reason"], actor=user))
        if done is not None:
            messages.success(request, _("Done, and both sides see the reason."))
            return redirect(pages.agreement(found.number))
    return shown(request, found, reason=form)


@page(POST=PARTIES)
def seat(request: HttpRequest, number: str) -> HttpResponse:
    """Give a seat, or end one (``end``)."""
    user = principal_of(request).require_user()
    found = queries.agreement_of(number, user)
    form = SeatForm(request.POST)
    if form.is_valid():
        username = form.cleaned_data["username"]
        if request.POST.get("end"):
            services.end_seat(number=found.number, username=username, actor=user)
            messages.success(request, _("%(name)s holds no seat any more.") % {"name": username})
        else:
            services.give_seat(number=found.number, username=username, actor=user)
            messages.success(request, _("%(name)s has a seat now.") % {"name": username})
    return redirect(pages.agreement(found.number))


def shown(
    request: HttpRequest, found: Agreement, *, sign: SignedForm | None = None, reason: ReasonForm | None = None
) -> HttpResponse:
    """The page; with a form that was refused, its errors and 400."""
    user = principal_of(request).require_user()
    revision, actions = queries.revision_of(found), queries.actions_for(found, user)
    seats = Seat.objects.filter(agreement=found, ended_at=None).select_related("user").order_by("created_at")
    context: dict[str, Any] = {
        "agreement": found,
        "state": queries.current_state(found),
        "revision": revision,
        "terms": revision.terms,
        "texts": html_of(revision.texts),
        "slots": [_slot(one) for one in queries.slots_of(found)],
        "statement": queries.statement_for(found, user),
        "actions": actions,
        "deeds": [action for action in actions if action in DEEDS],
        "form": sign or SignedForm(),
        "reason_form": reason or ReasonForm(),
        "has_totp": stepup.has_totp(user),
        "seats": seats,
        "grants": Grant.objects.filter(agreement=found),
        "accesses": queries.access_rows(found).order_by("-pk")[:20],
        "seat_form": SeatForm(),
        "gives_seats": "licensee" in {str(side) for side in queries.sides_of(found, user)},
        "host": request.build_absolute_uri("/").rstrip("/"),
    }
    return render(request, "portal/agreement.html", context, status=400 if sign or reason else 200)


def _slot(slot: dict[str, Any]) -> dict[str, Any]:
    """Times as instants, so that the page writes them as its reader does."""
    signed = slot["signed_at"]
    return {**slot, "signed_at": datetime.fromisoformat(signed) if signed else None}


def _row(found: Agreement, user: User) -> dict[str, object]:
    actions = queries.actions_for(found, user)
    return {"agreement": found, "state": queries.current_state(found), "signs": "sign" in actions}
