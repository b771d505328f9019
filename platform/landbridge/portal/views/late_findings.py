"""What re-screening found in sealed versions: the lab reads it, a person of the operator's decides."""

from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from landbridge.accounts.principals import principal_of
from landbridge.core.access import Access, Right
from landbridge.core.errors import NotFound
from landbridge.core.machine import Who
from landbridge.portal import words
from landbridge.portal.asks import attempt
from landbridge.portal.forms.agreements import ReasonForm
from landbridge.portal.once import once
from landbridge.portal.page import page
from landbridge.submissions.rescreening import queries, services
from landbridge.submissions.rescreening.machine import LATE_FINDING

SHOWN = 200
LOOKS: Final[dict[str, words.Look]] = {
    "open": words.Look("warn", "triangle-alert", gettext_lazy("Waits for a decision")),
    "suspended": words.Look("bad", "ban", gettext_lazy("Listing suspended")),
    "dismissed": words.Look("", "circle", gettext_lazy("Dismissed")),
    "lifted": words.Look("good", "circle-check", gettext_lazy("Suspension lifted")),
}


@page(GET=Access(Right.SIGNED_IN, why="A lab's own; the operator sees all."))
def late_findings(request: HttpRequest) -> HttpResponse:
    return _show(request, ReasonForm(), "")


@page(POST=Access(Right.OPERATOR, person=True, why="A person of the operator's decides."))
@once
def decide(request: HttpRequest, late_finding: str, action: str) -> HttpResponse | HttpResponseRedirect:
    if action not in {move.action for move in LATE_FINDING}:
        raise NotFound("There is no such deed.")
    actor, form = principal_of(request).require_user(), ReasonForm(request.POST)
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        done = attempt(
            form, lambda: services.decide_finding(finding_id=late_finding, action=action, reason=reason, actor=actor)
        )
        if done is not None:
            messages.success(request, _("Decided, and those it concerns are told."))
            return redirect("late-findings")
    return _show(request, form, late_finding)


def _show(request: HttpRequest, form: ReasonForm, asked: str) -> HttpResponse:
    principal = principal_of(request)
    rows = list(queries.visible(principal).order_by("state", "-found_at")[:SHOWN])
    who = (Who.OPERATOR,) if principal.is_operator else ()
    context = {
        "rows": [
            {
                "look": LOOKS[row.state],
                "finding": row,
                "actions": LATE_FINDING.allowed(row.state, *who),
                "form": form if row.pk == asked else ReasonForm(),
            }
            for row in rows
        ],
        "operator": principal.is_operator,
        "form": form,
    }
    return render(request, "portal/late_findings.html", context, status=422 if form.is_bound else 200)
