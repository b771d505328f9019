"""What a namespace or a repository may be called (hub-protocol, section 3; portal-and-api, section 2)."""

import re

from landbridge_registry.errors import BadName

LONGEST = 96
WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{1,96}")
RESERVED = frozenset({
    "accounts", "admin", "advisor", "agreements", "api", "cas", "compare", "datasets", "docs", "errors", "evaluations",
    "exports", "favicon.ico", "inbox", "jobs", "leaderboards", "livez", "login", "metrics", "models", "oauth", "offers",
    "organizations", "readyz", "requests", "resolve", "results", "robots.txt", "search", "settings", "spaces", "static",
    "submissions", "suites", "tasks", "v1", "verify", "version", "workers",
})  # fmt: skip
RULE = (
    "A name has 1 to 96 of the characters A-Z a-z 0-9 . _ -, does not start or end with - or ., "
    "holds no -- and no .., and does not end with .git."
)


def is_well_formed(name: str) -> bool:
    return (
        WELL_FORMED.fullmatch(name) is not None
        and "--" not in name
        and ".." not in name
        and name[0] not in "-."
        and name[-1] not in "-."
        and not name.lower().endswith(".git")
    )


def check_repo_name(name: str) -> str:
    if not is_well_formed(name):
        raise BadName(RULE)
    return name


def check_namespace(name: str) -> str:
    """As for a repository, and no address of our own."""
    check_repo_name(name)
    if name.lower() in RESERVED:
        raise BadName(f"The name {name} is taken by an address of this site. Choose another.")
    return name
