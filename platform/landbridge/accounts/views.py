"""The page behind the link of an invitation's mail."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from landbridge.accounts import invitations, services
from landbridge.accounts.models import Invitation
from landbridge.accounts.principals import principal_of
from landbridge.core import time
from landbridge.core.access import Access, Right, declares
from landbridge.core.errors import DomainError


@declares(
    GET=Access(Right.SIGNED_IN, why="It shows who invites; the secret of the link is the right."),
    POST=Access(Right.SIGNED_IN, why="The secret of the link is the right."),
)
def invitation(request: HttpRequest, invitation_id: str, secret: str) -> HttpResponse:
    """Show an open invitation, and take the place with a POST: link scanners follow links."""
    live = Invitation.objects.filter(pk=invitation_id, accepted_by=None, revoked_at=None, expires_at__gt=time.now())
    row = live.select_related("organization", "invited_by").first()
    if row is None or not invitations.is_secret_of(row, secret):
        return render(request, "accounts/invitation.html", {"invitation": None}, status=404)
    if request.method == "GET":
        return render(request, "accounts/invitation.html", {"invitation": row})
    try:
        services.accept_invitation(actor=principal_of(request).require_user(), invitation_id=row.pk)
    except DomainError as error:
        return render(request, "accounts/invitation.html", {"invitation": row, "error": error}, status=error.status)
    return redirect(f"/{row.organization.slug}")
