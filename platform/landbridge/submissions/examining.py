"""Screening a commit from the blob store: read, never executed; no transaction is open meanwhile."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from landbridge.evaluations import planning
from landbridge.evaluations.errors import NoTaskFits
from landbridge.submissions import code, plugins
from landbridge.submissions.models import Submission
from landbridge_client import licenses
from landbridge_client.formats.safetensors import read_header
from landbridge_client.screening import FileView, screen
from landbridge_client.screening.rules import CONFIG, MARKER, WEIGHTS, read_card
from landbridge_evaluation.capabilities import Capabilities, capabilities_of
from landbridge_plugins import Finding, Modality, ModelSpec
from landbridge_registry import queries as registry
from landbridge_registry.models import Commit, RepoObject, Revision
from landbridge_registry.storage import open_blob, path_of

CHUNK = 500  # values in one IN list


@dataclass(frozen=True, slots=True)
class Stored:
    """A file of a commit, in the store. ``location`` is empty where the repository has no right to its content."""

    path: str
    size: int
    location: str

    def open(self) -> BinaryIO:
        if not self.location:
            raise OSError(2, "its content is not in the store", self.path)
        return open_blob(self.location)


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What screening found; ``capabilities``, ``license`` and ``facts`` are what a sealed version says of itself."""

    findings: Sequence[Finding]
    capabilities: Mapping[str, Any] = field(default_factory=dict)
    license: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    plugin: Mapping[str, Any] = field(default_factory=dict)  # a lab's wheel, for the sandbox to see before it is sealed

    @property
    def blocked(self) -> bool:
        return any(finding.blocking for finding in self.findings)


def examine(submission: Submission) -> Examined:
    """Screen the submission's commit: by content first, and only what passes is looked at further."""
    files = stored_files(submission)
    findings = screen(files)
    if any(finding.blocking for finding in findings):
        return Examined(findings=findings)
    named: dict[str, FileView] = {file.path: file for file in files}
    specs = plugins.registered_models()
    if (wheel := code.wheel_of(files)) is not None:
        said = {"plugin": code.named(wheel, _object(named.get(MARKER))), "facts": _facts(files, places_of(files))}
        return Examined(findings=findings, license=licenses.expression_of(read_card(named)), **said)
    able = capabilities_of(list(named), _object(named.get(CONFIG)), _object(named.get(MARKER)), specs)
    expression = licenses.expression_of(read_card(named))
    spec = specs.get(able.slug or "") or _spec_of(submission, able, expression)
    places = places_of(files)
    findings += [*plugins.findings_of(spec, places), *_fit(submission, able)]
    return Examined(findings=findings, capabilities=able.to_json(), license=expression, facts=_facts(files, places))


def places_of(files: Sequence[Stored]) -> dict[str, Path]:
    return {file.path: path_of(file.location) for file in files}


def stored_files(submission: Submission) -> list[Stored]:
    """The commit's files, with where their bytes lie."""
    commit = Commit.objects.get(repo=submission.repo, sha=submission.commit)
    rows = registry.files_of(commit)
    wanted = sorted({sha256 for _, sha256, _, _ in rows})
    places: dict[str, str] = {}
    for start in range(0, len(wanted), CHUNK):
        held = RepoObject.objects.filter(repo=submission.repo, blob__in=wanted[start : start + CHUNK])
        places.update(held.values_list("blob_id", "blob__location"))
    return [Stored(path, size, places.get(sha256, "")) for path, sha256, size, _ in rows]


def _fit(submission: Submission, able: Capabilities) -> list[Finding]:
    """A finding where the model can do no task of the suite: told now, not after the upload was sealed."""
    if submission.suite_revision is None:
        return [Finding(code="model_unknown", message=able.reason, blocking=False)] if able.reason else []
    rows = submission.suite_revision.rows.select_related("task")
    try:
        planning.plan_job(Revision(repo=submission.repo, capabilities=able.to_json()), [row.task for row in rows])
    except NoTaskFits as error:
        return [Finding(code="no_task_fits", message=f"{error} Choose a suite that fits the model.", blocking=True)]
    return []


def _spec_of(submission: Submission, able: Capabilities, expression: str) -> ModelSpec:
    """What a folder that no plugin declared says of itself."""
    slug = f"folder-{submission.pk}"  # a repository's name may not be one
    return ModelSpec(slug=slug, title=submission.repo.name, modality=Modality(able.modality), license=expression)


def _object(file: FileView | None) -> Mapping[str, Any] | None:
    if file is None:
        return None
    with file.open() as stream:
        value = json.loads(stream.read())
    return value if isinstance(value, dict) else None


def _facts(files: Sequence[Stored], places: Mapping[str, Path]) -> dict[str, Any]:
    """Parameters by dtype, and how many bytes of weights there are."""
    parameters: dict[str, int] = {}
    weights = [file for file in files if file.path.endswith(WEIGHTS)]
    for file in weights:
        for dtype, count in read_header(places[file.path]).parameters.items():
            parameters[dtype] = parameters.get(dtype, 0) + count
    size = sum(file.size for file in weights)
    return {"parameters": sum(parameters.values()), "parameters_by_dtype": parameters, "weights_bytes": size}
