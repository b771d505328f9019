"""From the results file to rows: one ``Score`` per number, or the reason why there is none."""

from collections.abc import Iterator, Mapping
from typing import Any

from landbridge.evaluations.models import Result, Score, TaskRecord
from landbridge.evaluations.verification import flagged
from landbridge.evaluations.wellformed import FLAGS, finite
from landbridge_plugins import Kind

FEW = 30  # fewer items: scored, never ranked
TEXT = 500


def scores_of(result: Result, task: TaskRecord, found: Mapping[str, Any]) -> Iterator[Score]:
    """The rows of one task, its primary metric always among them."""
    metrics = found.get("metrics") or {}
    flags = [*flags_of(found), *claimed(result, task)]
    fault = found.get("fault") or {}
    for name in dict.fromkeys([task.primary, *metrics]):
        row = Score(result=result, task=task, metric=name, primary=name == task.primary, flags=flags)
        if fault or name not in metrics:
            row.missing, row.text = "failed", fault_text(fault)
        else:
            fill(row, metrics[name], int(found.get("n") or 0))
        yield row


def fill(row: Score, metric: Mapping[str, Any], items: int) -> None:
    value, interval = metric.get("value"), metric.get("ci95") or (None, None)
    row.n = int(metric.get("n") or items)
    row.method = str(metric.get("method") or "")[:40]
    if not finite(value):
        row.missing, row.text = "not_finite", "The metric gave no finite number."
    elif not all(finite(bound) for bound in interval):
        row.missing, row.text = "no_interval", "The metric gave no 95 % interval."
    else:
        row.value, row.lo, row.hi = (float(str(number)) for number in (value, *interval))
    if row.n < FEW and "small_n" not in row.flags:
        row.flags = [*row.flags, "small_n"]


def flags_of(found: Mapping[str, Any]) -> list[str]:
    """Why a number, though it is there, does not rank."""
    return [flag for flag in FLAGS if flagged(found, flag)]


def claimed(result: Result, task: TaskRecord) -> list[str]:
    """Probabilities cannot be checked from outside: perplexity ranks models without lab code only (section 6)."""
    return ["self_reported"] if result.job.code and task.spec.get("kind") == Kind.ROLLING else []


def fault_text(fault: Any) -> str:  # noqa: ANN401 JSON
    if isinstance(fault, Mapping):
        return str(fault.get("text") or fault.get("code") or "The task failed.")[:TEXT]
    return str(fault)[:TEXT] or "The task failed."
