"""Who may bind an organization: one side writes it down, the other confirms it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from landbridge.accounts import services
from landbridge.accounts.models import Organization, UserKind
from landbridge.accounts.principals import Principal
from landbridge.core import time
from landbridge.core.access import Access, Right
from landbridge.portal import reads
from landbridge.portal.asks import attempt
from landbridge.portal.forms.accounts import AuthorityForm
from landbridge.portal.once import once
from landbridge.portal.page import page
from landbridge.portal.views.organizations import INSIDE, entered, frame

EITHER = Access(Right.OWNER, hidden=True, operator=True, why="The service asks which of the two sides acts.")


@page(GET=INSIDE, POST=Access(Right.MEMBER, hidden=True, operator=True, why="The service asks which side acts."))
@once
def authority(request: HttpRequest, slug: str) -> HttpResponse:
    found, principal = entered(request, slug)
    form = AuthorityForm(request.POST or None, people=_people(found, principal))
    if request.method == "POST" and form.is_valid():
        wanted = form.cleaned_data
        made = attempt(
            form,
            lambda: services.grant_authority(
                actor=principal.require_user(),
                slug=found.slug,
                username=wanted["username"],
                title=wanted["title"],
                basis=wanted["basis"],
            ),
        )
        if made is not None:
            messages.success(request, _("Written down. It holds once the other side has confirmed it."))
            return redirect("organization-authority", found.slug)
    context = {**frame(found, principal, "authority"), "records": _records(found, principal), "form": form}
    return render(request, "portal/organization_authority.html", context, status=400 if form.errors else 200)


@page(POST=EITHER)
def confirm(request: HttpRequest, slug: str, record_id: str) -> HttpResponse:
    found, principal = entered(request, slug)
    services.confirm_authority(actor=principal.require_user(), slug=found.slug, record_id=record_id)
    messages.success(request, _("Confirmed: this person may sign from now on."))
    return redirect("organization-authority", found.slug)


@page(POST=EITHER)
def revoke(request: HttpRequest, slug: str, record_id: str) -> HttpResponse:
    found, principal = entered(request, slug)
    services.revoke_authority(actor=principal.require_user(), slug=found.slug, record_id=record_id)
    messages.success(request, _("The authority has ended."))
    return redirect("organization-authority", found.slug)


def _people(found: Organization, principal: Principal) -> list[tuple[str, str]]:
    """Members who are persons, without the one who writes: nobody grants to themselves."""
    user = principal.require_user()
    rows = reads.members(found).filter(user__kind=UserKind.PERSON).exclude(user=user)
    return [(row.user.username, row.user.get_full_name() or row.user.username) for row in rows]


def _records(found: Organization, principal: Principal) -> list[dict[str, object]]:
    user, moment = principal.require_user(), time.db_now()
    rows = []
    for record in reads.authority(found):
        ended = record.revoked_at is not None or (record.ends_at is not None and record.ends_at <= moment)
        state = "revoked" if ended else "live" if record.confirmed_by_id else "waiting"
        mine = user.pk in {record.granted_by_id, record.person_id}
        rows.append({"record": record, "state": state, "confirmable": state == "waiting" and not mine})
    return rows
