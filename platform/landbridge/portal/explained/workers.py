"""What workers are told."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from landbridge.portal.explained.shape import Explained

WORKERS: Final = (
    Explained(
        "fenced", _("This attempt is over"), _("Another attempt goes on; nothing more can be delivered for this one.")
    ),
    Explained("bad_result", _("The result cannot be accepted"), _("The answer says which part does not hold.")),
    Explained("bad_shard", _("The shard cannot be kept"), _("The answer says what is wrong with its bytes.")),
    Explained("gap", _("Bytes are missing before this chunk"), _("Send from the offset that the answer names.")),
    Explained("protocol", _("The worker is too old for this platform"), _("Upgrade it.")),
    Explained("not_registered", _("The worker has not registered"), _("Register first.")),
    Explained(
        "quota_exhausted",
        _("The jobs that your organization may queue today are used up"),
        _("Wait for the next day by UTC, or ask the operator for more."),
    ),
    Explained(
        "no_own_machines",
        _("Your organization has attached no machine"),
        _("An owner attaches one under Organization, Own machines. Or let the operator's machines run it."),
    ),
    Explained(
        "too_many_workers",
        _("Your organization has as many machines as it may"),
        _("Revoke one that is not used any more."),
    ),
    Explained("worker_disabled", _("This worker is switched off"), _("The operator can switch it on again.")),
)
