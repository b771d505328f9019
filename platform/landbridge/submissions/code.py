"""A lab's code: its wheel is read here, and run in the sandbox of a worker only; the platform never imports it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from landbridge.evaluations import planning, screenings
from landbridge.evaluations.errors import NoTaskFits
from landbridge.submissions import plugins
from landbridge.submissions.models import Submission
from landbridge_client.formats.wheels import SUFFIX, Wheel, inspect
from landbridge_client.screening import FileView
from landbridge_evaluation.capabilities import Capabilities
from landbridge_plugins import Finding, ModelSpec
from landbridge_registry.models import Revision

MODEL_FACTS: Final = ("wheel", "wheel_sha256", "name", "version")


def wheel_of(files: Sequence[FileView]) -> Wheel | None:
    """The wheel at the root of a model that passed screening, inspected."""
    for file in files:
        if file.path.lower().endswith(SUFFIX):
            with file.open() as stream:
                return inspect(stream, file.size, file.path)
    return None


def named(wheel: Wheel, marker: Mapping[str, Any] | None) -> dict[str, Any]:
    """What a job says of the plugin, and which of its models the folder's marker names."""
    slug = marker.get("slug") if marker else None
    pinned = {"wheel": wheel.file, "wheel_sha256": wheel.sha256}
    return {**pinned, "name": wheel.name, "version": wheel.version, "slug": slug}


def chosen(results: Mapping[str, Any], slug: str | None, paths: Collection[str]) -> ModelSpec | Finding:
    """The model that a version offers: the one that its marker names, or the only one; else what the lab must do."""
    specs = screenings.models_of(results)
    names = ", ".join(spec.slug for spec in specs)
    fitting = [spec for spec in specs if slug is None or spec.slug == slug]
    if len(fitting) != 1:
        return blocking(
            "model_not_named",
            f"The plugin registers {names or 'no model'}. Name one of them in landbridge.json beside the wheel: "
            '{"schema": "landbridge.model/1", "slug": "..."}.',
        )
    spec = fitting[0]
    if absent := [name for name in spec.files if name not in paths]:
        return blocking("files_missing", f"{spec.slug} needs {', '.join(absent)} beside the wheel. Upload them, too.")
    if spec.slug in plugins.registered_models():
        return blocking("slug_taken", f"{spec.slug} is the name of a model that is installed here. Give yours another.")
    return spec


def capabilities(spec: ModelSpec) -> Capabilities:
    return Capabilities(kinds=spec.kinds, modality=spec.modality.value, slug=spec.slug, adapts=spec.adapts)


def fit(submission: Submission, able: Capabilities) -> list[Finding]:
    """A finding where the model can do no task of the suite."""
    if submission.suite_revision is None:
        return []
    rows = submission.suite_revision.rows.select_related("task")
    try:
        planning.plan_job(Revision(repo=submission.repo, capabilities=able.to_json()), [row.task for row in rows])
    except NoTaskFits as error:
        return [blocking("no_task_fits", f"{error} Choose a suite that fits the model.")]
    return []


def fault_finding(fault: Mapping[str, Any]) -> Finding:
    """Why the conformance kit could not finish, in the words of the job."""
    text = str(fault.get("text") or "The conformance kit could not finish.")
    said = f"In the sandbox: {text} Try it on your machine: landbridge plugin check."
    return blocking(str(fault.get("code") or "screening_failed"), said)


def blocking(code: str, message: str) -> Finding:
    return Finding(code=code, message=message[:2000], blocking=True)
