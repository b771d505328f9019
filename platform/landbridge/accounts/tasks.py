"""Mails that follow a deed. A message may be lost or come twice; the row says what was sent."""

from landbridge.accounts import invitations
from landbridge.accounts.models import CodeUse, Invitation
from landbridge.core import time
from landbridge.core.tasks import control_task

OLD_STEPS = 1_000_000  # used codes of about a year stay


@control_task
def send_invitation(invitation_id: str) -> None:
    """Send the mail of one invitation, unless it was sent. The first who claims the row sends."""
    rows = Invitation.objects.filter(pk=invitation_id, sent_at=None, accepted_by=None, revoked_at=None)
    if rows.update(sent_at=time.now()) == 0:
        return
    invitation = Invitation.objects.select_related("organization", "invited_by").get(pk=invitation_id)
    try:
        invitations.send(invitation)
    except OSError:
        Invitation.objects.filter(pk=invitation_id).update(sent_at=None)
        raise


def send_waiting_invitations() -> int:
    """The sweep's twin of ``invitation.made``."""
    waiting = Invitation.objects.filter(sent_at=None, accepted_by=None, revoked_at=None, expires_at__gt=time.now())
    ids = list(waiting.values_list("pk", flat=True)[:100])
    for invitation_id in ids:
        send_invitation(invitation_id)
    return len(ids)


def forget_old_codes() -> int:
    """A code's step that lies far behind can never come again."""
    latest = CodeUse.objects.order_by("-step").values_list("step", flat=True).first()
    return CodeUse.objects.filter(step__lt=latest - OLD_STEPS).delete()[0] if latest else 0
