"""The side that keeps the labels: it asks, checks every answer, scores, and never imports torch."""

from landbridge_evaluation.supervisor.job import JobResults, Options, run_job
from landbridge_evaluation.supervisor.progress import Progress
from landbridge_evaluation.supervisor.store import FolderStore, MemoryStore, ShardStore

__all__ = ["FolderStore", "JobResults", "MemoryStore", "Options", "Progress", "ShardStore", "run_job"]
