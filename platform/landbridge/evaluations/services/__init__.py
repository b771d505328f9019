"""Deeds on jobs, workers and the catalog. Each is one durable transaction."""

from landbridge.evaluations.services.attempts import heartbeat, put_shard, release_job, report_fault, start_job
from landbridge.evaluations.services.catalog import publish_suite, publish_task
from landbridge.evaluations.services.comparing import keep_comparison
from landbridge.evaluations.services.deliveries import add_log, begin_delivery, deliver_result
from landbridge.evaluations.services.enrolling import Enrolled, enroll_worker
from landbridge.evaluations.services.fleet import (
    disable_worker,
    drain_worker,
    enable_worker,
    note_load,
    revoke_worker,
)
from landbridge.evaluations.services.leases import (
    Lease,
    lease_job,
    note_worker,
    repeat_lease,
    rewake_jobs,
    take_back_job,
)
from landbridge.evaluations.services.repositories import publish_folder
from landbridge.evaluations.services.requests import cancel_job, request_evaluation, rerun_job
from landbridge.evaluations.services.screenings import deliver_screening
from landbridge.evaluations.services.shares import age_jobs, set_share
from landbridge.evaluations.services.workers import mark_stale, register_worker

__all__ = [
    "Enrolled",
    "Lease",
    "add_log",
    "age_jobs",
    "begin_delivery",
    "cancel_job",
    "deliver_result",
    "deliver_screening",
    "disable_worker",
    "drain_worker",
    "enable_worker",
    "enroll_worker",
    "heartbeat",
    "keep_comparison",
    "lease_job",
    "mark_stale",
    "note_load",
    "note_worker",
    "publish_folder",
    "publish_suite",
    "publish_task",
    "put_shard",
    "register_worker",
    "release_job",
    "repeat_lease",
    "report_fault",
    "request_evaluation",
    "rerun_job",
    "revoke_worker",
    "rewake_jobs",
    "set_share",
    "start_job",
    "take_back_job",
]
