"""The card of a model that a wheel alone makes: from what the wheel declares."""

import json
from typing import Final

from landbridge_client.formats.errors import FormatError
from landbridge_client.formats.wheels import Wheel

MOST: Final = 1 << 20  # characters of the description


def card_of(wheel: Wheel) -> bytes:
    """``README.md`` with front matter. Raises ``FormatError`` for a wheel without a license."""
    if not wheel.license:
        raise FormatError(
            "license_missing",
            f'{wheel.file} declares no license. Add license = "Apache-2.0" (an SPDX expression) to [project].',
        )
    named = wheel.license.startswith("LicenseRef-")
    lines = ["---", f"license: {json.dumps('other' if named else wheel.license)}"]
    lines += [f"license_name: {json.dumps(wheel.license)}"] if named else []
    lines += ["library_name: landbridge", "tags: [plugin]", "---", ""]
    text = wheel.description.strip()[:MOST]
    if not text.startswith("# "):
        lines += [f"# {wheel.name}", ""]
    return "\n".join([*lines, text or wheel.summary, ""]).encode()
