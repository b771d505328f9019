"""What a test needs to run one task with one model through the real supervisor."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from landbridge_evaluation.jobspec import JobSpec
from landbridge_evaluation.supervisor import JobResults, MemoryStore, Options, Progress, run_job
from landbridge_plugins import Kind, Modality, ModelSpec

PLUGIN = Path(__file__).parent / "lumen_plugin.py"
NATIVE = tuple(one.value for one in Kind)


def spec_of(slug: str, kinds: Sequence[str] = NATIVE, *, adapts: bool = False) -> ModelSpec:
    return ModelSpec(slug=slug, title=slug, modality=Modality.TEXT, license="MIT", kinds=tuple(kinds), adapts=adapts)


SPECS = {
    one.slug: one
    for one in (
        spec_of("lumen-perfect"),
        spec_of("lumen-features", ("embed",)),
        spec_of("lumen-learner", ("classify", "generate"), adapts=True),
        spec_of("lumen-hostile", ("classify",)),
        spec_of("lumen-unloadable", ("classify",)),
    )
}


def model_folder(folder: Path, slug: str, **settings: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "landbridge.json").write_text(json.dumps({"schema": "landbridge.model/1", "slug": slug}))
    (folder / "settings.json").write_text(json.dumps(settings))
    return folder


def write_rows(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@dataclass(slots=True)
class Run:
    """One task, one model, one store; run it as often as you like."""

    spec: JobSpec
    model: Path
    data: dict[str, Path]
    store: MemoryStore
    paths: tuple[Path, ...]
    frames: list[bytes] = field(default_factory=list)  # all that went into the child
    log: list[bytes] = field(default_factory=list)

    def go(
        self,
        progress: Callable[[Progress], None] = lambda _: None,
        stop: Callable[[], str | None] = lambda: None,
    ) -> JobResults:
        options = Options(paths=self.paths, specs=SPECS, tap=self.frames.append, log=self.log.append, threads=1)
        return run_job(
            self.spec,
            model_dir=self.model,
            data_dirs=self.data,
            store=self.store,
            progress=progress,
            stop=stop,
            options=options,
        )

    def shards_sent(self) -> list[int]:
        frames = (json.loads(frame) for frame in self.frames)
        return [frame["n"] for frame in frames if frame["k"] == "shard"]

    def sent(self) -> str:
        return b"".join(self.frames).decode()


Maker = Callable[..., Run]
