"""What installed plugins say about models. Only bundled ones look at a submission's files: no lab's code runs here."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pluggy

from landbridge_plugins import Finding, ModelSpec, build_manager, call_each
from landbridge_plugins.manager import BUNDLED, Fault

HOOK = "screen_submission"


@cache
def _manager() -> pluggy.PluginManager:
    manager, _ = build_manager()
    return manager


def registered_models() -> dict[str, ModelSpec]:
    """The models that installed plugins declare, by slug; of two that claim one, the first keeps it."""
    found: dict[str, ModelSpec] = {}
    for _, answers in call_each(_manager(), "register_models"):
        for spec in answers if isinstance(answers, tuple) else ():
            if isinstance(spec, ModelSpec):
                found.setdefault(spec.slug, spec)
    return found


def findings_of(spec: ModelSpec, files: Mapping[str, Path]) -> list[Finding]:
    """What bundled plugins see in ``files`` (path → where its bytes lie). One that fails is a remark, not a refusal."""
    manager = _bundled()
    if not getattr(manager.hook, HOOK).get_hookimpls():
        return []
    found: list[Finding] = []
    with _as_folder(files) as folder:
        for plugin, answers in call_each(manager, HOOK, spec=spec, files=folder):
            found += _understood(plugin, answers)
    return found


@cache
def _bundled() -> pluggy.PluginManager:
    manager, _ = build_manager()
    for name, _ in list(manager.list_name_plugin()):
        if name not in BUNDLED:
            manager.unregister(name=name)
    return manager


def screening_plugins() -> list[str]:
    """The bundled plugins that look at submissions, with their versions: with other ones, the rules are others."""
    from importlib.metadata import version  # noqa: PLC0415 asked once a process

    names = [one.plugin_name for one in getattr(_bundled().hook, HOOK).get_hookimpls()]
    return [f"{name} {version('landbridge')}" for name in names]


def _understood(plugin: str, answers: Sequence[object] | Fault) -> Iterator[Finding]:
    if isinstance(answers, Fault):
        said = f"The plugin {plugin} could not look at this submission ({type(answers.error).__name__})."
        yield Finding(code="plugin_fault", message=said, blocking=False)
        return
    yield from (one for one in answers if isinstance(one, Finding))


@contextmanager
def _as_folder(files: Mapping[str, Path]) -> Iterator[Path]:
    """The files under their names, as links to where they lie."""
    with tempfile.TemporaryDirectory(prefix="landbridge-screening-") as name:
        for path, place in files.items():
            link = Path(name) / path
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(place)
        yield Path(name)
