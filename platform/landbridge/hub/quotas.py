"""How much a namespace may store, and how large one file may be."""

from django.conf import settings

from landbridge.core.errors import NotAllowed, TooLarge
from landbridge_registry import steps
from landbridge_registry.models import Repo

REGULAR_CAP = 10 << 20  # bytes of one file inside a commit; larger ones go by LFS


def require_room(repo: Repo, added: int) -> None:
    if added and steps.storage_of(repo.namespace_id) + added > settings.LANDBRIDGE_MAX_STORAGE:
        raise NotAllowed(
            f"{repo.namespace} would pass its storage of {settings.LANDBRIDGE_MAX_STORAGE:,} bytes. "
            "Delete repositories, or ask the operator for more.",
            code="storage_full",
        )


def require_size(size: int) -> None:
    if size > settings.LANDBRIDGE_MAX_FILE:
        raise TooLarge(f"A file may have {settings.LANDBRIDGE_MAX_FILE:,} bytes.")
