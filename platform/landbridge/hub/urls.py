"""The Hub's routes. The id of a repository stands in the address; revision and path are taken from the raw line."""

from django.urls import URLPattern, URLResolver, path, re_path

from landbridge.hub.views import account, cards, committing, lfs, lists, reading, repos, resolve
from landbridge_registry.models import RepoType

ID = r"(?P<namespace>[^/]+)/(?P<name>[^/]+)"
REST = r"(?P<rest>(?s:.+))"


def _routes(kind: RepoType) -> list[URLPattern | URLResolver]:
    """The routes of one type. ``api/…`` by type; contents below the web prefix, which models have none of."""
    api, web = rf"^api/{kind}s/{ID}", rf"^{'datasets/' if kind == RepoType.DATASET else ''}{ID}"
    told = {"kind": kind}
    return [
        re_path(rf"^api/{kind}s$", lists.repositories, told),
        re_path(rf"^api/{kind}s-tags-by-type$", lists.tags_by_type, told),
        re_path(rf"{api}$", reading.info, told),
        re_path(rf"{api}/revision/{REST}$", reading.info, told),
        re_path(rf"{api}/tree/{REST}$", reading.tree, told),
        re_path(rf"{api}/paths-info/{REST}$", reading.paths_info, told),
        re_path(rf"{api}/refs$", reading.refs, told),
        re_path(rf"{api}/commits/{REST}$", reading.commits, told),
        re_path(rf"{api}/preupload/{REST}$", committing.preupload, told),
        re_path(rf"{api}/commit/{REST}$", committing.commit, told),
        re_path(rf"{api}/settings$", repos.settings, told),
        re_path(rf"{api}/auth-check(?:/(?P<write>write))?$", repos.auth_check, told),
        re_path(rf"^api/{kind}s/(?P<rest>(?s:.+))$", repos.missing),
        re_path(rf"{web}\.git/info/lfs/objects/batch$", lfs.batch, told),
        re_path(rf"{web}\.git/info/lfs/objects/verify$", lfs.verify, told),
        re_path(rf"{web}/(?:resolve|raw)/{REST}$", resolve.resolve, told),
    ]


urlpatterns: list[URLPattern | URLResolver] = [
    path("api/whoami-v2", account.whoami),
    path("api/repos/create", repos.create),
    path("api/repos/delete", repos.delete),
    path("api/validate-yaml", cards.validate),
    path("api/lfs/<str:upload_id>", lfs.put),
    path("api/agent-harnesses", account.nothing),
    path("api/telemetry/<path:rest>", account.telemetry),
    path("v1/telemetry", account.telemetry),
    *_routes(RepoType.DATASET),
    *_routes(RepoType.MODEL),
    re_path(r"^[^/]+/(?:resolve|raw)/(?P<rest>.+)$", repos.missing),
]
