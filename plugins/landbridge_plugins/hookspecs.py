"""Every hook Landbridge calls. ``docs/hooks.md`` is rendered from this file; a test holds them together."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from landbridge_plugins.markers import hookspec
from landbridge_plugins.measures import MetricSpec, PerturbationSpec
from landbridge_plugins.protocols import LoadedModel
from landbridge_plugins.suites import SuiteSpec
from landbridge_plugins.tasks import TaskSpec
from landbridge_plugins.types import Document, Finding, LicenseVerdict, ModelSpec, QueueChoice


@hookspec
def register_models() -> Iterable[ModelSpec]:
    """Declare the foundation models this plugin brings.

    Called by the registry's sync and by the engine. Return plain specs; weights are uploaded, never registered here.
    """
    return ()


@hookspec
def register_tasks() -> Iterable[TaskSpec]:
    """Declare tasks.

    Called by the engine and by the sync of suites. A published task never changes: a change is a new name.
    """
    return ()


@hookspec
def register_suites() -> Iterable[SuiteSpec]:
    """Declare suites of tasks, by any plugin's task names.

    Called by the sync of suites and by the engine's command line. Each suite gets a leaderboard.
    """
    return ()


@hookspec
def register_metrics() -> Iterable[MetricSpec]:
    """Bring metrics of your own, as sums over items.

    Called by the engine's supervisor, so that only plugins that the operator installed are asked. A name that is taken
    is refused.
    """
    return ()


@hookspec
def register_perturbations() -> Iterable[PerturbationSpec]:
    """Bring ways to disturb items without changing the answer.

    Called by the engine's supervisor, for tasks that name them in ``perturbations`` and for runs with
    ``--axes robustness``. Of two plugins that claim one name, the first in pluggy's order keeps it.
    """
    return ()


@hookspec(firstresult=True)
def load_model(spec: ModelSpec, files: Path, device: str, dtype: str) -> LoadedModel | None:
    """Turn sealed ``files`` into a live model on ``device`` ("cpu", "cuda:0"), in ``dtype`` ("float32", "bfloat16").

    Called by the engine in the child process; ``files`` is read-only. ``None`` leaves the model to the next plugin; the
    first answer wins. A folder without a marker file has the slug "huggingface".
    """
    return None


@hookspec(firstresult=True)
def adapt_model(model: LoadedModel, task: TaskSpec, train: Sequence[tuple[Any, Any]]) -> LoadedModel | None:
    """Fit ``model`` to a task's training rows, (item, label) each, and return the fitted one.

    Called by the engine in the child process, for models whose spec says ``adapts``, once a task. ``None`` leaves it to
    the next plugin. Evaluation rows are not known here. The same rows must give the same model.
    """
    return None


@hookspec
def screen_submission(spec: ModelSpec, files: Path) -> Iterable[Finding]:
    """Inspect a submission before it is sealed.

    Called by screening: of bundled plugins for every submission, of a lab's own plugin in the sandbox for its own;
    ``files`` is read-only. One blocking finding refuses the submission.
    """
    return ()


@hookspec
def check_license(spec: ModelSpec, lineage: Sequence[ModelSpec], use: str) -> Iterable[LicenseVerdict]:
    """Say whether a model and its ancestors (``lineage``, the nearest first) may be used for ``use``.

    Called by offers; ``lineage`` is empty until lineages are recorded. Of several verdicts the strictest wins; none
    is no objection.
    """
    return ()


@hookspec(firstresult=True)
def choose_queue(job: Mapping[str, Any]) -> QueueChoice | None:
    """Choose where a job runs. ``job`` is what is public of it: kind, model, parameters, code, suite, tasks.

    Called by dispatch before an evaluation is queued. A choice narrows who may run it and opens nothing: ``needs`` may
    name ``cpu``, ``gpu``, ``gpu.N``, ``gpus.N``, ``isolated`` and ``class:...``, and ``pool`` must be the job's own;
    any other choice is logged and left out. ``None`` leaves it to the next plugin, then to the platform's own rule.
    """
    return None


@hookspec(firstresult=True)
def render_agreement(terms: Mapping[str, Any], template: str, locale: str) -> Document | None:
    """Write out an agreement's terms as a document.

    Called by agreements when a text is frozen for signature; not yet in this version. ``None`` leaves it to the
    next plugin, then to the
    platform's own templates. The same terms must give the same bytes.
    """
    return None


@hookspec
def result_published(result: Mapping[str, Any]) -> None:
    """Hear that a result stands on a board. ``result`` is what the API answers for it.

    Called by the platform after commit, at least once; not yet in this version. A fault harms nothing.
    """


@hookspec
def agreement_executed(agreement: Mapping[str, Any]) -> None:
    """Hear that both sides have signed. ``agreement`` is what the API answers to its parties.

    Called by the platform after commit, at least once; not yet in this version. A fault harms nothing.
    """
