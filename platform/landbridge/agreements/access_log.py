"""The access log: a row before the first byte, a row at the end.

Call these outside transactions: what a rollback takes away was not logged.
"""

import hashlib
import secrets

from landbridge.accounts.models import Token, User
from landbridge.agreements.access import Decision
from landbridge.agreements.models import AccessEnd, AccessRow, Trace
from landbridge.core import time
from landbridge_registry.models import Repo

Outcome = AccessEnd.Outcome


def begin(  # noqa: PLR0913 the columns of a row
    *,
    decision: Decision,
    actor: User | None,
    token: Token | None,
    capability: str,
    repo: Repo,
    revision: str | None,
    path: str | None,
    method: str = "GET",
    purpose: str = "",
    sha256: str = "",
    range_asked: str = "",
    address: str = "",
    agent: str = "",
) -> AccessRow:
    """Write down a decision, allowed or denied, before anything is answered."""
    return AccessRow.objects.create(
        at=time.db_now(),
        allowed=decision.allowed,
        code=decision.code,
        capability=capability,
        purpose=purpose[:40],
        method=method[:8],
        grant_id=decision.grant_id,
        agreement_revision_id=decision.revision_id,
        organization_id=decision.organization_id,
        user=actor,
        token=token.pk if token else "",
        job=str(token.reach.get("job", ""))[:26] if token else "",
        repo=repo,
        commit=(revision or "")[:40],
        path=(path or "")[:1024],
        sha256=sha256,
        range_asked=range_asked[:60],
        trace=leave_trace(address=address, agent=agent),
    )


def finish(row: AccessRow, *, bytes_sent: int, outcome: str = Outcome.COMPLETE) -> None:
    """Write down how it ended, once; a second call changes nothing."""
    AccessEnd.objects.get_or_create(
        row=row, defaults={"at": time.db_now(), "bytes_sent": bytes_sent, "outcome": Outcome(outcome)}
    )


def leave_trace(*, address: str, agent: str) -> str:
    """Keep personal data apart, under a salted hash, so that erasing it breaks no chain. Empty for nothing."""
    if not address and not agent:
        return ""
    salt = secrets.token_hex(16)
    digest = hashlib.sha256(f"{salt}\n{address}\n{agent}".encode()).hexdigest()
    Trace.objects.create(digest=digest, salt=salt, address=address[:64], agent=agent[:300])
    return digest
