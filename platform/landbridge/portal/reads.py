"""Small lists that pages show and no room asks for: plain reads, no rules."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from landbridge.accounts.models import AuthorityRecord, Invitation, Membership, Organization, Token, User
from landbridge.core import time
from landbridge.leaderboards.models import Entry
from landbridge_registry.models import Repo


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


def best_standings(models: Iterable[Repo]) -> dict[Any, Entry]:
    """For each model its best rank on any task of a public board."""
    entries = Entry.objects.filter(model__in=list(models), task__isnull=False, rank__isnull=False)
    entries = entries.filter(board__suite__visibility="public").select_related("task", "board")
    best: dict[Any, Entry] = {}
    for entry in entries.order_by("rank", "task__name"):
        best.setdefault(entry.model_id, entry)
    return best


def standings(model: Repo) -> list[Entry]:
    """Where a model stands on every public board, task by task."""
    rows = Entry.objects.filter(model=model, task__isnull=False, board__suite__visibility="public")
    return list(rows.select_related("task", "board__suite", "model__namespace").order_by("board__slug", "task__name"))
