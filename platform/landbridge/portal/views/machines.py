"""Machines of an organization's own: attach one, see what it does, take its token away."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from landbridge.accounts.models import Role
from landbridge.core.errors import NotFound
from landbridge.evaluations import fleet, services
from landbridge.portal.asks import attempt
from landbridge.portal.forms.machines import MachineForm
from landbridge.portal.once import once
from landbridge.portal.page import page
from landbridge.portal.shown import fleet as shown
from landbridge.portal.views.organizations import OWNERS, entered, frame
from landbridge.portal.views.tokens import keep_to_show, take_shown


@page(GET=OWNERS, POST=OWNERS)
@once
def machines(request: HttpRequest, slug: str) -> HttpResponse:
    found, principal = entered(request, slug)
    user = principal.require_role(found.namespace, Role.OWNER)
    form = MachineForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["name"]
        made = attempt(form, lambda: services.enroll_worker(organization=found, name=name, actor=user))
        if made is not None:
            keep_to_show(request, made.text)
            return redirect("organization-machines", found.slug)
    context = {
        **frame(found, principal, "machines"),
        "form": form,
        "workers": shown.show_own(fleet.workers_of(found)),
        "shown": take_shown(request),
        "address": settings.SITE_URL or request.build_absolute_uri("/").rstrip("/"),
    }
    return render(request, "portal/organization_machines.html", context, status=400 if form.errors else 200)


@page(POST=OWNERS)
@once
def revoke(request: HttpRequest, slug: str, worker_id: str) -> HttpResponse:
    found, principal = entered(request, slug)
    user = principal.require_role(found.namespace, Role.OWNER)
    if worker_id not in {one.pk for one in fleet.workers_of(found)}:
        raise NotFound("There is no such machine of this organization.")
    worker = services.revoke_worker(worker_id=worker_id, actor=user)
    said = _("The token of %(name)s opens nothing any more. What it ran goes on elsewhere.")
    messages.success(request, said % {"name": worker.name})
    return redirect("organization-machines", found.slug)
