"""What each error code means and what to do about it, in the reader's language. ``/errors/{code}`` shows it."""

from typing import Final

from landbridge.portal.explained.agreements import AGREEMENTS
from landbridge.portal.explained.asking import ASKING
from landbridge.portal.explained.faults import FAULTS
from landbridge.portal.explained.models import MODELS
from landbridge.portal.explained.plugins import PLUGINS
from landbridge.portal.explained.shape import Explained
from landbridge.portal.explained.workers import WORKERS

__all__ = ["EXPLAINED", "FAULTS", "Explained", "explain", "explain_fault"]

EXPLAINED: Final[dict[str, Explained]] = {one.code: one for one in (*ASKING, *MODELS, *PLUGINS, *AGREEMENTS, *WORKERS)}


def explain(code: str, fallback: str = "") -> Explained:
    return EXPLAINED.get(code) or Explained(code, fallback or code.replace("_", " "), known=False)


def explain_fault(code: str) -> Explained:
    """What ended an attempt. A refusal of the platform's may have, so its words are looked for, too."""
    return FAULTS.get(code) or explain(code)
