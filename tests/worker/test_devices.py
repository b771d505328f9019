"""GPUs as slots. This is run with a made-up ``nvidia-smi``: a machine with GPUs was not at hand."""

import os
import threading
import time
from pathlib import Path

import pytest

from landbridge_evaluation.worker import devices, meter
from landbridge_evaluation.worker.devices import Slot, find, slots
from landbridge_evaluation.worker.environment import device_class
from tests.worker import smi
from tests.worker.smi import H100, L40, T4


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that comes first on PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.defpath}")
    return folder


def again(gpu: smi.Gpu, number: int) -> smi.Gpu:
    """Another of the same kind."""
    return (f"{gpu[0][:-2]}{number:02}", *gpu[1:])


def test_a_machine_without_a_driver_has_one_slot_on_the_processor(tools: Path) -> None:
    assert find() == () and not (tools / "nvidia-smi").exists()
    (only,) = slots(find())
    assert (only.labels, only.kind, only.files) == ({"cpu"}, "cpu", ())
    assert only.env == {"CUDA_VISIBLE_DEVICES": ""}, "a child sees no GPU that is not its slot's"
    assert len(slots((), wanted=3)) == 3


def test_a_driver_that_fails_takes_no_worker_along(tools: Path) -> None:
    smi.install(tools, H100, fails=True)
    assert find() == () and devices.load() == []


def test_each_gpu_is_a_slot_with_its_own_labels_files_and_class(tools: Path, tmp_path: Path) -> None:
    smi.install(tools, H100, L40, T4)
    for number, (uuid, minor) in enumerate(((H100[0], 2), (L40[0], 0), (T4[0], 1))):
        place = tmp_path / "gpus" / f"0000:0{number}:00.0"
        place.mkdir(parents=True)
        (place / "information").write_text(f"Model: \t\t GPU\nGPU UUID: \t {uuid}\nDevice Minor: \t {minor}\n")
    big, middle, small = slots(find(gpus=tmp_path / "gpus"))
    assert big.labels == {"cpu", "gpu", "gpus.1", "gpu.8", "gpu.16", "gpu.24", "gpu.40", "gpu.80"}
    assert middle.labels == {"cpu", "gpu", "gpus.1", "gpu.8", "gpu.16", "gpu.24", "gpu.40"}
    assert small.labels == {"cpu", "gpu", "gpus.1", "gpu.8", "gpu.16"}
    assert [one.kind for one in (big, middle, small)] == ["cuda:sm90", "cuda:sm89", "cuda:sm75"]
    assert big.files == ("/dev/nvidia2",), "the device file's number, not the one that nvidia-smi counts by"
    assert big.env == {"CUDA_VISIBLE_DEVICES": H100[0]}
    said = big.to_json()[0]
    assert said == {"slot": 0, "name": H100[1], "uuid": H100[0], "memory_mb": 81559, "class": "cuda:sm90"}


def test_a_slot_of_several_gpus_for_a_model_larger_than_one(tools: Path) -> None:
    smi.install(tools, L40, *(again(L40, number) for number in (1, 2, 3)), T4)
    first, second = slots(find(), per_slot=2)
    assert {"gpus.2", "gpu.80"} <= first.labels and "gpu.140" not in first.labels
    assert first.env["CUDA_VISIBLE_DEVICES"].count(",") == 1 and len(first.files) == 2
    assert not {*first.files} & {*second.files}, "and the T4, alone of its kind, is in no group of two"
    with pytest.raises(ValueError, match="not 5 GPUs of one kind"):
        slots(find(), per_slot=5)


def test_slots_beyond_the_gpus_and_gpus_left_alone(tools: Path) -> None:
    smi.install(tools, H100)
    one, two = slots(find(), wanted=2)
    assert one.devices and not two.devices
    assert slots(find(), per_slot=0) == (Slot(number=0),)


def test_mig_instances_take_the_place_of_their_gpu(tools: Path, tmp_path: Path) -> None:
    smi.install(tools, H100, L40, slices=("1g.10gb", "3g.40gb"))
    caps = tmp_path / "caps"
    caps.mkdir()
    (caps / "nvidia-cap12").touch()
    small, large, whole = slots(find(capabilities=caps))
    assert (small.devices[0].name, small.env["CUDA_VISIBLE_DEVICES"][:4]) == (
        "NVIDIA H100 80GB HBM3 MIG 1g.10gb",
        "MIG-",
    )
    assert "gpu.8" in small.labels and "gpu.16" not in small.labels and "gpu.40" not in small.labels
    assert "gpu.24" in large.labels and str(caps / "nvidia-cap12") in large.files
    assert (small.shared, large.shared, whole.shared) == (True, True, False), "who shares a GPU promises no isolation"


def test_the_class_in_a_statement_is_the_slots_where_the_child_used_it() -> None:
    assert device_class({"device": "cuda:0"}, "auto", "cuda:sm90") == "cuda:sm90"
    assert device_class({"device": "cpu"}, "auto", "cuda:sm90") == "cpu"


def test_a_labs_code_cannot_say_that_it_used_less_than_it_was_given() -> None:
    assert device_class({"device": "cpu"}, "auto", "cuda:sm90", code=True) == "cuda:sm90"
    assert device_class({"device": "cuda:0"}, "auto", "cpu", code=True) == "cpu"
    assert device_class({"device": "cuda:0"}, "cpu", "cuda:sm90", code=True) == "cpu"


def test_load_is_measured_now_and_then_and_never_waited_for(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    smi.install(tools, H100, L40)
    (slot, _) = slots(find())
    asked = meter.Meter(slot)
    assert asked.fresh() == []
    until = time.monotonic() + 10
    while not (found := asked.fresh()) and time.monotonic() < until:
        threading.Event().wait(0.02)
    assert found == [{"uuid": H100[0], "used_percent": 87, "memory_used_mb": 40210}], "its own GPU only"
    assert asked.fresh() == [], "told once"
    monkeypatch.setattr(devices, "load", lambda: pytest.fail("there is no GPU"))
    assert meter.Meter(Slot(number=1)).fresh() == []
