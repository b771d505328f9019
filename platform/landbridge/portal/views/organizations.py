"""My organization: who belongs to it, what they may do, who may sign for it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from landbridge.accounts import queries, services
from landbridge.accounts.models import Organization, Role
from landbridge.accounts.principals import Principal, principal_of
from landbridge.core.access import Access, Right
from landbridge.core.errors import NotFound
from landbridge.portal import reads
from landbridge.portal.asks import attempt
from landbridge.portal.forms.accounts import InvitationForm, OrganizationForm, RoleForm
from landbridge.portal.once import once
from landbridge.portal.page import page

INSIDE = Access(Right.MEMBER, hidden=True, operator=True)
OWNERS = Access(Right.OWNER, hidden=True)


@page(GET=Access(Right.SIGNED_IN), POST=Access(Right.SIGNED_IN))
@once
def new(request: HttpRequest) -> HttpResponse:
    user = principal_of(request).require_user()
    form = OrganizationForm(request.POST or None, initial={"kind": request.GET.get("kind", "")})
    if request.method == "POST" and form.is_valid():
        wanted = form.cleaned_data
        made = attempt(
            form,
            lambda: services.create_organization(
                actor=user,
                slug=wanted["slug"],
                kind=wanted["kind"],
                name=wanted["name"],
                country=wanted["country"],
            ),
        )
        if made is not None:
            messages.success(request, _("%(name)s is set up, and you own it.") % {"name": made.name})
            return redirect("organization", made.slug)
    return render(request, "portal/organization_new.html", {"form": form}, status=400 if form.errors else 200)


@page(GET=INSIDE)
def organization(request: HttpRequest, slug: str) -> HttpResponse:
    found, principal = entered(request, slug)
    context = {
        **frame(found, principal, "members"),
        "members": reads.members(found),
        "invitations": reads.invitations(found),
        "form": InvitationForm(),
        "roles": RoleForm().fields["role"].choices,  # type: ignore[attr-defined]
    }
    return render(request, "portal/organization.html", context)


@page(POST=OWNERS)
@once
def invite(request: HttpRequest, slug: str) -> HttpResponse:
    found, principal = entered(request, slug)
    user = principal.require_role(found.namespace, Role.OWNER)
    form = InvitationForm(request.POST)
    if form.is_valid():
        wanted = form.cleaned_data
        made = attempt(
            form,
            lambda: services.invite(actor=user, slug=found.slug, email=wanted["email"], role=Role(wanted["role"])),
        )
        if made is not None:
            messages.success(request, _("An invitation is on its way to %(email)s.") % {"email": made.email})
            return redirect("organization", found.slug)
    context = {
        **frame(found, principal, "members"),
        "members": reads.members(found),
        "invitations": reads.invitations(found),
        "form": form,
        "roles": RoleForm().fields["role"].choices,  # type: ignore[attr-defined]
    }
    return render(request, "portal/organization.html", context, status=400)


@page(POST=OWNERS)
def withdraw(request: HttpRequest, slug: str, pk: str) -> HttpResponse:
    found, principal = entered(request, slug)
    user = principal.require_role(found.namespace, Role.OWNER)
    services.withdraw_invitation(actor=user, slug=found.slug, invitation_id=pk)
    messages.success(request, _("The invitation is withdrawn."))
    return redirect("organization", found.slug)


@page(POST=OWNERS)
def member(request: HttpRequest, slug: str, username: str) -> HttpResponse:
    """Change a member's role, or end the membership (``role`` empty)."""
    found, principal = entered(request, slug)
    user = principal.require_role(found.namespace, Role.OWNER)
    if request.POST.get("remove"):
        services.remove_member(actor=user, slug=found.slug, username=username)
        messages.success(request, _("%(name)s no longer belongs to it.") % {"name": username})
        return redirect("organization", found.slug)
    form = RoleForm(request.POST)
    if form.is_valid():
        services.change_role(actor=user, slug=found.slug, username=username, role=Role(form.cleaned_data["role"]))
        messages.success(request, _("The role of %(name)s is changed.") % {"name": username})
    return redirect("organization", found.slug)


def entered(request: HttpRequest, slug: str) -> tuple[Organization, Principal]:
    """The organization, for its members and the operator; for others there is nothing here."""
    principal, found = principal_of(request), queries.organization_of(slug)
    if not principal.has_role(found.namespace, Role.MEMBER) and not principal.is_operator:
        raise NotFound(f"There is no organization {slug}.")
    return found, principal


def frame(found: Organization, principal: Principal, tab: str) -> dict[str, object]:
    """What every page of an organization shows around its own part."""
    return {
        "organization": found,
        "tab": tab,
        "my_role": principal.role_in(found.namespace_id) or ("operator" if principal.is_operator else ""),
        "owns": principal.has_role(found.namespace, Role.OWNER),
        "maintains": principal.has_role(found.namespace, Role.MAINTAINER),
        "is_operator": principal.is_operator,
    }
