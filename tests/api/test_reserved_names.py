"""The first part of an address is a namespace, unless it is ours: then nobody can have that name."""

import re

from landbridge.core.checks import patterns
from landbridge_registry.names import RESERVED, WELL_FORMED


def first_parts() -> set[str]:
    found = {address.lstrip("^").partition("/")[0].rstrip("$") for address, _ in patterns()}
    return {part for part in found if WELL_FORMED.fullmatch(part) and not re.search(r"[<(\[]", part)}


def test_no_address_of_ours_can_be_taken_as_a_name() -> None:
    missing = {part for part in first_parts() if part.lower() not in RESERVED and not part.startswith(".")}
    assert not missing, f"Add to landbridge_registry.names.RESERVED: {sorted(missing)}"


def test_library_pages_and_files_are_reserved_too() -> None:
    assert {"accounts", "static", "favicon.ico", "robots.txt"} <= RESERVED
