"""A job's page, live: stages, place in the queue, progress of each task, log, and who must act if it stops."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from landbridge.accounts.models import Role
from landbridge.accounts.principals import Principal, principal_of, renewed
from landbridge.core import pagination
from landbridge.core.access import Access, Right
from landbridge.evaluations import queries, services
from landbridge.evaluations.machine import TERMINAL
from landbridge.evaluations.models import Job
from landbridge.portal import streams
from landbridge.portal.once import once
from landbridge.portal.page import page
from landbridge.portal.shown import jobs as shown

MEMBERS = Access(Right.MEMBER, hidden=True, operator=True, why="Of the model's or the asking organization.")


@page(GET=Access(Right.SIGNED_IN))
def jobs(request: HttpRequest) -> HttpResponse:
    rows = queries.visible_jobs(principal_of(request))
    cut, upcoming = pagination.cut(request, rows)
    context = {
        "jobs": cut,
        "total": rows.count(),
        "page": {"next_url": pagination.next_address(request, upcoming) if upcoming else "", "first_url": ""},
    }
    return render(request, "portal/jobs.html", context)


@page(GET=MEMBERS)
def job(request: HttpRequest, job_id: str) -> HttpResponse:
    principal = principal_of(request)
    found = queries.job_for(principal, job_id)
    context = {
        "shown": shown.show(found),
        "job": found,
        "attempts": shown.attempts_of(found),
        "suite": shown.suite_title(found),
        "acts": _may_act(principal, found),
        "result": getattr(found, "result", None),
    }
    return render(request, "portal/job.html", context)


@page(GET=MEMBERS)
def live(request: HttpRequest, job_id: str) -> HttpResponseBase:
    """The changing part as HTML: a stream of server-sent events, or one piece with ``?once=1``."""
    principal = principal_of(request)
    found = queries.job_for(principal, job_id)

    def seen() -> Job:
        return queries.job_for(renewed(principal), found.pk)

    def piece() -> streams.Piece:
        now = seen()
        html = render_to_string("portal/parts/job_live.html", {"shown": shown.show(now), "job": now})
        return streams.Piece(html, over=now.state in TERMINAL)

    watched = streams.Live(mark=lambda: shown.mark_of(found.pk), piece=piece, check=seen)
    return streams.answer(request, watched, principal=f"user:{principal.require_user().pk}")


@page(POST=MEMBERS)
@once
def cancel(request: HttpRequest, job_id: str) -> HttpResponse:
    found, principal = _owned(request, job_id)
    services.cancel_job(job_id=found.pk, actor=principal.require_user())
    messages.success(request, _("The job is being cancelled."))
    return redirect("job", found.pk)


@page(POST=MEMBERS)
@once
def rerun(request: HttpRequest, job_id: str) -> HttpResponse:
    found, principal = _owned(request, job_id)
    made = services.rerun_job(job_id=found.pk, actor=principal.require_user())
    messages.success(request, _("A new job is queued for the same question."))
    return redirect("job", made.pk)


def _owned(request: HttpRequest, job_id: str) -> tuple[Job, Principal]:
    principal = principal_of(request)
    found = queries.job_for(principal, job_id)
    if not _may_act(principal, found):
        principal.require_role(found.repo.namespace, Role.MEMBER)
    return found, principal


def _may_act(principal: Principal, found: Job) -> bool:
    organization = found.organization
    asking = organization is not None and principal.has_role(organization.namespace, Role.MEMBER)
    return asking or principal.is_operator or principal.has_role(found.repo.namespace, Role.MEMBER)
