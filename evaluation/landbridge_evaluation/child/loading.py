"""From a folder of sealed files to a live model, by way of the plugins."""

import json
import random
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pluggy

from landbridge_evaluation.errors import LoadFault, PluginFault
from landbridge_plugins import PROTOCOLS, LoadedModel, ModelSpec, TaskSpec, build_manager

NVIDIA = Path("/dev/nvidiactl")


@dataclass(slots=True)
class Loaded:
    model: Any
    manager: pluggy.PluginManager
    facts: Mapping[str, Any]  # for the manifest; informative, never trusted
    seed: int


def load(frame: Mapping[str, Any]) -> Loaded:
    """Load the model that a "job" frame names. Raises ``LoadFault`` with a sentence for whoever must act."""
    plugin = Path(frame["plugin"]) if frame.get("plugin") else None
    sys.path += [*frame["paths"], *([str(plugin)] if plugin else [])]  # last: what is installed here is not shadowed
    manager, faults = build_manager(plugin)
    device, dtype, seed = device_of(frame["device"]), frame["dtype"], frame["seed"]
    spec = ModelSpec.from_json(frame["spec"])
    calm(seed)
    model = manager.hook.load_model(
        spec=spec, files=Path(frame["files"]), device=device, dtype="float32" if dtype == "auto" else dtype
    )
    if model is None:
        broken = "; ".join(f"{one.plugin}: {one.error}" for one in faults)
        hint = f" Plugins that failed to load: {broken}." if broken else ""
        raise LoadFault(f'No installed plugin loads the model "{spec.slug}".{hint}', code="no_plugin")
    satisfies(model)
    calm(seed)
    return Loaded(model, manager, facts_of(device, dtype), seed)


def device_of(wanted: str) -> str:
    """``auto`` is the first GPU where there is one that works. torch is asked only if there may be one."""
    if wanted == "cpu" or (wanted == "auto" and not NVIDIA.exists()):
        return "cpu"
    works = cuda_works()
    if wanted == "auto":
        return "cuda:0" if works else "cpu"
    if wanted.startswith("cuda") and not works:
        raise LoadFault(f"The device {wanted} is not there. Use --device cpu, or auto.", code="device_missing")
    return wanted if ":" in wanted else f"{wanted}:0"


def cuda_works() -> bool:
    try:
        import torch
    except ImportError:
        return False
    return torch.cuda.is_available()


def calm(seed: int) -> None:
    """The same seed, the same numbers: every source of chance that is loaded is set."""
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed)
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(seed)
        torch.use_deterministic_algorithms(mode=True, warn_only=True)
        torch.backends.cuda.matmul.allow_tf32 = False
        torch.backends.cudnn.benchmark = False


def satisfies(model: object) -> None:
    if not isinstance(model, PROTOCOLS):
        names = ", ".join(one.__name__ for one in PROTOCOLS)
        raise LoadFault(f"load_model() gave a {type(model).__name__}, which is none of {names}.", code="no_protocol")


def facts_of(device: str, dtype: str) -> dict[str, Any]:
    facts: dict[str, Any] = {"device": device, "dtype": "float32" if dtype == "auto" else dtype}
    facts["python"] = sys.version.split()[0]
    for name in ("torch", "transformers", "numpy"):
        if name in sys.modules:
            facts[name] = version(name)
    torch = sys.modules.get("torch")
    if torch is not None:
        facts["threads"] = torch.get_num_threads()
        facts["cuda"] = torch.version.cuda or ""
        facts["deterministic"] = torch.are_deterministic_algorithms_enabled()
        if device.startswith("cuda"):
            facts["device_name"] = torch.cuda.get_device_name(0)
    return json.loads(json.dumps(facts))  # type: ignore[no-any-return]


def adapt(loaded: Loaded, task: TaskSpec, train: Sequence[tuple[Any, Any]]) -> LoadedModel:
    """The model, fitted to a task's training rows by its plugin."""
    calm(loaded.seed)
    model: LoadedModel | None = loaded.manager.hook.adapt_model(model=loaded.model, task=task, train=train)
    if model is None:
        raise PluginFault(f"No plugin's adapt_model() takes {task.name}.", code="not_adapted")
    satisfies(model)
    return model
