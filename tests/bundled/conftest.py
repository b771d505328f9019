"""Items as a child process gets them, from our own sources."""

import base64
import io
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import scipy.signal
import soundfile
from PIL import Image

from landbridge_benchmarks.catalog import tasks
from landbridge_benchmarks.sources import at_hand, open_source
from landbridge_plugins import TaskSpec

TASKS = {task.name: task for task in tasks()}
Labeled = list[tuple[Any, str]]


def decoded(value: Any, feature: Mapping[str, Any]) -> Any:  # noqa: ANN401 an item may be anything
    if feature["_type"] == "Array2D":
        return np.array(value, np.uint8)[..., None]
    if feature["_type"] == "Image":
        return np.atleast_3d(np.array(Image.open(io.BytesIO(base64.b64decode(value)))))
    if feature["_type"] == "Audio":
        sound, rate = soundfile.read(io.BytesIO(base64.b64decode(value)), dtype="float32")
        return scipy.signal.resample_poly(sound, 16_000, rate).astype(np.float32)
    return value


def labeled(task: TaskSpec, split: str) -> Labeled:
    source = open_source(task.dataset.ref, task.dataset.config)
    (column,), (target,) = task.columns("input"), task.columns("target")
    return [(decoded(row[column], source.features[column]), str(row[target])) for row in source.splits[split]()]


@pytest.fixture
def rows() -> Callable[[str, str], Labeled]:
    """(item, label) of a classification task's split; a test without the data is skipped."""

    def read(name: str, split: str) -> Labeled:
        task = TASKS[name]
        if not at_hand(task.dataset.ref):
            pytest.skip(f"{task.dataset.ref} is not in LANDBRIDGE_DATA")
        return labeled(task, split)

    return read
