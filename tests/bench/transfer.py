"""Weights over the Hub routes: upload and download of one file, against reading, hashing and writing it here."""

import hashlib
import json
import secrets
import struct
import tempfile
from pathlib import Path

from landbridge_client.hub import HubClient
from tests.bench.rows import Row, side_by_side
from tests.stack import running

SIZE = 256 << 20
PIECE = 1 << 20
CARD = "---\nlicense: mit\n---\nRandom numbers, to measure transfers with.\n"


def run() -> list[Row]:
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        with running(base / "home", "--no-demo") as stack:
            token = stack.account("ada", organization="lumen", kind="lab", role="owner")["token"]
            with HubClient(stack.url, token) as hub:
                return list(_measured(hub, base))


def _measured(hub: HubClient, base: Path) -> list[Row]:
    number = 0

    def upload() -> None:
        nonlocal number
        number += 1
        folder = base / f"model-{number}"
        write_model(folder)
        hub.create_repo(f"lumen/random-{number}")
        hub.upload_folder(f"lumen/random-{number}", "model", folder)

    def write_here() -> None:
        write_model(base / "here")
        copy(base / "here" / "model.safetensors", base / "copy")

    def download() -> None:
        place = base / "down"
        place.unlink(missing_ok=True)
        hub.download("lumen/random-1", "model", "main", "model.safetensors", place)

    def copy_here() -> None:
        copy(base / "model-1" / "model.safetensors", base / "copy")

    up, local_up = side_by_side(upload, write_here, rounds=3)
    down, local_down = side_by_side(download, copy_here, rounds=5)
    return [
        row("upload 256 MiB by LFS", up, local_up, 0.2),
        row("download 256 MiB, verified", down, local_down, 0.4),
    ]


def row(what: str, over_http: float, here: float, bar: float) -> Row:
    size = SIZE / 1e6
    return Row(what, f"{size / over_http:.0f} MB/s", f"without HTTP {size / here:.0f} MB/s", here / over_http, bar)


def write_model(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "README.md").write_text(CARD)
    header = json.dumps({"w": {"dtype": "U8", "shape": [SIZE], "data_offsets": [0, SIZE]}}).encode()
    with (folder / "model.safetensors").open("wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        for _ in range(SIZE // PIECE):
            file.write(secrets.token_bytes(PIECE))


def copy(source: Path, target: Path) -> str:
    digest = hashlib.sha256()
    with source.open("rb") as file, target.open("wb") as out:
        while piece := file.read(PIECE):
            digest.update(piece)
            out.write(piece)
    return digest.hexdigest()
