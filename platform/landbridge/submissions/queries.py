"""Reads: whose submissions a caller sees, and which ones wait for the platform."""

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from landbridge.accounts.models import Role
from landbridge.accounts.principals import INCLUDES, Principal
from landbridge.core import time
from landbridge.core.errors import NotFound
from landbridge.evaluations.machine import TERMINAL, JobState
from landbridge.evaluations.models import Job, QuotaWindow
from landbridge.submissions.machine import SubmissionState
from landbridge.submissions.models import QUOTA, Submission
from landbridge_registry import queries as registry
from landbridge_registry.errors import RegistryError
from landbridge_registry.models import Commit, NamespaceKind, Repo, RepoType

AT_ONCE = 50


def submissions() -> QuerySet[Submission]:
    return Submission.objects.select_related(
        "repo__namespace", "suite_revision__suite", "revision", "job", "organization", "requested_by"
    )


def visible_submissions(principal: Principal) -> QuerySet[Submission]:
    """Those of the caller's namespaces; all of them for the operator."""
    if principal.is_operator:
        return submissions()
    if principal.user is None:
        return submissions().none()
    held = [key for key, row in principal.memberships.items() if Role.MEMBER in INCLUDES[row.role]]
    own = Q(repo__namespace__kind=NamespaceKind.USER, repo__namespace__name__iexact=principal.user.username)
    return submissions().filter(Q(repo__namespace__in=held) | own)


def submission_for(principal: Principal, submission_id: str) -> Submission:
    """The submission, or ``NotFound``: what the caller may not see looks absent."""
    found = visible_submissions(principal).filter(pk=submission_id).first()
    if found is None:
        raise NotFound("There is no such submission that you may see.")
    return found


def model_for(principal: Principal, name: str) -> Repo:
    """A model that the caller may submit. Another's looks absent."""
    namespace, _, own = name.partition("/")
    try:
        repo = registry.find_repo(RepoType.MODEL, namespace, own)
    except RegistryError as error:
        raise _no_model(name) from error
    if not principal.has_role(repo.namespace, Role.MEMBER):
        raise _no_model(name)
    return repo


def _no_model(name: str) -> NotFound:
    return NotFound(
        f"There is no model {name} that you may submit. Create it first, in a namespace of yours: "
        "landbridge submit DIR --as NS/NAME, or POST /api/v1/models."
    )


def commit_for(repo: Repo, revision: str) -> Commit:
    """The commit of a branch, tag or commit. Raises ``NotFound``."""
    try:
        return registry.resolve_revision(repo, revision)
    except RegistryError as error:
        raise NotFound(f"{repo} has no revision {revision}. Upload something first, or name another one.") from error


def to_screen() -> list[str]:
    """Those that wait for screening, or whose screening was cut off."""
    rows = Submission.objects.filter(
        Q(held_until=None) | Q(held_until__lt=time.now()), state=SubmissionState.SCREENING, screening_job=None
    ).order_by("created_at")
    return list(rows.values_list("pk", flat=True)[:AT_ONCE])


def to_settle(job_id: str | None = None) -> list[str]:
    """Those whose code was seen in the sandbox, or could not be."""
    rows = Submission.objects.filter(
        state=SubmissionState.SCREENING,
        screening_job__state__in=TERMINAL,
        **({"screening_job": job_id} if job_id else {}),
    )
    return list(rows.order_by("created_at").values_list("pk", flat=True)[:AT_ONCE])


def to_queue() -> list[str]:
    """Sealed ones with a suite and without a job; those that met the quota once there are jobs again."""
    window = QuotaWindow.objects.filter(share__namespace=OuterRef("repo__namespace"), day=time.db_now().date())
    again = Q(fault__code=QUOTA) & ~Exists(window.filter(used__gte=F("limit")))
    rows = Submission.objects.filter(again | Q(fault={}), state=SubmissionState.SEALED, suite_revision__isnull=False)
    return list(rows.order_by("created_at").values_list("pk", flat=True)[:AT_ONCE])


def to_publish(result_id: str | None = None) -> list[str]:
    """Those under evaluation whose question has an answer: by its first job, or by a re-run."""
    done = Job.objects.filter(
        evaluation__revision=OuterRef("revision"),
        evaluation__suite_revision=OuterRef("suite_revision"),
        state=JobState.DONE,
        **({"result": result_id} if result_id else {}),
    )
    rows = Submission.objects.filter(Exists(done), state=SubmissionState.EVALUATING)
    return list(rows.order_by("created_at").values_list("pk", flat=True)[:AT_ONCE])


def newest_job(submission: Submission) -> Job | None:
    """The last job that asked the submission's question: the first one, or its latest re-run."""
    if submission.job is None or submission.job.evaluation_id is None:
        return None
    rows = Job.objects.filter(evaluation=submission.job.evaluation_id).order_by("-submitted_at", "-pk")
    return rows.first()
