"""Paired comparisons against their limit: 10,000 draws of 20 metrics over 1,000 items on one core in two seconds."""

import time
from typing import Any

from tests.bench.rows import Row

METRICS, ITEMS, LIMIT = 20, 1000, 2.0
ROUNDS = 5
MODELS = 10


def run() -> list[Row]:
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # noqa: PLC0415 it ships no types

    from landbridge_evaluation.metrics import column, compare  # noqa: PLC0415 other benches need none
    from landbridge_evaluation.statistics import DRAWS  # noqa: PLC0415

    measures, models = metrics(), [answers(seed) for seed in range(MODELS)]
    with threadpool_limits(limits=1):
        pair = seconds(lambda: compare(measures, models[0], models[1], key="bench"))
        boards = {str(place): one["ratio_0"] for place, one in enumerate(models)}
        board = seconds(lambda: column(measures[0], boards, key="bench"))
    what = f"{DRAWS:,} paired draws, {METRICS} metrics, {ITEMS:,} items, one core"
    return [
        Row(what, f"{pair:.2f} s", f"limit {LIMIT:.0f} s", LIMIT / pair, 1.0),
        Row(
            f"a board's column of {MODELS} models, all pairs",
            f"{board:.2f} s",
            f"limit {LIMIT:.0f} s",
            LIMIT / board,
            1.0,
        ),
    ]


def seconds(function: Any) -> float:  # noqa: ANN401 a call without arguments
    """The median of a few calls, in seconds of this process: other work on the machine does not count."""
    taken = []
    for _ in range(ROUNDS):
        started = time.process_time()
        function()
        taken.append(time.process_time() - started)
    return sorted(taken)[ROUNDS // 2]


def metrics() -> list[Any]:
    """Ratios of sums, with as many distinct rows as items (the slow way), and F1 and correlation of four classes."""
    from dataclasses import replace  # noqa: PLC0415

    from landbridge_evaluation.metrics import BUILT_IN, Context  # noqa: PLC0415
    from landbridge_plugins import Kind  # noqa: PLC0415

    labels = Context(labels=("a", "b", "c", "d"))
    classify, rolling = BUILT_IN[Kind.CLASSIFY], BUILT_IN[Kind.ROLLING]
    made = [replace(rolling["byte_perplexity"](labels), name=f"ratio_{place}") for place in range(METRICS - 4)]
    return [*made, *(classify[name](labels) for name in ("macro_f1", "balanced_acc", "mcc", "ece"))]


def answers(seed: int) -> dict[str, Any]:
    """Rows of statistics of one model, by metric."""
    import numpy as np  # noqa: PLC0415

    rng = np.random.default_rng(seed)
    size = rng.integers(20, 2000, size=ITEMS).astype(float)
    found = {
        f"ratio_{place}": np.stack([-size * rng.gamma(9, 0.1, size=ITEMS), size, size // 6], axis=1)
        for place in range(METRICS - 4)
    }
    truth, said = rng.integers(0, 4, size=ITEMS), rng.integers(0, 4, size=ITEMS)
    seen, given = np.eye(4)[truth], np.eye(4)[said]
    rows = np.concatenate([seen * given, seen, given], axis=1)
    sure, right = rng.random(ITEMS), rng.integers(0, 2, size=ITEMS)
    bins = np.eye(10)[np.minimum(9, (sure * 10).astype(int))]
    ece = np.concatenate([bins * sure[:, None], bins * right[:, None], np.ones((ITEMS, 1))], axis=1)
    return {**found, "macro_f1": rows, "balanced_acc": rows, "mcc": rows, "ece": ece}
