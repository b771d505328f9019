"""The platform's key is a year old: the sweeper makes the next one, where the root lies on this machine."""

import logging
from datetime import UTC, datetime

from landbridge.accounts.clock import clock
from landbridge.core import keys, services, signing, time

log = logging.getLogger(__name__)


def sweep() -> int:
    """Rotate what is due. With the root offline a person does it, by ``manage.py rotate_key``; this only says so."""
    if time.db_now() - datetime.fromtimestamp(signing.made_at(), UTC) < keys.YEAR:
        return 0
    if signing.root_signer() is None:
        log.warning("the platform's key is older than a year: run manage.py rotate_key (docs/operator.md, Keys)")
        return 0
    services.rotate_key(actor=clock())
    signing.promote()
    return 1
