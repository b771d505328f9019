"""Models of installed plugins as repositories: a marker that names the model, and a card made from its declaration."""

import json
from collections.abc import Callable
from typing import Final

import yaml

from landbridge.accounts.models import User
from landbridge.evaluations.management.benchmarks import registered
from landbridge.evaluations.management.publishing import Folder, publish
from landbridge_evaluation.capabilities import MARKER, MARKER_SCHEMA, capabilities_of
from landbridge_plugins import Modality, ModelSpec
from landbridge_registry.models import Revision

NAMESPACE: Final = "plugins"
PIPELINES: Final = {
    "classify": {Modality.TEXT: "text-classification", Modality.IMAGE: "image-classification",
                 Modality.AUDIO: "audio-classification"},
    "loglikelihood_rolling": {Modality.TEXT: "text-generation"},
    "generate": {Modality.TEXT: "text-generation"},
    "embed": {Modality.TEXT: "feature-extraction"},
    "transcribe": {Modality.AUDIO: "automatic-speech-recognition"},
}  # fmt: skip


def sync(*, actor: User, say: Callable[[str], object]) -> list[Revision]:
    """A sealed repository ``plugins/SLUG`` for each model of an installed plugin. Repeating changes nothing."""
    specs: dict[str, ModelSpec] = {}
    for spec in registered("register_models", ModelSpec):
        specs.setdefault(spec.slug, spec)
    made = []
    for spec in specs.values():
        if spec.files:  # its weights come from outside: a lab submits a folder that names the slug
            continue
        revision = publish(folder_of(spec, specs), actor=actor)
        say(f"{revision.repo} {revision.commit[:8]}")
        made.append(revision)
    return made


def folder_of(spec: ModelSpec, specs: dict[str, ModelSpec]) -> Folder:
    marker = {"schema": MARKER_SCHEMA, "slug": spec.slug}
    able = capabilities_of([MARKER, "README.md"], None, marker, specs)
    return Folder(
        kind="model",
        namespace=NAMESPACE,
        name=spec.slug,
        contents={MARKER: (json.dumps(marker, indent=1) + "\n").encode(), "README.md": card(spec).encode()},
        message="As the installed plugin declares it",
        facts={"parameters": spec.parameters, "installed": True},
        capabilities=able.to_json(),
        license=spec.license,
    )


def card(spec: ModelSpec) -> str:
    """A model card as the Hub writes them."""
    named = spec.license.startswith("LicenseRef-")
    front: dict[str, object] = {"license": "other" if named else spec.license.lower()}
    front |= {"license_name": spec.license} if named else {}
    front |= {"language": list(spec.languages)} if spec.languages else {}
    front |= {"base_model": spec.base.partition("@")[0]} if spec.base else {}
    pipeline = next((PIPELINES[kind].get(spec.modality) for kind in spec.kinds if kind in PIPELINES), None)
    front |= {"pipeline_tag": pipeline} if pipeline else {}
    front |= {"library_name": "landbridge", "tags": ["plugin", *(["baseline"] if spec.adapts else [])]}
    how = "It is fitted to each task's training rows." if spec.adapts else "It answers as it is."
    home = f"\n\nHomepage: {spec.homepage}" if spec.homepage else ""
    head = yaml.safe_dump(front, sort_keys=False, allow_unicode=True)
    summary = spec.summary or f"{spec.title}, from an installed plugin."
    return f"---\n{head}---\n\n# {spec.title}\n\n{summary}\n\n{how}{home}\n"
