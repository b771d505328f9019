"""What the registry knows: names, repositories, their history as git has it, and the bytes under it.

Shapes: hub-protocol, section 1.2. No person is a foreign key here: the registry lies below accounts, so who did a thing
is their name.
"""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from landbridge_registry.ids import new_id

HEX40, HEX64 = "^[0-9a-f]{40}$", "^[0-9a-f]{64}$"


class NamespaceKind(models.TextChoices):
    USER = "user"
    ORGANIZATION = "organization"


class Namespace(models.Model):
    """The first half of a model's id. Users and organizations share one set of names, in any case."""

    name = models.CharField(max_length=96)
    kind = models.CharField(max_length=12, choices=NamespaceKind)

    class Meta:
        constraints = [models.UniqueConstraint(Lower("name"), name="one_namespace_per_name_in_any_case")]

    def __str__(self) -> str:
        return self.name


class RepoType(models.TextChoices):
    MODEL = "model"
    DATASET = "dataset"


class Visibility(models.TextChoices):
    PUBLIC = "public"
    PRIVATE = "private"


class Gate(models.TextChoices):
    OPEN = "", "open"
    AUTO = "auto"
    MANUAL = "manual"


class Repo(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    type = models.CharField(max_length=8, choices=RepoType)
    namespace = models.ForeignKey(Namespace, on_delete=models.PROTECT, related_name="repos")
    name = models.CharField(max_length=96)
    visibility = models.CharField(max_length=8, choices=Visibility, default=Visibility.PUBLIC)
    gate = models.CharField(max_length=8, choices=Gate, default=Gate.OPEN, blank=True)
    disabled_reason = models.CharField(max_length=200, blank=True)
    suspended_reason = models.CharField(max_length=200, blank=True)  # nothing is licensed; what is licensed goes on
    created_at = models.DateTimeField(auto_now_add=True)
    # the head of main, kept here so that lists need no walk
    head_sha = models.CharField(max_length=40, blank=True)
    last_modified = models.DateTimeField(auto_now_add=True)
    card = models.JSONField(default=dict)
    summary = models.CharField(max_length=300, blank=True)
    library = models.CharField(max_length=60, blank=True)
    pipeline_tag = models.CharField(max_length=60, blank=True)
    license = models.CharField(max_length=120, blank=True)
    languages = models.JSONField(default=list)
    config = models.JSONField(default=dict)
    parameters = models.JSONField(default=dict)  # {"F32": 1234}
    parameter_count = models.PositiveBigIntegerField(null=True, blank=True)
    used_storage = models.PositiveBigIntegerField(default=0)
    downloads = models.PositiveBigIntegerField(default=0)
    likes = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint("type", "namespace", Lower("name"), name="one_repo_per_type_and_name"),
        ]

    def __str__(self) -> str:
        return f"{self.namespace.name}/{self.name}"


class RepoAlias(models.Model):
    """A name a repository had before."""

    type = models.CharField(max_length=8, choices=RepoType)
    namespace = models.ForeignKey(Namespace, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=96)
    repo = models.ForeignKey(Repo, on_delete=models.CASCADE, related_name="aliases")

    class Meta:
        constraints = [
            models.UniqueConstraint("type", "namespace", Lower("name"), name="one_alias_per_type_and_name"),
        ]

    def __str__(self) -> str:
        return f"{self.namespace.name}/{self.name} -> {self.repo}"


class RepoTag(models.Model):
    repo = models.ForeignKey(Repo, on_delete=models.CASCADE, related_name="tags")
    tag = models.CharField(max_length=120)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repo", "tag"], name="one_row_per_repo_and_tag")]
        indexes = [models.Index(fields=["tag", "repo"], name="repos_by_tag")]

    def __str__(self) -> str:
        return self.tag


class Commit(models.Model):
    """Immutable. Its sha is what git would compute."""

    repo = models.ForeignKey(Repo, on_delete=models.CASCADE, related_name="commits")
    sha = models.CharField(max_length=40)
    parent = models.CharField(max_length=40, blank=True)
    tree = models.CharField(max_length=40)
    title = models.CharField(max_length=300)
    message = models.TextField(blank=True)
    author = models.CharField(max_length=150)
    date = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["repo", "sha"], name="one_commit_per_repo_and_sha"),
            models.CheckConstraint(condition=Q(sha__regex=HEX40), name="a_commit_has_a_git_sha"),
        ]

    def __str__(self) -> str:
        return self.sha


class RefKind(models.TextChoices):
    BRANCH = "branch"
    TAG = "tag"
    PULL_REQUEST = "pr"


class Ref(models.Model):
    """A name that moves, by compare-and-swap under the row's lock only."""

    repo = models.ForeignKey(Repo, on_delete=models.CASCADE, related_name="refs")
    kind = models.CharField(max_length=8, choices=RefKind)
    name = models.CharField(max_length=200)
    commit = models.ForeignKey(Commit, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repo", "kind", "name"], name="one_ref_per_repo_kind_and_name")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class EntryKind(models.TextChoices):
    FILE = "file"
    DIRECTORY = "directory"


class TreeEntry(models.Model):
    """One name in a content-addressed directory, shared by every commit that has that directory."""

    tree = models.CharField(max_length=40)
    name = models.CharField(max_length=255)
    kind = models.CharField(max_length=9, choices=EntryKind)
    oid = models.CharField(max_length=40)  # git's: of the blob, the LFS pointer, or the subtree
    size = models.PositiveBigIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)  # of the content, for files
    lfs = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["tree", "name"], name="one_entry_per_tree_and_name")]

    def __str__(self) -> str:
        return f"{self.tree[:8]}/{self.name}"


class BlobState(models.TextChoices):
    PRESENT = "present"
    DOOMED = "doomed"


class Blob(models.Model):
    """One content, whoever brought it."""

    sha256 = models.CharField(primary_key=True, max_length=64)
    git_oid = models.CharField(max_length=40, blank=True)
    size = models.PositiveBigIntegerField()
    location = models.CharField(max_length=200, db_index=True)
    state = models.CharField(max_length=8, choices=BlobState, default=BlobState.PRESENT)
    touched_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(sha256__regex=HEX64), name="a_blob_has_a_sha256")]

    def __str__(self) -> str:
        return self.sha256


class Via(models.TextChoices):
    UPLOAD = "upload"
    COPY = "copy"
    PULL_REQUEST = "pr"


class RepoObject(models.Model):
    """The right of a repository to a content. Naming a digest is never enough."""

    repo = models.ForeignKey(Repo, on_delete=models.CASCADE, related_name="objects_held")
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="holders")
    via = models.CharField(max_length=8, choices=Via, default=Via.UPLOAD)
    by = models.CharField(max_length=150)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["repo", "blob"], name="one_right_per_repo_and_blob")]

    def __str__(self) -> str:
        return f"{self.repo_id} holds {self.blob_id}"


class Upload(models.Model):
    """Bytes on their way in; owns its temporary file."""

    id = models.CharField(primary_key=True, max_length=26, default=new_id, editable=False)
    repo = models.ForeignKey(Repo, on_delete=models.CASCADE, related_name="uploads")
    by = models.CharField(max_length=150)
    kind = models.CharField(max_length=10)  # basic, multipart
    oid = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    parts = models.JSONField(default=dict)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.oid} for {self.repo_id}"


class Hold(models.Model):
    """What an agreement, evaluation, attestation or submission names cannot be rewritten or removed."""

    repo = models.ForeignKey(Repo, on_delete=models.PROTECT, related_name="holds")
    commit = models.CharField(max_length=40)
    reason = models.CharField(max_length=60)
    subject = models.CharField(max_length=128)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["repo", "commit", "subject"], name="one_hold_per_commit_and_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} holds {self.commit[:8]}"


class Revision(models.Model):
    """The sealed thing: one commit whose content has a digest of its own. The API calls it a version."""

    id = models.CharField(primary_key=True, max_length=26, default=new_id, editable=False)
    repo = models.ForeignKey(Repo, on_delete=models.PROTECT, related_name="revisions")
    commit = models.CharField(max_length=40)
    tree_digest = models.CharField(max_length=64)  # SHA-256 of the canonical list of [path, sha256, size]
    sealed_at = models.DateTimeField()
    label = models.CharField(max_length=60, blank=True)
    license = models.CharField(max_length=120, blank=True)
    capabilities = models.JSONField(default=dict)  # models: landbridge_evaluation.capabilities
    facts = models.JSONField(default=dict)  # datasets: landbridge.dataset.json; models: parameters, bytes
    size = models.PositiveBigIntegerField(default=0)

    append_only: ClassVar[bool] = True  # held by triggers, made by landbridge.core

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["repo", "commit"], name="one_revision_per_repo_and_commit"),
            models.CheckConstraint(condition=Q(tree_digest__regex=HEX64), name="a_sealed_revision_has_a_digest"),
            models.CheckConstraint(condition=Q(commit__regex=HEX40), name="a_revision_pins_a_commit"),
        ]

    def __str__(self) -> str:
        return f"{self.repo}@{self.commit[:8]}"


import landbridge_registry.plugins  # noqa: E402, F401 more tables, which refer to the rows above
