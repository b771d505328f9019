"""Content-addressed directories. A change loads the directories it touches, level by level, and writes only those."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from landbridge_registry import gitids
from landbridge_registry.errors import BadOperation, Collision, EntryMissing
from landbridge_registry.models import EntryKind, TreeEntry
from landbridge_registry.operations import Leaf

CHUNK = 500  # values in one IN list


@dataclass(frozen=True, slots=True)
class Closed:
    """A directory that nobody looked into: its id stands for all it holds."""

    oid: str


@dataclass(slots=True)
class Folder:
    """A directory in memory, as it will be."""

    entries: dict[str, "Leaf | Closed | Folder"] = field(default_factory=dict)


def load(tree: str, paths: Iterable[str]) -> Folder:
    """The directory ``tree`` with every directory above one of ``paths`` opened. One query a level."""
    touched: dict[int, set[tuple[str, ...]]] = defaultdict(set)
    for path in paths:
        parts = tuple(path.split("/"))
        for depth in range(1, len(parts)):
            touched[depth].add(parts[:depth])
    root = Folder()
    level: dict[tuple[str, ...], tuple[str, Folder]] = {(): (tree, root)}
    depth = 0
    while level:
        _fill(level)
        depth += 1
        below: dict[tuple[str, ...], tuple[str, Folder]] = {}
        for place in touched[depth]:
            above = level.get(place[:-1])
            entry = above[1].entries.get(place[-1]) if above else None
            if above and isinstance(entry, Closed):
                opened = above[1].entries[place[-1]] = Folder()
                below[place] = (entry.oid, opened)
        level = below
    return root


def _fill(level: Mapping[tuple[str, ...], tuple[str, Folder]]) -> None:
    rows = rows_of({oid for oid, _ in level.values()})
    for oid, folder in level.values():
        for row in rows[oid]:
            folder.entries[row.name] = Closed(row.oid) if row.kind == EntryKind.DIRECTORY else leaf_of_row(row)


def rows_of(trees: Iterable[str]) -> dict[str, list[TreeEntry]]:
    """The entries of each tree."""
    found: dict[str, list[TreeEntry]] = defaultdict(list)
    wanted = [tree for tree in trees if tree != gitids.EMPTY_TREE]
    for start in range(0, len(wanted), CHUNK):
        for row in TreeEntry.objects.filter(tree__in=wanted[start : start + CHUNK]):
            found[row.tree].append(row)
    return found


def leaf_of_row(row: TreeEntry) -> Leaf:
    return Leaf(row.oid, row.size, row.sha256, row.lfs)


def put(root: Folder, path: str, leaf: Leaf) -> None:
    *above, name = path.split("/")
    folder = root
    for part in above:
        below = folder.entries.setdefault(part, Folder())
        if not isinstance(below, Folder):
            raise BadOperation(f"{path}: {part} is a file, so nothing can lie below it. Delete it first.")
        folder = below
    if isinstance(folder.entries.get(name), Folder | Closed) and not _is_empty(folder.entries[name]):
        raise BadOperation(f"{path} is a folder. Delete it first, or choose another name.")
    folder.entries[name] = leaf


def remove(root: Folder, path: str, *, folders_only: bool = False) -> None:
    *above, name = path.split("/")
    folder: Leaf | Closed | Folder | None = root
    for part in above:
        folder = folder.entries.get(part) if isinstance(folder, Folder) else None
    entry = folder.entries.get(name) if isinstance(folder, Folder) else None
    gone = entry is None or (isinstance(entry, Folder) and _is_empty(entry))
    if not isinstance(folder, Folder) or gone or (folders_only and isinstance(entry, Leaf)):
        what = "folder" if folders_only else "file"
        raise EntryMissing(f"A {what} with this name doesn't exist", path=path)
    del folder.entries[name]


def _is_empty(entry: "Leaf | Closed | Folder") -> bool:
    """Git knows no empty directory; one that was emptied in this commit is as good as gone."""
    return isinstance(entry, Folder) and all(_is_empty(below) for below in entry.entries.values())


def build(root: Folder) -> tuple[str, dict[str, list[TreeEntry]]]:
    """The id of ``root`` and the rows of every opened directory in it, by tree id."""
    made: dict[str, list[TreeEntry]] = {}
    return _build(root, made), made


def _build(folder: Folder, made: dict[str, list[TreeEntry]]) -> str:
    rows = []
    for name, entry in folder.entries.items():
        if isinstance(entry, Leaf):
            kind = EntryKind.FILE
            rows.append(
                TreeEntry(name=name, kind=kind, oid=entry.oid, size=entry.size, sha256=entry.sha256, lfs=entry.lfs)
            )
        elif not _is_empty(entry):
            oid = _build(entry, made) if isinstance(entry, Folder) else entry.oid
            rows.append(TreeEntry(name=name, kind=EntryKind.DIRECTORY, oid=oid))
    tree = gitids.tree_id(gitids.Record(row.name, row.oid, row.kind == EntryKind.DIRECTORY) for row in rows)
    for row in rows:
        row.tree = tree
    made[tree] = rows
    return tree


def write(made: Mapping[str, Sequence[TreeEntry]]) -> None:
    """Store directories that are not there yet.

    A tree id says nothing of SHA-256, and trees are shared by all repositories. So one that is there must say the same
    of every content, or two contents with one SHA-1 would stand in for each other.
    """
    present = rows_of(made)
    new = [row for tree, rows in made.items() if tree not in present for row in rows]
    TreeEntry.objects.bulk_create(new, ignore_conflicts=True, batch_size=1000)
    for tree, rows in present.items():
        if {(row.name, row.sha256, row.lfs) for row in rows} != {(row.name, row.sha256, row.lfs) for row in made[tree]}:
            raise Collision("Another content with the same SHA-1 is stored here. This one cannot be taken in.")
