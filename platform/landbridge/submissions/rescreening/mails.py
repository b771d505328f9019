"""What people are told about a late finding, and what it means for them."""

from collections.abc import Mapping
from typing import Final

from django.conf import settings
from django.core.mail import send_mail

from landbridge.submissions.rescreening.machine import LateState
from landbridge.submissions.rescreening.models import Notice

SUBJECTS: Final[Mapping[str, str]] = {
    LateState.OPEN: "{model}: a new finding in a sealed version",
    LateState.SUSPENDED: "{model}: the listing is suspended",
    LateState.DISMISSED: "{model}: a finding was dismissed",
    LateState.LIFTED: "{model}: the listing stands again",
}
INSIDE: Final[Mapping[str, str]] = {
    LateState.OPEN: "Nothing is suspended by this: a person of the operator decides. Answer there, or upload a version "
    "without it.",
    LateState.SUSPENDED: "No license on it can be taken or signed until this is lifted. Agreements that run go on.",
    LateState.DISMISSED: "Nothing changes.",
    LateState.LIFTED: "Licenses on it can be taken again.",
}
HOLDER: Final[Mapping[str, str]] = {
    LateState.SUSPENDED: "You hold a license on it. Your agreement goes on and its files can still be downloaded: "
    "judge by the finding whether to use them. Nobody new can license it until this is lifted.",
    LateState.LIFTED: "You hold a license on it. There is nothing for you to do.",
}
BODY: Final = """Hello,

{model}, version {commit}: {code}
{message}

{meaning}{reason}

{link}
"""


def send(notice: Notice) -> None:
    """Raises what the mail server raises; the sweeper tries again."""
    finding = notice.finding
    repo = finding.revision.repo
    meaning = (HOLDER if notice.holder else INSIDE)[notice.about]
    text = BODY.format(
        model=repo,
        commit=finding.revision.commit[:12],
        code=finding.code,
        message=finding.message,
        meaning=meaning,
        reason=f"\nThe operator's reason: {finding.reason}" if finding.reason else "",
        link=f"{settings.SITE_URL.rstrip('/')}/{repo}",
    )
    send_mail(SUBJECTS[notice.about].format(model=repo), text, None, [notice.user.email])
