"""Submit a model from a page, and see how the submission fares."""

import json
from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from landbridge.accounts.models import User
from landbridge.accounts.principals import Principal, principal_of, renewed
from landbridge.core import pagination
from landbridge.core.access import Access, Right
from landbridge.core.machine import Who
from landbridge.evaluations import queries as evaluations
from landbridge.hub import rights
from landbridge.hub.views import landing
from landbridge.portal import streams
from landbridge.portal.asks import attempt
from landbridge.portal.forms.submissions import LICENSES, SubmitForm
from landbridge.portal.once import once
from landbridge.portal.page import page
from landbridge.portal.shown import jobs as shown_jobs
from landbridge.portal.views import uploading
from landbridge.portal.views.leaderboards import suite_title
from landbridge.portal.views.models import may_write
from landbridge.submissions import queries, services
from landbridge.submissions.machine import SUBMISSION, SubmissionState
from landbridge.submissions.models import Submission
from landbridge_client.screening import screen
from landbridge_registry.models import Namespace

CARD: Final = "README.md"
ORDER: Final = (
    SubmissionState.SCREENING,
    SubmissionState.SEALED,
    SubmissionState.EVALUATING,
    SubmissionState.PUBLISHED,
)
MEMBERS = Access(Right.MEMBER, hidden=True, operator=True, why="Of the model's namespace.")


@uploading.takes_folders
@page(GET=Access(Right.SIGNED_IN), POST=Access(Right.SIGNED_IN, why="The form offers namespaces of one's own."))
@once
def new(request: HttpRequest) -> HttpResponse:
    principal = principal_of(request)
    user = principal.require_user()
    form = _form(request, principal)
    findings = []
    if request.method == "POST" and form.is_valid():
        files = _files(form)
        findings = screen(files)
        if not any(finding.blocking for finding in findings):
            made = attempt(form, lambda: _send(form, files, user, principal))
            if made is not None:
                return redirect("submission", made.pk)
    context = {"form": form, "findings": findings, "licenses": LICENSES}
    return render(request, "portal/submission_new.html", context, status=400 if form.errors or findings else 200)


def _send(
    form: SubmitForm, files: list[uploading.Sent | uploading.Written], user: User, principal: Principal
) -> Submission:
    """Repository, commit, submission, each its own transaction. A repository made for a refused commit goes again."""
    wanted = form.cleaned_data
    namespace = Namespace.objects.get(name=wanted["namespace"])
    repo, commit = landing.bring(
        principal, namespace, wanted["name"], files, title="Upload from the page", visibility=wanted["visibility"]
    )
    made, _new = services.create_submission(
        repo_id=repo.pk,
        commit=commit.sha,
        asked="main",
        suite_revision_id=evaluations.newest_revision(wanted["suite"]).pk,
        actor=user,
    )
    return made


def _files(form: SubmitForm) -> list[uploading.Sent | uploading.Written]:
    wanted = form.cleaned_data
    files: list[uploading.Sent | uploading.Written] = [*uploading.sent_files(wanted["folder"] or wanted["singles"])]
    if wanted["license"] and all(one.path != CARD for one in files):
        files.append(uploading.Written(CARD, card_of(wanted["license"], wanted["name"], wanted["summary"])))
    return files


def card_of(license_name: str, title: str, summary: str) -> bytes:
    """A card from what was typed. Quoted as JSON, which YAML reads as it is meant."""
    lines = ["---", f"license: {json.dumps(license_name)}", "---", "", f"# {title}", "", summary, ""]
    return "\n".join(lines).encode()


def _form(request: HttpRequest, principal: Principal) -> SubmitForm:
    namespaces = Namespace.objects.filter(pk__in=rights.namespaces_of(principal)).order_by("kind", "name")
    wanted, _slash, name = request.GET.get("model", "").partition("/")
    suites = [(suite.name, suite_title(suite)) for suite in evaluations.suites()]
    initial = {"namespace": wanted or request.GET.get("namespace", ""), "name": name}
    return SubmitForm(
        request.POST or None,
        request.FILES or None,
        namespaces=[(one.name, one.name) for one in namespaces],
        suites=suites,
        initial=initial,
    )


@page(GET=Access(Right.SIGNED_IN))
def submissions(request: HttpRequest) -> HttpResponse:
    rows = queries.visible_submissions(principal_of(request))
    cut, upcoming = pagination.cut(request, rows)
    context = {
        "submissions": cut,
        "total": rows.count(),
        "page": {"next_url": pagination.next_address(request, upcoming) if upcoming else "", "first_url": ""},
    }
    return render(request, "portal/submissions.html", context)


@page(GET=MEMBERS)
def submission(request: HttpRequest, submission_id: str) -> HttpResponse:
    principal = principal_of(request)
    found = queries.submission_for(principal, submission_id)
    job = queries.newest_job(found)
    context = {
        **_state(found),
        "job": job,
        "shown": shown_jobs.show(job) if job is not None else None,
        "actions": SUBMISSION.allowed(found.state, Who.MEMBER),
        "inside": may_write(principal, found.repo),
        "result": getattr(job, "result", None),
    }
    return render(request, "portal/submission.html", context)


@page(GET=MEMBERS)
def live(request: HttpRequest, submission_id: str) -> HttpResponseBase:
    """How screening goes. Once there is a job, or nothing moves any more, the page is loaded anew."""
    principal = principal_of(request)
    found = queries.submission_for(principal, submission_id)

    def seen() -> Submission:
        return queries.submission_for(renewed(principal), found.pk)

    def piece() -> streams.Piece:
        now = seen()
        html = render_to_string("portal/parts/submission_live.html", _state(now))
        return streams.Piece(html, over=now.state != found.state or not _moves(now))

    def mark() -> object:
        return queries.submission_for(principal, found.pk).state

    watched = streams.Live(mark=mark, piece=piece, check=seen)
    return streams.answer(request, watched, principal=f"user:{principal.require_user().pk}")


@page(POST=MEMBERS)
@once
def withdraw(request: HttpRequest, submission_id: str) -> HttpResponse:
    principal = principal_of(request)
    found = queries.submission_for(principal, submission_id)
    who = Who.MEMBER if may_write(principal, found.repo) else Who.OPERATOR
    services.withdraw_submission(submission_id=found.pk, actor=principal.require_user(), who=who)
    messages.success(request, _("The submission is withdrawn."))
    return redirect("submission", found.pk)


def _state(found: Submission) -> dict[str, object]:
    at = ORDER.index(found.state) if found.state in ORDER else 0
    done = found.state == SubmissionState.PUBLISHED
    stages = [
        {"state": state, "look": "past" if place < at or done else "now" if place == at else "next"}
        for place, state in enumerate(ORDER)
    ]
    if found.state in {SubmissionState.NEEDS_CHANGES, SubmissionState.WITHDRAWN}:
        stages = [{"state": SubmissionState.SCREENING, "look": "past"}, {"state": found.state, "look": "stopped"}]
    return {
        "submission": found,
        "stages": stages,
        "moves": _moves(found),
        "findings": list(found.findings.all()),
        "blocked": found.state == SubmissionState.NEEDS_CHANGES,
    }


def _moves(found: Submission) -> bool:
    """True while the platform is at it and there is no job to watch instead."""
    waits = found.state == SubmissionState.SEALED and found.suite_revision_id is not None and not found.fault
    return found.state == SubmissionState.SCREENING or waits
