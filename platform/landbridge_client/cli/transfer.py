"""Moving a model's files: fetched and held against the seal, or uploaded; with a bar where there is a terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from landbridge_client.cli.output import Format, Session
from landbridge_client.errors import ContentChanged, NotFound
from landbridge_client.hub.download import Progress


def fetch_model(session: Session, model: str, revision: str, folder: Path) -> None:
    hub, client = session.hub(), session.client()
    with bar(session, f"Fetching {model}") as progress:
        got = hub.snapshot(model, "model", revision, folder, progress=progress)
    try:
        sealed = client.models.version(model, got.commit).tree_digest
    except NotFound:
        sealed = ""
    if sealed and sealed != got.digest:
        raise ContentChanged(
            f"The files in {folder} have the digest {got.digest}, and {sealed} was sealed. Do not use them."
        )
    state = "equal to the sealed manifest" if sealed else "not sealed: there is no manifest to hold it against"
    size = sum(size for _, _, size in got.files)
    session.show(
        {
            "model": model,
            "commit": got.commit,
            "folder": str(folder),
            "tree_digest": got.digest,
            "sealed": bool(sealed),
            "files": [{"path": path, "sha256": sha256, "size": size} for path, sha256, size in got.files],
        },
        human=f"{len(got.files)} files ({size} bytes) in {folder}\ncommit {got.commit}\ndigest {got.digest} ({state})",
        ids=[str(folder)],
    )


@contextmanager
def bar(session: Session, title: str) -> Iterator[Progress | None]:
    """A progress callback that draws on stderr; ``None`` where nobody watches."""
    if session.format is not Format.HUMAN or not sys.stderr.isatty():
        session.say(f"{title}…")
        yield None
        return
    from rich.console import Console  # noqa: PLC0415 rich is slow to load
    from rich.progress import BarColumn, DownloadColumn, TaskID, TextColumn, TransferSpeedColumn  # noqa: PLC0415 the same
    from rich.progress import Progress as Bars  # noqa: PLC0415 the same

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        known: dict[str, TaskID] = {}

        def progress(path: str, done: int, size: int) -> None:
            if path not in known:
                known[path] = bars.add_task(path, total=size)
            bars.update(known[path], completed=done)

        yield progress
