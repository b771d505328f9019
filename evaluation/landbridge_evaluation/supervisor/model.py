"""What the supervisor knows of a model folder: its files' digest, what it can do, which spec loads it."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from landbridge_client.formats.digest import file_digest, tree_digest
from landbridge_evaluation.capabilities import HUGGINGFACE, MARKER, Capabilities, capabilities_of
from landbridge_evaluation.errors import LoadFault
from landbridge_plugins import Modality, ModelSpec, build_manager, call_each


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFolder:
    path: Path
    digest: str
    size: int
    spec: ModelSpec
    capabilities: Capabilities


def open_model(path: Path, specs: Mapping[str, ModelSpec] | None = None, own: ModelSpec | None = None) -> ModelFolder:
    """The model in ``path``. ``specs`` adds to those that installed plugins register. Raises ``LoadFault``.

    ``own`` is the one that the folder's own plugin brings; then nothing else is asked.
    """
    if not path.is_dir():
        raise LoadFault(f"There is no model folder at {path}.", code="model_missing")
    files = sorted(one for one in path.rglob("*") if one.is_file() and not hidden(one.relative_to(path)))
    entries = [(one.relative_to(path).as_posix(), *file_digest(one)) for one in files]
    config, marker = read_json(path / "config.json"), read_json(path / MARKER)
    known = {**registered_models(), **(specs or {})}
    names = [name for name, _, _ in entries]
    able = brought(own, names) if own is not None else capabilities_of(names, config, marker, known)
    if able.slug is None:
        raise LoadFault(f"{path.name}: {able.reason}", code="model_unknown")
    return ModelFolder(
        path=path,
        digest=tree_digest(entries),
        size=sum(size for _, _, size in entries),
        spec=own or known.get(able.slug) or folder_spec(able),
        capabilities=able,
    )


def brought(spec: ModelSpec, names: Collection[str]) -> Capabilities:
    """What the lab's own plugin can do with the folder, by its spec."""
    absent = [name for name in spec.files if name not in names]
    if absent:
        return Capabilities(reason=f"The folder of {spec.slug} lacks {', '.join(absent)}.")
    return Capabilities(kinds=spec.kinds, modality=spec.modality.value, slug=spec.slug, adapts=spec.adapts)


def hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def read_json(path: Path) -> Mapping[str, Any] | None:
    if not path.is_file():
        return None
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise LoadFault(f"{path.name} is no JSON: {error}.", code="model_unknown") from error
    if not isinstance(value, dict):
        raise LoadFault(f"{path.name} must hold an object.", code="model_unknown")
    return value


def registered_models() -> dict[str, ModelSpec]:
    """By slug. Of two plugins that claim one slug, the first in pluggy's order keeps it."""
    manager, _ = build_manager()
    found: dict[str, ModelSpec] = {}
    for _, answers in call_each(manager, "register_models"):
        for spec in answers if isinstance(answers, tuple) else ():
            found.setdefault(spec.slug, spec)
    return found


def folder_spec(able: Capabilities) -> ModelSpec:
    """A folder in a standard architecture needs no spec of its own."""
    return ModelSpec(
        slug=HUGGINGFACE,
        title="Hugging Face folder",
        modality=Modality(able.modality),
        license="LicenseRef-unknown",
        kinds=able.kinds,
    )
