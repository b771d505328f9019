"""Looking at a sealed version again with today's rules: the files in the store, read and never executed."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

from landbridge.submissions import examining, plugins
from landbridge.submissions.models import Finding as Kept
from landbridge.submissions.models import Submission
from landbridge_client import screening
from landbridge_plugins import Finding
from landbridge_registry.models import Revision

OURS: Final = frozenset({"file_unreadable", "plugin_fault", "screening_failed", "no_task_fits"})  # no lab's to answer


class Unreadable(Exception):
    """A file of the version cannot be read now: it is looked at again later, and nobody is blamed."""


@cache
def rules() -> str:
    """SHA-256 over the rules themselves: the screening code, and the plugins that look at submissions."""
    digest = hashlib.sha256(repr(screening.LIMITS).encode())
    for path in sorted(Path(screening.__file__).parent.rglob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    for name in sorted(plugins.screening_plugins()):
        digest.update(name.encode())
    return digest.hexdigest()


def late_findings(revision: Revision) -> list[Finding]:
    """What today's rules refuse, and did not when the version was sealed. Raises ``Unreadable``."""
    submission = Submission.objects.filter(revision=revision).order_by("-created_at").first()
    asked = submission or Submission(repo=revision.repo, commit=revision.commit)
    found = examining.examine(asked).findings
    if any(one.code == "file_unreadable" for one in found):
        raise Unreadable(str(revision))
    known = set(Kept.objects.filter(submission__revision=revision).values_list("code", flat=True))
    new: dict[str, Finding] = {}
    for one in found:
        if one.blocking and one.code not in known | OURS:
            new.setdefault(one.code, one)
    return list(new.values())
