"""Models and versions as ``/api/v1`` shows them, and what may be sent."""

from typing import Any
from urllib.parse import quote

from rest_framework import serializers

from landbridge.core import time
from landbridge.core.serializers import Strict
from landbridge.hub.queries import ModelPage, modality_of
from landbridge_registry.models import Gate, Repo, Revision, Visibility
from landbridge_registry.names import LONGEST
from landbridge_registry.queries import Entry


class FileOut(serializers.Serializer[Any]):
    path = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField()
    url = serializers.CharField(help_text="Where the bytes are, if the access predicate opens them.")


class VersionOut(serializers.Serializer[Any]):
    id = serializers.CharField()
    model = serializers.CharField()
    commit = serializers.CharField()
    tree_digest = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment] # DRF gives fields a label, too
    license = serializers.CharField()
    size = serializers.IntegerField()
    sealed_at = serializers.DateTimeField()
    capabilities = serializers.DictField()
    facts = serializers.DictField()


class VersionDetail(VersionOut):
    files = FileOut(many=True)


class ModelOut(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="namespace/name")
    namespace = serializers.CharField()
    name = serializers.CharField()
    summary = serializers.CharField()
    task = serializers.CharField()
    modality = serializers.CharField()
    languages = serializers.ListField(child=serializers.CharField())
    license = serializers.CharField()
    access = serializers.ChoiceField(["open", "agreement"])
    private = serializers.BooleanField()
    library = serializers.CharField()
    parameters = serializers.IntegerField(allow_null=True)
    head = serializers.CharField(help_text="The commit that main stands for.")
    version = serializers.CharField(allow_null=True, help_text="The commit that was sealed last.")
    downloads = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    last_modified = serializers.DateTimeField()
    url = serializers.CharField()


class ModelDetail(ModelOut):
    tags = serializers.ListField(child=serializers.CharField())
    card = serializers.DictField()
    config = serializers.DictField()
    files = FileOut(many=True)
    versions = VersionOut(many=True)


class ModelWish(Strict):
    namespace = serializers.CharField(max_length=LONGEST)
    name = serializers.CharField(max_length=LONGEST)
    visibility = serializers.ChoiceField(Visibility.values, default=Visibility.PUBLIC.value)


class ModelChange(Strict):
    visibility = serializers.ChoiceField(Visibility.values, required=False)
    access = serializers.ChoiceField(["open", "agreement"], required=False)


def model(repo: Repo) -> dict[str, Any]:
    """One row of the list. ``version`` is there if the query annotated it (``queries.with_version``)."""
    return {
        "id": str(repo),
        "namespace": repo.namespace.name,
        "name": repo.name,
        "summary": repo.summary,
        "task": repo.pipeline_tag,
        "modality": modality_of(repo.pipeline_tag),
        "languages": repo.languages,
        "license": repo.license,
        "access": "open" if repo.gate == Gate.OPEN else "agreement",
        "private": repo.visibility == Visibility.PRIVATE,
        "library": repo.library,
        "parameters": repo.parameter_count,
        "head": repo.head_sha,
        "version": getattr(repo, "version", None),
        "downloads": repo.downloads,
        "created_at": time.text(repo.created_at),
        "last_modified": time.text(repo.last_modified),
        "url": f"/{repo}",
    }


def model_detail(page: ModelPage) -> dict[str, Any]:
    shape = model(page.repo) | {"version": page.revisions[0].commit if page.revisions else None}
    return shape | {
        "tags": list(page.tags),
        "card": page.repo.card,
        "config": page.repo.config,
        "files": [file(page.repo, page.commit.sha, entry) for entry in page.files],
        "versions": [version(row) for row in page.revisions],
    }


def file(repo: Repo, commit: str, entry: Entry) -> dict[str, Any]:
    prefix = "/datasets" if repo.type == "dataset" else ""
    url = f"{prefix}/{repo}/resolve/{commit}/{quote(entry.path)}"
    return {"path": entry.path, "size": entry.size, "sha256": entry.sha256, "url": url}


def version(row: Revision) -> dict[str, Any]:
    return {
        "id": row.pk,
        "model": str(row.repo),
        "commit": row.commit,
        "tree_digest": row.tree_digest,
        "label": row.label,
        "license": row.license,
        "size": row.size,
        "sealed_at": time.text(row.sealed_at),
        "capabilities": row.capabilities,
        "facts": row.facts,
    }
