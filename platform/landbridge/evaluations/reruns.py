"""Reading two results for their comparison: statements, numbers, and the answers from the files of their shards."""

import base64
import gzip
import json
from typing import Any

from landbridge.evaluations import shard_files
from landbridge.evaluations.comparison import Number, Run, compare
from landbridge.evaluations.models import Comparison, Job, Result, Score, Shard
from landbridge_registry.models import Visibility


def first_of(result: Result) -> Result | None:
    """The result that this one repeats: of the job it is a re-run of, or of the one before that has a result."""
    job: Job | None = result.job.rerun_of
    while job is not None:
        found = Result.objects.filter(job=job).first()
        if found is not None:
            return found
        job = job.rerun_of
    return None


def uncompared() -> list[str]:
    """Results of re-runs that no comparison was made for: the twin of a lost ``result.accepted``."""
    rows = Result.objects.filter(job__rerun_of__result__isnull=False, comparison=None).order_by("accepted_at")
    return list(rows.values_list("pk", flat=True)[:50])


def comparison_of(result: Result, first: Result) -> dict[str, Any]:
    """Reads files: call it outside of transactions."""
    return compare(run_of(first), run_of(result))


def run_of(result: Result) -> Run:
    rows = Score.objects.filter(result=result, primary=True, missing="").select_related("task")
    numbers = {
        row.task.name: Number(value=row.value, lo=row.lo, hi=row.hi, n=row.n)
        for row in rows
        if row.value is not None and row.lo is not None and row.hi is not None
    }
    return Run(predicate=predicate_of(result), numbers=numbers, answers=_answers(result))


def predicate_of(result: Result) -> dict[str, Any]:
    payload = str(result.envelope.get("payload") or "")
    statement = json.loads(base64.b64decode(payload)) if payload else {}
    predicate: dict[str, Any] = statement.get("predicate") or {}
    return predicate


def _answers(result: Result) -> dict[str, dict[int, Any]]:
    found: dict[str, dict[int, Any]] = {}
    for shard in Shard.objects.filter(job=result.job_id).exclude(sha256="").select_related("task"):
        try:
            packed = shard_files.load(shard.sha256)
        except OSError:  # the digests still say whether all is the same
            return {}
        for line in gzip.decompress(packed).splitlines():
            row = json.loads(line)
            if "i" in row:
                found.setdefault(shard.task.name, {})[row["i"]] = row["v"]
    return found


def open_shards(result: Result) -> list[str]:
    """The digests of the result's shards, in order, where everyone may have the predictions; else none."""
    rows = Shard.objects.filter(job=result.job_id).exclude(sha256="").order_by("index")
    if rows.exclude(task__dataset__repo__visibility=Visibility.PUBLIC).exists():
        return []
    kept = list(rows.values_list("sha256", flat=True))
    return kept if all(shard_files.place(sha256).exists() for sha256 in kept) else []


def shown(result: Result) -> dict[str, Any] | None:
    """The comparison of a re-run, for the API and the page; ``None`` where there is none."""
    row = Comparison.objects.filter(result=result).first()
    return {**row.body, "of": row.of_id} if row else None
