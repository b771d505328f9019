"""The platform's part: look at what is due, one version a round, and send the mails that are owed."""

import logging
from typing import Final

from landbridge.accounts.clock import clock
from landbridge.core import time
from landbridge.core.tasks import control_task
from landbridge.submissions.rescreening import examining, mails, queries, services
from landbridge.submissions.rescreening.models import Notice

log = logging.getLogger(__name__)
AT_ONCE: Final = 1  # versions a round: a sweep must not keep leases waiting
SEND: Final = "landbridge.submissions.rescreening.tasks.send_notice"


@control_task
def send_notice(notice_id: str) -> None:
    """Send one mail, unless it was sent. The first who claims the row sends."""
    if Notice.objects.filter(pk=notice_id, sent_at=None).update(sent_at=time.now()) == 0:
        return
    notice = Notice.objects.select_related("finding__revision__repo__namespace", "user").get(pk=notice_id)
    if not notice.user.email:
        return
    try:
        mails.send(notice)
    except OSError:
        Notice.objects.filter(pk=notice_id).update(sent_at=None)
        raise


def sweep_notices() -> int:
    waiting = list(queries.unsent())
    for notice_id in waiting:
        send_notice(notice_id)
    return len(waiting)


def sweep() -> int:
    """How many versions were looked at."""
    actor = clock()
    if noted := queries.unnoted():
        services.note_versions(revisions=noted, actor=actor)
    return sum(look(pk) for pk in queries.due(AT_ONCE))


def look(rescreening_id: str) -> bool:
    """Screen one sealed version anew. What cannot be read now is tried again in an hour."""
    actor = clock()
    taken = services.take_version(rescreening_id=rescreening_id, actor=actor)
    if taken is None:
        return False
    revision, held = taken
    rules = examining.rules()
    try:
        found = examining.late_findings(revision)
    except Exception:
        log.exception("%s could not be screened again; it is tried in an hour", revision)
        services.put_off_version(revision=revision, actor=actor)
        return False
    services.record_findings(revision=revision, held=held, found=found, rules=rules, actor=actor)
    return True
