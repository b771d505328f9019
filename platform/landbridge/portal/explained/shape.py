"""What a page tells of one error code."""

from dataclasses import dataclass

from landbridge.portal.words import Text


@dataclass(frozen=True, slots=True)
class Explained:
    code: str
    title: Text
    remedy: Text = ""
    known: bool = True
