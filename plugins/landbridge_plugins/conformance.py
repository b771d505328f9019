"""The conformance kit: what a plugin must keep to, checked on its author's own computer as it is by screening."""

import json
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, distributions, entry_points
from pathlib import Path
from typing import Any

import pluggy

from landbridge_plugins import hookspecs
from landbridge_plugins.effects import watched
from landbridge_plugins.manager import Fault, call_each
from landbridge_plugins.measures import MetricSpec, PerturbationSpec
from landbridge_plugins.protocols import PROTOCOLS
from landbridge_plugins.suites import SuiteSpec
from landbridge_plugins.tasks import TaskSpec
from landbridge_plugins.trials import blocking, tried
from landbridge_plugins.types import Finding, ModelSpec

GROUP = "landbridge"
MARKER = "landbridge.json"
COLLECTING: Mapping[str, type] = {
    "register_models": ModelSpec,
    "register_tasks": TaskSpec,
    "register_suites": SuiteSpec,
    "register_metrics": MetricSpec,
    "register_perturbations": PerturbationSpec,
}


@dataclass(frozen=True, slots=True)
class Examined:
    """What a plugin brings, and what is found against it."""

    models: tuple[ModelSpec, ...]
    findings: tuple[Finding, ...]


def check(target: str, model: Path | None = None) -> list[Finding]:
    """All that is found against ``target``: a folder (of a project, or with a dist-info), or an installed name.

    ``model`` is a folder that its ``load_model`` is to load, on the CPU. This imports the plugin: its code runs here.
    """
    return list(examine(target, model).findings)


def examine(target: str, model: Path | None = None) -> Examined:
    """``check``, with the models that the plugin registers. Those that need no files are loaded and asked, too."""
    points = find(target)
    if not points:
        said = f'{target} declares no entry point in the group "{GROUP}".'
        return Examined((), (blocking("no_entry_point", said),))
    manager = pluggy.PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    with watched() as effects:
        findings = [finding for point in points for finding in admitted(manager, point)]
        specs, said_too = collected(manager)
    findings += said_too
    findings += [
        Finding(
            code="side_effect",
            message=f"To import it {one}. Leave that to load_model; in the sandbox there is no network.",
            blocking="network" in one,
        )
        for one in effects
    ]
    if not any(one.blocking for one in findings):
        findings += answering(manager, model, specs)
    return Examined(tuple(specs.values()), tuple(findings))


def answering(manager: pluggy.PluginManager, folder: Path | None, specs: Mapping[str, ModelSpec]) -> Iterator[Finding]:
    """Load and ask the model of ``folder``, if its marker names one; else each model that needs no files."""
    if folder is not None and (folder / MARKER).is_file():
        marker: dict[str, Any] = json.loads((folder / MARKER).read_text(encoding="utf-8"))
        spec = specs.get(str(marker.get("slug")))
        if spec is None:
            yield blocking(
                "unknown_slug", f'{MARKER} names "{marker.get("slug")}", which the plugin does not register.'
            )
            return
        yield from loaded(manager, folder, spec)
        return
    with tempfile.TemporaryDirectory(prefix="landbridge-check-") as empty:
        place = folder or Path(empty)
        for spec in specs.values():
            if all((place / name).is_file() for name in spec.files):
                yield from loaded(manager, place, spec)


def find(target: str) -> list[EntryPoint]:
    """The plugin's entry points; a folder goes to the end of ``sys.path``, so that they can be loaded."""
    folder = Path(target)
    if not folder.is_dir():
        return list(entry_points(group=GROUP, name=target))
    project = folder / "pyproject.toml"
    if project.is_file():
        declared = tomllib.loads(project.read_text(encoding="utf-8")).get("project", {})
        named = declared.get("entry-points", {}).get(GROUP, {})
        sys.path += [str(one.resolve()) for one in (folder, folder / "src") if one.is_dir()]
        return [EntryPoint(name, value, GROUP) for name, value in named.items()]
    sys.path.append(str(folder.resolve()))
    return [one for found in distributions(path=[str(folder)]) for one in found.entry_points if one.group == GROUP]


def admitted(manager: pluggy.PluginManager, point: EntryPoint) -> Iterator[Finding]:
    """Import and register one entry point."""
    had_torch = "torch" in sys.modules
    try:
        manager.register(point.load(), point.name)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        if manager.has_plugin(point.name):
            manager.unregister(name=point.name)
        yield blocking("wrong_hook", f"{point.name}: {error}. docs/hooks.md lists the hooks and their arguments.")
        return
    except Exception as error:  # noqa: BLE001 a stranger's import may raise anything
        yield blocking("not_importable", f"{point.value} cannot be imported: {type(error).__name__}: {error}")
        return
    if not manager.get_hookcallers(manager.get_plugin(point.name)):
        yield blocking("no_hooks", f"{point.value} answers no hook. Mark its functions with @hookimpl.")
    if "torch" in sys.modules and not had_torch:
        yield Finding(
            code="torch_at_import",
            message=f"{point.value} imports torch when it is listed. Import it inside load_model.",
            blocking=False,
        )


def collected(manager: pluggy.PluginManager) -> tuple[dict[str, ModelSpec], list[Finding]]:
    """The models by slug, and what is wrong with what the collecting hooks answer."""
    findings, specs = list[Finding](), dict[str, ModelSpec]()
    for hook, wanted in COLLECTING.items():
        for plugin, answers in call_each(manager, hook):
            if isinstance(answers, Fault):
                findings.append(blocking("hook_raises", f"{plugin}.{hook}() raises {answers.error!r}."))
                continue
            for one in answers:
                findings += declared(plugin, hook, one, wanted)
                if isinstance(one, ModelSpec):
                    findings += doubled(one, specs)
                    specs[one.slug] = one
    return specs, findings


def declared(plugin: str, hook: str, one: object, wanted: type) -> Iterator[Finding]:
    if not isinstance(one, wanted):
        yield blocking("wrong_type", f"{plugin}.{hook}() gives a {type(one).__name__}, promised is {wanted.__name__}.")
    elif isinstance(one, ModelSpec) and not one.license.strip():
        yield blocking("no_license", f'The model "{one.slug}" names no license. Give an SPDX expression.')


def doubled(one: ModelSpec, specs: Mapping[str, ModelSpec]) -> Iterator[Finding]:
    if one.slug in specs:
        yield blocking("slug_twice", f'The slug "{one.slug}" is registered twice.')


def loaded(manager: pluggy.PluginManager, folder: Path, spec: ModelSpec) -> Iterator[Finding]:
    """Load a model folder, and see that the model answers what its spec promises."""
    try:
        model = manager.hook.load_model(spec=spec, files=folder, device="cpu", dtype="float32")
    except Exception as error:  # noqa: BLE001 a stranger's code may raise anything
        yield blocking("load_raises", f"load_model() raises {type(error).__name__}: {error}")
        return
    if not isinstance(model, PROTOCOLS):
        names = ", ".join(one.__name__ for one in PROTOCOLS)
        yield blocking("no_protocol", f"load_model() gives a {type(model).__name__}, which is none of {names}.")
        return

    def adapt(task: TaskSpec, train: object) -> object:
        return manager.hook.adapt_model(model=model, task=task, train=train)

    yield from tried(spec, model, adapt)
    for plugin, answers in call_each(manager, "screen_submission", spec=spec, files=folder):
        if isinstance(answers, Fault):
            yield blocking("hook_raises", f"{plugin}.screen_submission() raises {answers.error!r}.")
        else:
            yield from (one for one in answers if isinstance(one, Finding))
