"""Plugins of labs: who owns a name, and which wheel each release is, for good."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from landbridge_registry.ids import new_id
from landbridge_registry.models import HEX40, HEX64, Namespace, Repo


class Plugin(models.Model):
    """A distribution's name, in its normal form. The first namespace that releases it owns it."""

    id = models.CharField(primary_key=True, max_length=26, default=new_id, editable=False)
    name = models.CharField(max_length=96)
    namespace = models.ForeignKey(Namespace, on_delete=models.PROTECT, related_name="plugins")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name"], name="one_owner_per_plugin_name")]

    def __str__(self) -> str:
        return self.name


class PluginRelease(models.Model):
    """One version: one wheel, which lies in a sealed commit. It never changes."""

    id = models.CharField(primary_key=True, max_length=26, default=new_id, editable=False)
    plugin = models.ForeignKey(Plugin, on_delete=models.PROTECT, related_name="releases")
    version = models.CharField(max_length=80)
    wheel = models.CharField(max_length=255)  # its name, as it lies at the root of the model
    wheel_sha256 = models.CharField(max_length=64)
    repo = models.ForeignKey(Repo, on_delete=models.PROTECT, related_name="plugin_releases")
    commit = models.CharField(max_length=40)
    specs = models.JSONField(default=list)  # ModelSpecs, as the conformance kit found them
    released_at = models.DateTimeField()
    released_by = models.CharField(max_length=150)

    append_only: ClassVar[bool] = True  # held by triggers, made by landbridge.core

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plugin", "version"], name="one_release_per_plugin_and_version"),
            models.CheckConstraint(condition=Q(wheel_sha256__regex=HEX64), name="a_release_pins_a_wheel"),
            models.CheckConstraint(condition=Q(commit__regex=HEX40), name="a_release_names_a_commit"),
        ]
        indexes = [models.Index(fields=["-released_at"], name="plugin_releases_by_time")]

    def __str__(self) -> str:
        return f"{self.plugin} {self.version}"
