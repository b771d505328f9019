"""Tables of evaluation: what is asked, the jobs that answer, and what came out."""

from landbridge.evaluations.machine import JobState
from landbridge.evaluations.models.attempts import Attempt, JobEvent, LogChunk, Shard
from landbridge.evaluations.models.catalog import Suite, SuiteRevision, TaskRecord
from landbridge.evaluations.models.jobs import Evaluation, Job, JobKind
from landbridge.evaluations.models.results import Comparison, Result, Score, Verdict
from landbridge.evaluations.models.screenings import Screening
from landbridge.evaluations.models.workers import Pool, QuotaWindow, Share, Worker

__all__ = [
    "Attempt",
    "Comparison",
    "Evaluation",
    "Job",
    "JobEvent",
    "JobKind",
    "JobState",
    "LogChunk",
    "Pool",
    "QuotaWindow",
    "Result",
    "Score",
    "Screening",
    "Shard",
    "Share",
    "Suite",
    "SuiteRevision",
    "TaskRecord",
    "Verdict",
    "Worker",
]
