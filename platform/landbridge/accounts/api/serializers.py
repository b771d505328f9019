"""What goes in and out about people, organizations and keys."""

import ipaddress
from typing import Any

from django.conf import settings
from django.core.validators import RegexValidator
from rest_framework import serializers

from landbridge.accounts.models import AuthorityRecord, Invitation, Membership, Organization, OrganizationKind, Role
from landbridge.accounts.models import Token as TokenRow
from landbridge.accounts.steps import ACTS, AGREEMENT_TYPES
from landbridge.accounts.tokens import SCOPES
from landbridge.core import time
from landbridge.core.serializers import PlainField, Strict

LONGEST_DAYS = 366
KINDS = (OrganizationKind.LAB, OrganizationKind.COMPANY)
COUNTRY, ROBOT = r"^[A-Z]{2}$", r"^[a-z0-9][a-z0-9-]{0,39}\Z"


class Place(Strict):
    organization = serializers.CharField()
    kind = serializers.ChoiceField(OrganizationKind.choices)
    role = serializers.ChoiceField(Role.choices)


class Me(Strict):
    username = serializers.CharField()
    kind = serializers.CharField()
    name = serializers.CharField()
    email = serializers.EmailField()
    locale = serializers.CharField()
    organizations = Place(many=True)
    scopes = serializers.ListField(child=serializers.ChoiceField(SCOPES), allow_null=True)
    token = serializers.CharField(allow_null=True)
    two_factor = serializers.BooleanField()


class MeChange(Strict):
    first_name = PlainField(max_length=150, required=False, allow_blank=True)
    last_name = PlainField(max_length=150, required=False, allow_blank=True)
    locale = serializers.ChoiceField(["", *(code for code, _ in settings.LANGUAGES)], required=False)


class Network(serializers.CharField):
    """An address or a network, as CIDR."""

    def to_internal_value(self, data: Any) -> str:  # noqa: ANN401 DRF's signature
        try:
            return str(ipaddress.ip_network(super().to_internal_value(data)))
        except ValueError as error:
            raise serializers.ValidationError("An address or a network, such as 192.0.2.0/24.") from error


class TokenWish(Strict):
    name = PlainField(max_length=80)
    scopes = serializers.ListField(child=serializers.ChoiceField(SCOPES), min_length=1, max_length=len(SCOPES))
    days = serializers.IntegerField(min_value=1, max_value=LONGEST_DAYS, default=90)
    addresses = serializers.ListField(child=Network(max_length=50), required=False, max_length=50)


class RobotTokenWish(TokenWish):
    name = PlainField(max_length=40, validators=[RegexValidator(ROBOT)], help_text="The robot's name: a-z 0-9 -")
    role = serializers.ChoiceField([Role.MEMBER, Role.MAINTAINER], default=Role.MEMBER)


class Token(Strict):
    id = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.CharField()
    user = serializers.CharField()
    prefix = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    addresses = serializers.ListField(child=serializers.CharField())
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)


class NewToken(Token):
    token = serializers.CharField(help_text="The key itself. It is shown this once.")


class OrganizationWish(Strict):
    slug = serializers.CharField(max_length=96)
    kind = serializers.ChoiceField(KINDS)
    name = PlainField(max_length=200, required=False)
    country = serializers.RegexField(COUNTRY, required=False, help_text="ISO 3166-1 alpha-2")


class OrganizationChange(Strict):
    name = PlainField(max_length=200, required=False)
    country = serializers.RegexField(COUNTRY, required=False, allow_blank=True)


class OrganizationOut(Strict):
    slug = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(OrganizationKind.choices)
    country = serializers.CharField()
    verified_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    role = serializers.CharField(allow_null=True, help_text="Yours, if you belong to it.")


class Member(Strict):
    user = serializers.CharField()
    kind = serializers.CharField()
    role = serializers.ChoiceField(Role.choices)
    since = serializers.DateTimeField()


class RoleChange(Strict):
    role = serializers.ChoiceField(Role.choices)


class InvitationWish(Strict):
    email = serializers.EmailField()
    role = serializers.ChoiceField(Role.choices, default=Role.MEMBER)


class InvitationOut(Strict):
    id = serializers.CharField()
    email = serializers.EmailField()
    role = serializers.ChoiceField(Role.choices)
    invited_by = serializers.CharField()
    expires_at = serializers.DateTimeField()


class Acceptance(Strict):
    secret = serializers.CharField(required=False, help_text="From the link in the mail.")


class AuthorityWish(Strict):
    user = serializers.CharField()
    title = PlainField(max_length=120)
    basis = PlainField(max_length=200, help_text="What it rests on: the document, or its SHA-256.")
    types = serializers.ListField(child=serializers.ChoiceField(AGREEMENT_TYPES), min_length=1)
    acts = serializers.ListField(child=serializers.ChoiceField(ACTS), min_length=1)
    value_limit = serializers.IntegerField(min_value=0, required=False, allow_null=True, help_text="In minor units.")
    currency = serializers.RegexField(r"^[A-Z]{3}$", required=False)
    ends_at = serializers.DateTimeField(required=False)


class Authority(AuthorityWish):
    id = serializers.CharField()
    granted_by = serializers.CharField()
    confirmed_by = serializers.CharField(allow_null=True)
    starts_at = serializers.DateTimeField()
    revoked_at = serializers.DateTimeField(allow_null=True)


def instant(value: Any) -> str | None:  # noqa: ANN401 a datetime or nothing
    return time.text(value) if value else None


def token(row: TokenRow) -> dict[str, Any]:
    return {
        "id": row.pk,
        "name": row.name,
        "kind": row.kind,
        "user": row.user.username,
        "prefix": row.prefix,
        "scopes": row.scopes,
        "addresses": row.addresses,
        "created_at": instant(row.created_at),
        "expires_at": instant(row.expires_at),
        "last_used_at": instant(row.last_used_at),
        "revoked_at": instant(row.revoked_at),
    }


def organization(row: Organization, role: str | None = None) -> dict[str, Any]:
    return {
        "slug": row.slug,
        "name": row.name,
        "kind": row.kind,
        "country": row.country,
        "verified_at": instant(row.verified_at),
        "created_at": instant(row.created_at),
        "role": role,
    }


def member(row: Membership) -> dict[str, Any]:
    return {
        "user": row.user.username,
        "kind": row.user.kind,
        "role": row.role,
        "since": instant(row.created_at),
    }


def invitation(row: Invitation) -> dict[str, Any]:
    return {
        "id": row.pk,
        "email": row.email,
        "role": row.role,
        "invited_by": row.invited_by.username,
        "expires_at": instant(row.expires_at),
    }


def authority(row: AuthorityRecord) -> dict[str, Any]:
    return {
        "id": row.pk,
        "user": row.person.username,
        "title": row.title,
        "basis": row.basis,
        "types": row.types,
        "acts": row.acts,
        "value_limit": row.value_limit,
        "currency": row.currency,
        "starts_at": instant(row.starts_at),
        "ends_at": instant(row.ends_at),
        "granted_by": row.granted_by.username,
        "confirmed_by": row.confirmed_by.username if row.confirmed_by else None,
        "revoked_at": instant(row.revoked_at),
    }
