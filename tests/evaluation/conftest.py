"""A lab's plugin as an installed distribution, tasks on files, and runs of both through the real supervisor."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from landbridge_evaluation.datasets import seal
from landbridge_evaluation.jobspec import Bounds, DataRef, JobSpec, ModelRef
from landbridge_evaluation.planning import Route, plan_shards, route_for
from landbridge_evaluation.supervisor import MemoryStore
from landbridge_evaluation.supervisor.model import open_model
from landbridge_plugins import TaskSpec
from tests.evaluation.runs import PLUGIN, SPECS, Maker, Run, model_folder, write_rows


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


@pytest.fixture
def run_of(tmp_path: Path, lumen: Path) -> Maker:
    def make(
        task: dict[str, Any],
        splits: dict[str, Sequence[dict[str, Any]]],
        slug: str = "lumen-perfect",
        bounds: Bounds | None = None,
        **settings: object,  # the model's
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
