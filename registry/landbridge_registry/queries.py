"""Reading repositories. Nothing here asks who is asking: rights are the platform's."""

import itertools
import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from landbridge_client.formats.cards import CARD_CAP, parse_card
from landbridge_client.formats.digest import tree_digest
from landbridge_client.formats.errors import FormatError
from landbridge_registry import gitids, names, trees
from landbridge_registry.errors import EntryMissing, RepoMissing, RevisionMissing
from landbridge_registry.models import Commit, EntryKind, Ref, RefKind, Repo, RepoObject, TreeEntry
from landbridge_registry.paths import fault_of
from landbridge_registry.storage import store

SHA = re.compile(r"[0-9a-f]{7,40}")
FULL_SHA = 40
HISTORY_CHUNK = 100  # commits looked at together
KINDS = {"refs/heads/": RefKind.BRANCH, "refs/tags/": RefKind.TAG, "refs/pr/": RefKind.PULL_REQUEST}
FIRST = {RefKind.BRANCH: 0, RefKind.TAG: 1, RefKind.PULL_REQUEST: 2}


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or directory at its full path."""

    path: str
    kind: str
    oid: str
    size: int
    sha256: str
    lfs: bool

    @property
    def is_file(self) -> bool:
        return self.kind == EntryKind.FILE


def repos() -> QuerySet[Repo]:
    return Repo.objects.select_related("namespace")


def find_repo(repo_type: str, namespace: str, name: str) -> Repo:
    """The repository of this name, in any case."""
    found = None
    if names.is_well_formed(namespace) and names.is_well_formed(name):
        found = repos().filter(type=repo_type, namespace__name__iexact=namespace, name__iexact=name).first()
    if found is None:
        raise RepoMissing("Repository not found")
    return found


def repo_by_id(repo_id: uuid.UUID | str) -> Repo:
    found = repos().filter(pk=repo_id).first()
    if found is None:
        raise RepoMissing("Repository not found")
    return found


def resolve_revision(repo: Repo, revision: str) -> Commit:
    """The commit a branch, tag, full reference or (short, unique) sha names."""
    if "\0" in revision:
        raise RevisionMissing("Invalid rev id")
    wanted = Q(kind__in=[RefKind.BRANCH, RefKind.TAG], name=revision)
    for prefix, kind in KINDS.items():
        if revision.startswith(prefix):
            wanted |= Q(kind=kind, name=revision.removeprefix(prefix))
    refs = sorted(
        Ref.objects.filter(wanted, repo=repo).select_related("commit"), key=lambda ref: FIRST[RefKind(ref.kind)]
    )
    if refs:
        return refs[0].commit
    commits = []
    if SHA.fullmatch(revision):
        exact = Q(sha=revision) if len(revision) == FULL_SHA else Q(sha__startswith=revision)
        commits = list(Commit.objects.filter(exact, repo=repo)[:2])
    if len(commits) != 1:
        raise RevisionMissing(f"Invalid rev id: {revision}", revision=revision)
    return commits[0]


def split_revision(repo: Repo, text: str) -> tuple[str, str]:
    """Take ``revision/path`` apart where the server no longer shows which slashes were quoted: the longest ref wins."""
    parts = text.split("/")
    candidates = ["/".join(parts[:count]) for count in range(1, min(len(parts), 12) + 1)]
    called = {candidate for one in candidates for candidate in (one, *_without_prefix(one))}
    known = set(Ref.objects.filter(repo=repo, name__in=called).values_list("name", flat=True))
    for candidate in reversed(candidates):
        if candidate in known or any(one in known for one in _without_prefix(candidate)):
            return candidate, text[len(candidate) + 1 :]
    return parts[0], "/".join(parts[1:])


def _without_prefix(revision: str) -> list[str]:
    return [revision.removeprefix(prefix) for prefix in KINDS if revision.startswith(prefix)]


def entry_at(commit: Commit, path: str) -> Entry:
    """One row a segment."""
    tree, row = commit.tree, None
    for part in path.split("/"):
        if row is not None and row.kind != EntryKind.DIRECTORY:
            raise EntryMissing("Entry not found", path=path)
        row = TreeEntry.objects.filter(tree=tree, name=part).first()
        if row is None:
            raise EntryMissing("Entry not found", path=path)
        tree = row.oid
    if row is None:
        raise EntryMissing("Entry not found", path=path)
    return _entry(row, path)


def entries_at(commit: Commit, paths: Iterable[str]) -> dict[str, Entry]:
    """Those of ``paths`` that exist; one query a level, however many paths."""
    return {path: entry for (_, path), entry in entries_below([commit.tree], paths).items()}


def entries_below(roots: Iterable[str], paths: Iterable[str]) -> dict[tuple[str, str], Entry]:
    """The entry of each path in each root tree where there is one."""
    wanted = [path for path in dict.fromkeys(paths) if path and not fault_of(path)]
    places = {(root, path): root for root in dict.fromkeys(roots) for path in wanted}
    found: dict[tuple[str, str], Entry] = {}
    depth = 0
    while places:
        called = {path.split("/")[depth] for _, path in places}
        rows = {(row.tree, row.name): row for row in _rows(set(places.values()), called)}
        below: dict[tuple[str, str], str] = {}
        for (root, path), tree in places.items():
            parts = path.split("/")
            row = rows.get((tree, parts[depth]))
            if row is None:
                continue
            if depth == len(parts) - 1:
                found[root, path] = _entry(row, path)
            elif row.kind == EntryKind.DIRECTORY:
                below[root, path] = row.oid
        places, depth = below, depth + 1
    return found


def _rows(of_trees: set[str], of_names: set[str]) -> Iterator[TreeEntry]:
    listed, called = sorted(of_trees), sorted(of_names)
    for start in range(0, len(listed), trees.CHUNK):
        for first in range(0, len(called), trees.CHUNK):
            yield from TreeEntry.objects.filter(
                tree__in=listed[start : start + trees.CHUNK], name__in=called[first : first + trees.CHUNK]
            )


def _entry(row: TreeEntry, path: str) -> Entry:
    return Entry(path, row.kind, row.oid, row.size, row.sha256, row.lfs)


def listing(tree: str, prefix: str = "") -> list[Entry]:
    """One directory, sorted by name."""
    rows = TreeEntry.objects.filter(tree=tree).order_by("name")
    return [_entry(row, prefix + row.name) for row in rows] if tree != gitids.EMPTY_TREE else []


def walk(tree: str, prefix: str = "") -> list[Entry]:
    """All files and directories below ``tree``, sorted by path. One query a level."""
    found: list[Entry] = []
    level = [(prefix, tree)]
    while level:
        rows = trees.rows_of({tree_id for _, tree_id in level})
        below = []
        for above, tree_id in level:
            for row in rows[tree_id]:
                entry = _entry(row, above + row.name)
                found.append(entry)
                if row.kind == EntryKind.DIRECTORY:
                    below.append((entry.path + "/", row.oid))
        level = below
    return sorted(found, key=lambda entry: entry.path)


def files_of(commit: Commit) -> list[tuple[str, str, int, bool]]:
    """``(path, sha256, size, lfs)`` of every file, sorted by path."""
    return [(one.path, one.sha256, one.size, one.lfs) for one in walk(commit.tree) if one.is_file]


def contents_of(repo: Repo) -> set[str]:
    """SHA-256 of every content that some commit of the repository names. One query a level of folders, no paths."""
    found: set[str] = set()
    seen: set[str] = set()
    level = set(Commit.objects.filter(repo=repo).values_list("tree", flat=True))
    while level:
        seen |= level
        below: set[str] = set()
        for rows in trees.rows_of(level).values():
            found |= {row.sha256 for row in rows if row.kind == EntryKind.FILE}
            below |= {row.oid for row in rows if row.kind == EntryKind.DIRECTORY}
        level = below - seen
    return found


def tree_digest_of(commit: Commit) -> str:
    return tree_digest((path, sha256, size) for path, sha256, size, _ in files_of(commit))


def content_of(repo: Repo, sha256: str) -> RepoObject:
    """The right of ``repo`` to a content, with the content. Without the right there is no content."""
    found = RepoObject.objects.select_related("blob").filter(repo=repo, blob_id=sha256).first()
    if found is None:
        raise EntryMissing("Entry not found", sha256=sha256)
    return found


def card_body(repo: Repo, entry: Entry) -> str:
    """The text of a card below its front matter; all of it where the front matter cannot be read."""
    if entry.size > CARD_CAP:
        return ""
    try:
        with store.open_blob(content_of(repo, entry.sha256).blob.location) as file:
            text = file.read().decode("utf-8", "replace")
    except (EntryMissing, OSError):
        return ""
    try:
        return parse_card(text).body
    except FormatError:
        return text


def line_of(repo: Repo, commit: Commit) -> list[str]:
    """The shas from ``commit`` back to the first one."""
    parents = dict(Commit.objects.filter(repo=repo).values_list("sha", "parent"))
    line, sha = [], commit.sha
    while sha in parents:
        line.append(sha)
        sha = parents.pop(sha)
    return line


def history(repo: Repo, commit: Commit, *, skip: int, limit: int) -> tuple[list[Commit], int]:
    """Commits from ``commit`` back to the first, newest first, and how many there are in all."""
    line = line_of(repo, commit)
    page = line[skip : skip + limit]
    rows = {row.sha: row for row in Commit.objects.filter(repo=repo, sha__in=page)}
    return [rows[one] for one in page], len(line)


def last_commits(repo: Repo, commit: Commit, entries: Iterable[Entry]) -> dict[str, Commit]:
    """The commit that last changed each entry: looked for in pieces of history, until all are found."""
    pending = {entry.path: entry.oid for entry in entries}
    line, found = line_of(repo, commit), {}
    for start in range(0, len(line), HISTORY_CHUNK):
        if not pending:
            break
        piece = line[start : start + HISTORY_CHUNK + 1]  # one more: what the oldest is compared with
        rows = {row.sha: row for row in Commit.objects.filter(repo=repo, sha__in=piece)}
        at = entries_below([row.tree for row in rows.values()], pending)
        for newer, older in itertools.pairwise([*piece, ""] if len(piece) <= HISTORY_CHUNK else piece):
            before = rows[older].tree if older else ""
            for path, oid in list(pending.items()):
                there = at.get((before, path))
                if there is None or there.oid != oid:
                    found[path] = rows[newer]
                    del pending[path]
    return found
