"""Submissions as JSON."""

from collections.abc import Iterable
from typing import Any

from landbridge.core import time
from landbridge.core.machine import Who
from landbridge.evaluations import shapes as evaluations
from landbridge.evaluations.models import Job
from landbridge.submissions.machine import SUBMISSION
from landbridge.submissions.models import Finding, Submission


def submission_json(submission: Submission, job: Job | None, *, who: Who = Who.MEMBER) -> dict[str, Any]:
    """The whole of it: findings, the newest job, what may be done next."""
    return {
        **submission_line(submission),
        "job": job_json(job) if job else None,
        "fault": submission.fault or (evaluations.fault_json(job) if job else None),
        "findings": [finding_json(one) for one in submission.findings.all()],
        "allowed_actions": SUBMISSION.allowed(submission.state, who),
    }


def submission_line(submission: Submission) -> dict[str, Any]:
    """What lists show."""
    version = submission.revision
    return {
        "id": submission.pk,
        "state": submission.state,
        "model": str(submission.repo),
        "revision": submission.commit,
        "asked": submission.asked,
        "suite": submission.suite_revision.suite.name if submission.suite_revision else None,
        "version": {"id": version.pk, "tree_digest": version.tree_digest} if version else None,
        "job": {"id": submission.job_id, "url": f"/api/v1/jobs/{submission.job_id}"} if submission.job_id else None,
        "created_at": time.text(submission.created_at),
        "state_since": time.text(submission.state_since),
        "links": {"self": f"/api/v1/submissions/{submission.pk}", "html": f"/submissions/{submission.pk}"},
    }


def job_json(job: Job) -> dict[str, Any]:
    return {"id": job.pk, "url": f"/api/v1/jobs/{job.pk}", "state": job.state}


def finding_json(finding: Finding) -> dict[str, Any]:
    return {"code": finding.code, "message": finding.message, "blocking": finding.blocking}


def findings_json(findings: Iterable[Finding]) -> dict[str, Any]:
    return {"items": [finding_json(one) for one in findings], "next": None}
