"""Small lists that pages show and no room asks for: plain reads, no rules."""

from typing import Any

from django.db.models import QuerySet

from landbridge.accounts.models import AuthorityRecord, Invitation, Membership, Organization, Token, User
from landbridge.core import time


def tokens_of(user: User) -> QuerySet[Token, Any]:
    return Token.objects.filter(user=user, organization=None, revoked_at=None).order_by("-created_at")


def organization_tokens(organization: Organization) -> QuerySet[Token, Any]:
    rows = Token.objects.filter(organization=organization, revoked_at=None, expires_at__gt=time.now())
    return rows.select_related("user").order_by("-created_at")


def members(organization: Organization) -> QuerySet[Membership, Any]:
    return Membership.objects.filter(organization=organization).select_related("user").order_by("user__username")


def invitations(organization: Organization) -> QuerySet[Invitation, Any]:
    rows = Invitation.objects.filter(organization=organization, accepted_by=None, revoked_at=None)
    return rows.filter(expires_at__gt=time.now()).order_by("-created_at")


def authority(organization: Organization) -> QuerySet[AuthorityRecord, Any]:
    rows = AuthorityRecord.objects.filter(organization=organization)
    return rows.select_related("person", "granted_by", "confirmed_by").order_by("-created_at")
