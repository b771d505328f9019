"""Submissions as JSON."""

from typing import Any

from rest_framework import serializers

from landbridge.core import time
from landbridge.core.machine import Who
from landbridge.core.serializers import Strict
from landbridge.evaluations import shapes as evaluations
from landbridge.evaluations.machine import JobState
from landbridge.evaluations.models import Job
from landbridge.submissions.machine import SUBMISSION, SubmissionState
from landbridge.submissions.models import Finding, Submission


class FindingOut(Strict):
    code = serializers.CharField()
    message = serializers.CharField(help_text="What is wrong, and what to do about it")
    blocking = serializers.BooleanField(help_text="One that blocks refuses the submission")


class VersionRef(Strict):
    id = serializers.CharField()
    tree_digest = serializers.CharField()


class JobRef(Strict):
    id = serializers.CharField()
    url = serializers.CharField()
    state = serializers.ChoiceField(JobState.choices, required=False)


class FaultOut(Strict):
    code = serializers.CharField()
    text = serializers.CharField()


class LinksOut(Strict):
    self = serializers.CharField()
    html = serializers.CharField()


class SubmissionOut(Strict):
    id = serializers.CharField()
    state = serializers.ChoiceField(SubmissionState.choices)
    model = serializers.CharField()
    revision = serializers.CharField(help_text="the commit")
    asked = serializers.CharField(help_text="the branch, tag or commit as it was asked for")
    suite = serializers.CharField(allow_null=True)
    version = VersionRef(allow_null=True)
    screening = JobRef(allow_null=True, help_text="The job that looks at a plugin's code in the sandbox")
    job = JobRef(allow_null=True)
    created_at = serializers.DateTimeField()
    state_since = serializers.DateTimeField()
    links = LinksOut()


class SubmissionDetail(SubmissionOut):
    fault = FaultOut(allow_null=True, help_text="Why a sealed one was not queued, or its job failed")
    findings = FindingOut(many=True)
    allowed_actions = serializers.ListField(child=serializers.CharField())


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
        "screening": ref(submission.screening_job_id),
        "job": ref(submission.job_id),
        "created_at": time.text(submission.created_at),
        "state_since": time.text(submission.state_since),
        "links": {"self": f"/api/v1/submissions/{submission.pk}", "html": f"/submissions/{submission.pk}"},
    }


def ref(job_id: str | None) -> dict[str, Any] | None:
    return {"id": job_id, "url": f"/api/v1/jobs/{job_id}"} if job_id else None


def job_json(job: Job) -> dict[str, Any]:
    return {"id": job.pk, "url": f"/api/v1/jobs/{job.pk}", "state": job.state}


def finding_json(finding: Finding) -> dict[str, Any]:
    return {"code": finding.code, "message": finding.message, "blocking": finding.blocking}
