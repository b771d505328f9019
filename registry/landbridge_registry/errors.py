"""What can go wrong in the registry: plain exceptions with a code. The doors turn them into answers."""

from typing import ClassVar


class RegistryError(Exception):
    """The base. ``code`` is for programs and never changes; the message is a sentence for the person who sent it."""

    code: ClassVar[str] = "registry_error"

    def __init__(self, message: str, **detail: object) -> None:
        super().__init__(message)
        self.detail = detail


class BadName(RegistryError):
    code = "bad_name"


class BadPath(RegistryError):
    code = "bad_path"


class RepoMissing(RegistryError):
    code = "repo_not_found"


class RepoExists(RegistryError):
    code = "repo_exists"


class RevisionMissing(RegistryError):
    code = "revision_not_found"


class EntryMissing(RegistryError):
    code = "entry_not_found"


class BadOperation(RegistryError):
    """Operations that cannot be carried out: a clash of file and folder, a pointer for content, no summary."""

    code = "bad_operation"


class ObjectMissing(RegistryError):
    """A content was named that neither this repository holds nor one its author may write."""

    code = "object_not_found"


class StaleParent(RegistryError):
    code = "stale_parent"

    def __init__(self) -> None:
        super().__init__("The branch was updated since you opened this page. Please refresh and try again.")


class FactsMissing(RegistryError):
    """The commit needs these contents read for the cached head; reading is no work for a transaction."""

    code = "facts_missing"

    def __init__(self, wanted: frozenset[tuple[str, str]]) -> None:
        super().__init__("Read these contents and commit again.")
        self.wanted = wanted  # (file name, sha256)


class Held(RegistryError):
    code = "held"


class BadContent(RegistryError):
    """Bytes that are not what was announced: too few, too many, another digest."""

    code = "bad_content"


class NoSpace(RegistryError):
    code = "no_space"


class Collision(RegistryError):
    """Two contents with one SHA-1. Git cannot tell them apart, so the second is refused."""

    code = "sha1_collision"
