"""States, roles and kinds in the reader's language. Programs read the code, people read these."""

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Look:
    """How a state looks: a color that is never alone, an icon and a word."""

    kind: str
    icon: str
    label: Text


STATES: Final[dict[str, Look]] = {
    # jobs
    "queued": Look("info", "hourglass", _("Queued")),
    "leased": Look("info", "loader-circle", _("Starting")),
    "running": Look("info", "loader-circle", _("Running")),
    "finalizing": Look("info", "loader-circle", _("Finishing")),
    "done": Look("good", "circle-check", _("Done")),
    "failed": Look("bad", "circle-x", _("Failed")),
    "cancelled": Look("", "ban", _("Cancelled")),
    # submissions
    "draft": Look("", "circle", _("Draft")),
    "uploading": Look("info", "upload", _("Uploading")),
    "screening": Look("info", "loader-circle", _("Being screened")),
    "needs_changes": Look("warn", "triangle-alert", _("Needs changes")),
    "sealed": Look("good", "lock", _("Sealed")),
    "evaluating": Look("info", "flask-conical", _("Being evaluated")),
    "published": Look("good", "circle-check", _("Published")),
    "withdrawn": Look("", "ban", _("Withdrawn")),
    # offers and agreements
    "requested": Look("info", "mail", _("Requested")),
    "negotiating": Look("info", "file-text", _("Being negotiated")),
    "offered": Look("info", "file-text", _("Offered")),
    "approving": Look("info", "hourglass", _("Being approved")),
    "frozen": Look("info", "lock", _("Text frozen")),
    "signing": Look("info", "signature", _("Waiting for signatures")),
    "executed": Look("good", "signature", _("Signed by both")),
    "sealing": Look("info", "lock", _("Being sealed")),
    "active": Look("good", "circle-check", _("In effect")),
    "suspended": Look("warn", "triangle-alert", _("Suspended")),
    "expired": Look("", "clock", _("Expired")),
    "terminated": Look("bad", "ban", _("Terminated")),
    "declined": Look("bad", "circle-x", _("Declined")),
    "superseded": Look("", "circle", _("Replaced")),
    "open": Look("good", "circle-check", _("Open to take")),
    "standing": Look("good", "circle-check", _("Open to take")),
    "closed": Look("", "ban", _("Closed")),
    "revoked": Look("bad", "ban", _("Revoked")),
    # authority, invitations, tokens
    "live": Look("good", "circle-check", _("In force")),
    "waiting": Look("warn", "hourglass", _("Waits for confirmation")),
    # access to weights
    "public": Look("good", "lock-open", _("Open weights")),
    "gated": Look("info", "lock", _("By license")),
    "private": Look("", "lock", _("Private")),
}

ROLES: Final[dict[str, Text]] = {
    "owner": _("Owner"),
    "maintainer": _("Maintainer"),
    "member": _("Member"),
    "signatory": _("Signatory"),
}

KINDS: Final[dict[str, Text]] = {
    "lab": _("Lab"),
    "company": _("Company"),
    "operator": _("Operator"),
}

MODALITIES: Final[dict[str, Text]] = {
    "text": _("Text"),
    "image": _("Image"),
    "audio": _("Audio"),
    "video": _("Video"),
    "tabular": _("Tables"),
    "multimodal": _("Several kinds"),
}

MISSING: Final[dict[str, Text]] = {
    "small_n": _("Fewer than 30 items: shown, never ranked."),
    "limited": _("Only a part of the test rows was run."),
    "unpinned": _("The data is not pinned by a digest."),
    "self_run": _("Run on the lab's own machine; only independent runs rank."),
    "private": _("The model is private: only its own organization sees this row, and it takes no place."),
    "self_reported": _("The model's own claim cannot be checked from outside."),
    "superseded": _("Measured on an earlier version of the task or its data."),
    "incomplete": _("A task of the board is missing."),
    "failed": _("The task failed."),
    "not_finite": _("The metric gave no finite number."),
    "no_interval": _("The metric gave no interval."),
    "skipped": _("The model cannot do this task."),
}

SHORTLY: Final[dict[str, Text]] = {
    "small_n": _("too few items"),
    "limited": _("partial run"),
    "unpinned": _("data not pinned"),
    "self_run": _("self-run"),
    "private": _("private"),
    "self_reported": _("self-reported"),
    "superseded": _("old version"),
    "incomplete": _("incomplete"),
    "failed": _("failed"),
    "not_finite": _("not computable"),
    "no_interval": _("no interval"),
    "skipped": _("not applicable"),
}


def look(state: str) -> Look:
    return STATES.get(state, Look("", "circle", state.replace("_", " ")))


def role(name: str) -> Text:
    return ROLES.get(name, name)


def kind(name: str) -> Text:
    return KINDS.get(name, name)


def modality(name: str) -> Text:
    return MODALITIES.get(name, name)
