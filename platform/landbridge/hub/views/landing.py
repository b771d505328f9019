"""A folder or a wheel that comes by a page or by ``/api/v1``: into a repository, as one commit."""

from collections.abc import Sequence
from typing import Final

from landbridge.accounts.models import Role, User
from landbridge.accounts.principals import Principal
from landbridge.hub import attributes, committing, quotas, rights, services
from landbridge.hub.views.committing import land
from landbridge_client.screening import FileView
from landbridge_registry import operations, queries
from landbridge_registry.models import Commit, Namespace, Repo, RepoType, Visibility
from landbridge_registry.storage import Stage

SAMPLE: Final = 512
KEPT: Final = frozenset({".gitattributes"})  # the server's own; a new upload does not remove it


def bring(  # noqa: PLR0913 where it goes, and what
    principal: Principal,
    namespace: Namespace,
    name: str,
    files: Sequence[FileView],
    *,
    title: str,
    visibility: str = Visibility.PUBLIC,
) -> tuple[Repo, Commit]:
    """Make ``main`` of a model hold exactly ``files``; a repository made for a refused commit goes again."""
    user = principal.require_role(namespace, Role.MEMBER)
    there = Repo.objects.filter(type=RepoType.MODEL, namespace=namespace, name__iexact=name).first()
    repo = there or made(namespace, name, visibility, user)
    try:
        return repo, commit(repo, files, user=user, principal=principal, title=title)
    except Exception:
        if there is None and repo.commits.count() == 1:  # nobody else has brought anything yet
            services.delete_repo(actor=user, repo=repo)
        raise


def made(namespace: Namespace, name: str, visibility: str, user: User) -> Repo:
    with Stage() as stage:
        return services.create_repo(
            actor=user,
            repo_type=RepoType.MODEL,
            namespace=namespace,
            name=name,
            attributes=stage.put_bytes(attributes.DEFAULT),
            visibility=visibility,
        )


def commit(repo: Repo, files: Sequence[FileView], *, user: User, principal: Principal, title: str) -> Commit:
    """One commit that makes ``main`` hold exactly ``files``. What no commit names is removed from the store."""
    there = {path for path, *_ in queries.files_of(queries.resolve_revision(repo, "main"))}
    gone = sorted(there - {one.path for one in files} - KEPT)
    with Stage() as stage:
        changes: list[operations.Operation] = [operations.DeleteFile(path) for path in gone]
        changes += [_stored(repo, one, stage, user) for one in files]
        sent = committing.Sent(committing.Header(title, "", ""), changes)
        return land(user, repo, "main", sent, rights.namespaces_of(principal))


def _stored(repo: Repo, one: FileView, stage: Stage, user: User) -> operations.Operation:
    quotas.require_size(one.size)
    with one.open() as stream:
        sample = stream.read(SAMPLE)
        stream.seek(0)
        stored = stage.put_stream(stream.read, size=one.size)
    patterns = attributes.lfs_patterns(attributes.DEFAULT.decode())
    if not attributes.goes_by_lfs(one.path, one.size, sample, patterns):
        return operations.Add(one.path, stored)
    uploads = services.open_uploads(actor=user, repo=repo, objects={stored.sha256: stored.size})
    services.finish_upload(actor=user, upload=uploads[stored.sha256], stored=stored)
    return operations.AddLarge(one.path, stored.sha256, stored.size)
