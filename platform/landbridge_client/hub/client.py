"""``HubClient``: the few Hub calls behind ``landbridge submit`` and ``landbridge download``."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

from landbridge_client.errors import Conflict, ContentChanged, Denied, NotFound
from landbridge_client.formats.digest import tree_digest
from landbridge_client.hub.download import Progress, Wanted, fetch
from landbridge_client.hub.upload import Target, upload
from landbridge_client.screening.files import folder_files
from landbridge_client.screening.paths import path_problem
from landbridge_client.transport import Transport, Wait, pause


@dataclass(frozen=True, slots=True)
class TreeFile:
    """A file as the tree lists it. ``sha256`` is known for LFS files only, ``oid`` is git's."""

    path: str
    size: int
    oid: str
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was fetched: the commit, and (path, sha256, size) of each file, verified."""

    commit: str
    files: tuple[tuple[str, str, int], ...]

    @property
    def digest(self) -> str:
        """The tree digest, to hold against the sealed one."""
        return tree_digest(self.files)


class HubClient:
    """Repositories of ``endpoint``. ``kind`` is ``model`` or ``dataset``; ``repo`` is ``namespace/name``."""

    def __init__(self, endpoint: str, token: str | None = None, *, wait: Wait = pause) -> None:
        self.http = Transport(endpoint, token, wait=wait)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def whoami(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.http.get("/api/whoami-v2")
        return answer

    def create_repo(self, repo: str, kind: str = "model", *, private: bool = False, exist_ok: bool = False) -> None:
        """Raises ``Conflict`` if it exists (unless ``exist_ok``), ``Denied`` where the token may not create."""
        namespace, _, name = repo.partition("/")
        visibility = "private" if private else "public"
        body = {"name": name, "organization": namespace, "type": kind, "visibility": visibility}
        try:
            self.http.post("/api/repos/create", body)
        except Conflict:
            if not exist_ok:
                raise
        except Denied:
            if not exist_ok or not self.exists(repo, kind):
                raise

    def exists(self, repo: str, kind: str = "model") -> bool:
        try:
            self.info(repo, kind)
        except (NotFound, Denied):
            return False
        return True

    def info(self, repo: str, kind: str = "model", revision: str | None = None) -> dict[str, Any]:
        """The Hub's description; ``sha`` is the commit that ``revision`` (default ``main``) stands for."""
        at = f"/revision/{quote(revision, safe='')}" if revision else ""
        answer: dict[str, Any] = self.http.get(f"/api/{kind}s/{repo}{at}")
        return answer

    def tree(self, repo: str, kind: str = "model", revision: str = "main") -> Iterator[TreeFile]:
        """Every file of a revision, page by page."""
        path: str | None = f"/api/{kind}s/{repo}/tree/{quote(revision, safe='')}?recursive=true&expand=false"
        while path:
            response = self.http.send("GET", path)
            for entry in response.json():
                if entry["type"] == "file":
                    lfs = entry.get("lfs") or {}
                    yield TreeFile(entry["path"], int(entry["size"]), str(entry["oid"]), lfs.get("oid"))
            path = response.links.get("next", {}).get("url")

    def upload_folder(  # noqa: PLR0913 an address and what goes there
        self,
        repo: str,
        kind: str,
        folder: Path,
        message: str = "Upload",
        progress: Progress | None = None,
        *,
        revision: str = "main",
        mirror: bool = False,
    ) -> str:
        """Make ``revision`` hold the files of ``folder`` and return the commit. Unchanged files are not sent.

        ``mirror`` also removes files that the folder does not have.
        """
        head = self.info(repo, kind, revision)["sha"]
        gone = {file.path for file in self.tree(repo, kind, revision)} if mirror else set()
        target = Target(repo, kind, revision)
        commit = upload(self.http, target, folder_files(folder), message=message, gone=gone, progress=progress)
        return commit or str(head)

    def download(  # noqa: PLR0913 an address and where it goes
        self, repo: str, kind: str, revision: str, path: str, place: Path, *, progress: Progress | None = None
    ) -> str:
        """Fetch one file to ``place`` and return its SHA-256. Resumes what an earlier call left; verified first."""
        return fetch(self.http, Wanted(_address(repo, kind, revision, path), path, place), progress)

    def snapshot(  # noqa: PLR0913 an address and where it goes
        self,
        repo: str,
        kind: str,
        revision: str,
        folder: Path,
        *,
        allow: Callable[[str], bool] | None = None,
        progress: Progress | None = None,
    ) -> Snapshot:
        """Fetch a revision's files into ``folder``, each verified; ``allow`` chooses by path.

        Raises ``Denied`` with the server's reason, ``ContentChanged`` for wrong bytes; what was not verified does not
        stay.
        """
        commit = str(self.info(repo, kind, revision)["sha"])
        files: list[tuple[str, str, int]] = []
        for file in self.tree(repo, kind, commit):
            if problem := path_problem(file.path):
                raise ContentChanged(f"The server lists a file whose path {problem}; nothing was written for it.")
            if allow is None or allow(file.path):
                address = _address(repo, kind, commit, file.path)
                wanted = Wanted(address, file.path, folder / file.path, file.size, file.sha256 or file.oid)
                files.append((file.path, fetch(self.http, wanted, progress), file.size))
        return Snapshot(commit, tuple(files))


def _address(repo: str, kind: str, revision: str, path: str) -> str:
    prefix = "/datasets" if kind == "dataset" else ""
    return f"{prefix}/{repo}/resolve/{quote(revision, safe='')}/{quote(path)}"
