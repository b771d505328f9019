"""Faults of attempts, told apart by who must act (execution, section 1): the table decides what is tried again."""

from dataclasses import dataclass
from typing import Any, Final, TypedDict

LAB, INFRASTRUCTURE, OPERATOR = "lab", "infrastructure", "operator"
TEXT = 2000
MEMORY, NO_ISOLATION = "memory", "no_isolation"

# code → (whose fault, may another attempt help)
TABLE: Final[dict[str, tuple[str, bool]]] = {
    "plugin_fault": (LAB, False),
    "model_not_loaded": (LAB, False),
    "bad_frames": (LAB, False),
    "wall": (LAB, False),
    "log_cap": (LAB, False),
    "result_cap": (LAB, False),
    "inodes": (LAB, False),
    MEMORY: (LAB, False),  # but for one attempt at half the token budget: steps.halve
    "task_fault": (OPERATOR, False),
    "content_changed": (OPERATOR, False),
    "entitlement_lost": (OPERATOR, False),
    "infrastructure_fault": (INFRASTRUCTURE, True),
    "child_killed": (INFRASTRUCTURE, True),
    "lease_expired": (INFRASTRUCTURE, True),
    "worker_restarted": (INFRASTRUCTURE, True),
    "disk_full": (INFRASTRUCTURE, True),
    "download_failed": (INFRASTRUCTURE, True),
    NO_ISOLATION: (OPERATOR, True),  # not counted
}
WHO: Final = {LAB: "lab", INFRASTRUCTURE: "operator", OPERATOR: "operator"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What a worker says went wrong."""

    code: str
    text: str
    stage: str = ""
    retryable: bool = False
    who: str = ""


class Known(TypedDict):
    fault: dict[str, Any]
    retry: bool


def known(fault: Reported) -> Known:
    """The fault as it is kept. A code that the table lacks is retried if the worker asks, within the budget."""
    default = (LAB if fault.who == LAB else INFRASTRUCTURE, fault.retryable and fault.who != LAB)
    kind, retry = TABLE.get(fault.code, default)
    said = {
        "code": fault.code[:60],
        "kind": kind,
        "who": WHO[kind],
        "stage": fault.stage[:60],
        "text": clean(fault.text)[:TEXT],
    }
    return {"fault": said, "retry": retry}


def released(worker: str, reason: str) -> dict[str, Any]:
    text = (
        f"{worker} gave the job back ({clean(reason)[:200] or 'no reason given'}); another attempt goes on from there."
    )
    return {"code": "released", "kind": "nobody", "who": "nobody", "stage": "", "text": text}


def clean(text: str) -> str:
    """Without control characters: no terminal is talked to, and PostgreSQL keeps no NUL."""
    return "".join(one if one.isprintable() or one in "\n\t" else "\ufffd" for one in text)
