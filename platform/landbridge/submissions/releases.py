"""Who owns a plugin's name, and that a version is one wheel for good."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from landbridge.accounts.models import Role
from landbridge.accounts.principals import INCLUDES, Principal
from landbridge.core.db import step
from landbridge.core.errors import Conflict
from landbridge_client.formats.modules import normal
from landbridge_plugins import Finding, ModelSpec
from landbridge_registry.models import Namespace, NamespaceKind, Repo, Visibility
from landbridge_registry.plugins import Plugin, PluginRelease


def visible(principal: Principal) -> QuerySet[PluginRelease]:
    """Releases of public models, and those of the caller's organizations; all of them for the operator."""
    rows = PluginRelease.objects.select_related("plugin__namespace", "repo__namespace")
    if principal.is_operator:
        return rows
    held = [key for key, row in principal.memberships.items() if Role.MEMBER in INCLUDES[row.role]]
    own = Q(repo__namespace__in=held)
    if principal.user is not None:
        own |= Q(repo__namespace__kind=NamespaceKind.USER, repo__namespace__name__iexact=principal.user.username)
    return rows.filter(Q(repo__visibility=Visibility.PUBLIC) | own)


def problem(namespace: Namespace, name: str, version: str, sha256: str) -> Finding | None:
    """Why this wheel may not be released under its name and version, or ``None``."""
    plugin = Plugin.objects.select_related("namespace").filter(name=normal(name)).first()
    if plugin is None:
        return None
    if plugin.namespace_id != namespace.pk:
        said = f"The name {normal(name)} belongs to another organization. Give your distribution another name."
        return Finding(code="plugin_name_taken", message=said, blocking=True)
    kept = plugin.releases.filter(version=version).values_list("wheel_sha256", flat=True).first()
    if kept is not None and kept != sha256:
        said = f"{plugin.name} {version} was released with other content. A version never changes: raise it."
        return Finding(code="version_taken", message=said, blocking=True)
    return None


@step
def release(  # noqa: PLR0913 what a release is
    repo: Repo, commit: str, named: Mapping[str, Any], specs: Sequence[ModelSpec], *, at: datetime, by: str
) -> PluginRelease:
    """The release row of a wheel that passed; once there, the same. The caller has asked ``problem`` first."""
    plugin, _ = Plugin.objects.get_or_create(name=normal(named["name"]), defaults={"namespace": repo.namespace})
    if plugin.namespace_id != repo.namespace_id:  # somebody was first, a moment ago
        raise Conflict(f"The name {plugin.name} belongs to another organization.", code="plugin_name_taken")
    made, _ = PluginRelease.objects.get_or_create(
        plugin=plugin,
        version=named["version"],
        defaults={
            "wheel": named["wheel"],
            "wheel_sha256": named["wheel_sha256"],
            "repo": repo,
            "commit": commit,
            "specs": [spec.to_json() for spec in specs],
            "released_at": at,
            "released_by": by[:150],
        },
    )
    return made
