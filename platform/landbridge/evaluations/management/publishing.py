"""Folders of the platform's own into repositories: sealed datasets, models of plugins. Same content, no commit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from landbridge.accounts.models import User
from landbridge.evaluations import services
from landbridge_client.formats.digest import tree_digest
from landbridge_registry import facts, queries
from landbridge_registry.errors import RegistryError
from landbridge_registry.models import Revision
from landbridge_registry.storage import Stage, Stored

ATTRIBUTES = ".gitattributes"
ATTRIBUTES_TEXT = b"".join(
    f"*.{ending} filter=lfs diff=lfs merge=lfs -text\n".encode() for ending in ("parquet", "safetensors", "bin", "npz")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """What is to stand in a repository."""

    kind: str  # model, dataset
    namespace: str
    name: str
    contents: Mapping[str, bytes | Path]
    message: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    capabilities: Mapping[str, Any] = field(default_factory=dict)
    license: str = ""


def publish(folder: Folder, *, actor: User) -> Revision:
    """The sealed revision whose content is ``folder``. No transaction may be open: files are written first."""
    with Stage() as stage:
        stored = {
            path: _store(stage, content) for path, content in {ATTRIBUTES: ATTRIBUTES_TEXT, **folder.contents}.items()
        }
        digest = tree_digest((path, one.sha256, one.size) for path, one in stored.items())
        found = _sealed(folder, digest)
        if found is not None:
            return found
        known = {
            (path, one.sha256): facts.read_file(path, one.location, one.size)
            for path, one in stored.items()
            if facts.is_relevant(path)
        }
        return services.publish_folder(
            kind=folder.kind,
            namespace=folder.namespace,
            name=folder.name,
            stored=stored,
            known=known,
            message=folder.message,
            said={"facts": folder.facts, "capabilities": folder.capabilities, "license": folder.license},
            actor=actor,
        )


def _store(stage: Stage, content: bytes | Path) -> Stored:
    if isinstance(content, bytes):
        return stage.put_bytes(content)
    with content.open("rb") as file:
        return stage.put_stream(file.read, size=content.stat().st_size)


def _sealed(folder: Folder, digest: str) -> Revision | None:
    """The head, if it has this content and is sealed already."""
    try:
        repo = queries.find_repo(folder.kind, folder.namespace, folder.name)
    except RegistryError:
        return None
    return Revision.objects.filter(repo=repo, commit=repo.head_sha, tree_digest=digest).first()
