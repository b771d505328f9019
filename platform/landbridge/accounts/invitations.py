"""The mail of an invitation, and the secret in its link: a signature of the id, so nothing secret is stored."""

from django.conf import settings
from django.core.mail import send_mail
from django.core.signing import Signer
from django.utils.crypto import constant_time_compare

from landbridge.accounts.models import Invitation

BODY = """Hello,

{by} invites you to {organization} on Landbridge, as {role}.

Sign in or sign up, then accept here:
{link}

The link works until {until}. If you do not know what this is about, ignore it.
"""


def secret_of(invitation: Invitation) -> str:
    return Signer(salt="landbridge.invitation").signature(invitation.pk)


def is_secret_of(invitation: Invitation, text: str) -> bool:
    return bool(text) and constant_time_compare(secret_of(invitation), text)


def link_of(invitation: Invitation) -> str:
    return f"{settings.SITE_URL.rstrip('/')}/organizations/invitations/{invitation.pk}/{secret_of(invitation)}"


def send(invitation: Invitation) -> None:
    """Raises what the mail server raises; the sweeper tries again."""
    text = BODY.format(
        by=invitation.invited_by.username,
        organization=invitation.organization.name,
        role=invitation.role,
        link=link_of(invitation),
        until=f"{invitation.expires_at:%Y-%m-%d %H:%M} UTC",
    )
    send_mail(f"Join {invitation.organization.name} on Landbridge", text, None, [invitation.email])
