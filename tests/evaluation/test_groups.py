"""Scores of groups rest on what their rows share, as the whole task's do."""

import numpy as np

from landbridge_evaluation.metrics.base import proportion
from landbridge_evaluation.planning import Route
from landbridge_evaluation.scoring import grouped
from landbridge_evaluation.workload import Row, Workload
from landbridge_plugins import DatasetRef, GroupUse, Kind, MetricUse, TaskSpec

CLUSTERS, EACH = 20, 10


def load(cluster_by: str | None) -> Workload:
    """Two groups; in each the rows of a cluster are answered alike."""
    task = TaskSpec(
        name="grouped_rows",
        kind=Kind.CLASSIFY,
        dataset=DatasetRef(ref="bundled:none", split="test", license="MIT", commercial=True),
        prompt={"input": {"column": "text"}, "target": {"column": "label"}},
        metrics=(MetricUse(name="acc", primary=True),),
        groups=(GroupUse(column="side"),),
        cluster_by=cluster_by,
    )
    made = Workload(task=task, route=Route.NATIVE, data=None)  # type: ignore[arg-type] # scoring reads no data
    made.rows = [
        Row("test", index, (index,), "yes", cluster=str(index // EACH), groups={"side": "ab"[index % 2]})
        for index in range(CLUSTERS * EACH)
    ]
    return made


def test_the_interval_of_a_group_knows_that_its_rows_depend_on_each_other() -> None:
    measure = proportion("acc", lambda _said, _target: True)
    alike = np.repeat(np.random.default_rng(0).integers(0, 2, CLUSTERS), EACH)
    stats = {"acc": np.column_stack([alike, np.ones(len(alike))]).astype(float)}
    apart = grouped(load(None), [measure], stats, "key")["side"]["a"]["acc"]
    together = grouped(load("passage"), [measure], stats, "key")["side"]["a"]["acc"]
    assert (apart.value, apart.n) == (together.value, together.n) == (alike.mean(), CLUSTERS * EACH // 2)
    assert together.high - together.low > 1.8 * (apart.high - apart.low), "five rows of a cluster say what one says"
