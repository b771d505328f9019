"""A lab's plugin as an installed distribution, tasks on files, and runs of both through the real supervisor."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from landbridge_evaluation.datasets import seal
from landbridge_evaluation.jobspec import Bounds, DataRef, JobSpec, ModelRef
from landbridge_evaluation.planning import Route, plan_shards, route_for
from landbridge_evaluation.supervisor import JobResults, MemoryStore, Options, Progress, run_job
from landbridge_evaluation.supervisor.model import open_model
from landbridge_plugins import Kind, Modality, ModelSpec, TaskSpec

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


@pytest.fixture(scope="session")
def lumen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an installed distribution: a module, and the dist-info that names its entry point."""
    folder = tmp_path_factory.mktemp("site")
    shutil.copy(PLUGIN, folder / "lumen_plugin.py")
    info = folder / "lumen-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: lumen\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[landbridge]\nlumen = lumen_plugin\n")
    return folder


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


@pytest.fixture
def run_of(tmp_path: Path, lumen: Path) -> Maker:
    def make(
        task: dict[str, Any],
        splits: dict[str, Sequence[dict[str, Any]]],
        slug: str = "lumen-perfect",
        bounds: Bounds | None = None,
        **settings: object,
    ) -> Run:
        for split, rows in splits.items():
            write_rows(tmp_path / "rows" / f"{split}.jsonl", rows)
        given = {"name": "a_task", "dataset": {"ref": "file:rows", "split": "test"}, **task}
        spec, limits = TaskSpec.from_json(given), bounds or Bounds()
        model = model_folder(tmp_path / "model", slug, **settings)
        opened, data = open_model(model, SPECS), seal(spec, tmp_path / "sealed", base=tmp_path)
        route = route_for(spec, opened.capabilities) or Route.NATIVE
        shards = plan_shards(spec, data.counts, route, limit=limits.items)
        job = JobSpec(
            job="test",
            attempt=1,
            model=ModelRef(repo="lumen/model", revision="", digest=opened.digest),
            tasks=(spec,),
            data=(DataRef(repo="d", revision="", digest=data.digest, labels_digest=data.labels_digest),),
            shards=tuple(shards),
            limits=limits,
            device="cpu",
        )
        store = MemoryStore(plan.index for plan in shards)
        return Run(job, model, {spec.name: data.path}, store, (lumen,))

    return make
