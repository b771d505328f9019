"""Submit a model from a page, and see how the submission fares."""

import json
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from landbridge.accounts.models import Role, User
from landbridge.accounts.principals import Principal, principal_of
from landbridge.core.access import Access, Right
from landbridge.evaluations import queries as evaluations
from landbridge.hub import attributes, rights
from landbridge.hub import services as hub
from landbridge.portal.asks import attempt
from landbridge.portal.forms.submissions import LICENSES, SubmitForm
from landbridge.portal.once import once
from landbridge.portal.page import page
from landbridge.portal.views import uploading
from landbridge.portal.views.leaderboards import suite_title
from landbridge_client.screening import screen
from landbridge_plugins import Finding
from landbridge_registry.models import Namespace, Repo, RepoType
from landbridge_registry.storage import Stage

CARD: Final = "README.md"


@uploading.takes_folders
@page(GET=Access(Right.SIGNED_IN), POST=Access(Right.MEMBER))
@once
def new(request: HttpRequest) -> HttpResponse:
    principal = principal_of(request)
    user = principal.require_user()
    form = _form(request, principal)
    findings: list[Finding] = []
    if request.method == "POST" and form.is_valid():
        files = _files(form)
        findings = screen(files)
        if not any(finding.blocking for finding in findings):
            found = attempt(form, lambda: _send(form, files, user, principal))
            if found is not None:
                return redirect("home")
    context = {"form": form, "findings": findings, "licenses": LICENSES, "namespaces": form.fields["namespace"].choices}
    return render(request, "portal/submission_new.html", context, status=400 if form.errors or findings else 200)


def _send(form: SubmitForm, files: list[uploading.Sent | uploading.Written], user: User, principal: Principal) -> Repo:
    wanted = form.cleaned_data
    namespace = Namespace.objects.get(name=wanted["namespace"])
    principal.require_role(namespace, Role.MEMBER)
    repo = Repo.objects.filter(type=RepoType.MODEL, namespace=namespace, name__iexact=wanted["name"]).first()
    if repo is None:
        with Stage() as stage:
            repo = hub.create_repo(
                actor=user,
                repo_type=RepoType.MODEL,
                namespace=namespace,
                name=wanted["name"],
                attributes=stage.put_bytes(attributes.DEFAULT),
                visibility=wanted["visibility"],
            )
    uploading.commit(repo, files, user=user, principal=principal, title="Upload from the page")
    return repo


def _files(form: SubmitForm) -> list[uploading.Sent | uploading.Written]:
    wanted = form.cleaned_data
    files: list[uploading.Sent | uploading.Written] = [*uploading.sent_files(wanted["folder"] or wanted["files"])]
    if wanted["license"] and all(one.path != CARD for one in files):
        files.append(uploading.Written(CARD, card_of(wanted["license"], wanted["name"], wanted["summary"])))
    return files


def card_of(license_name: str, title: str, summary: str) -> bytes:
    """A card from what was typed. Quoted as JSON, which YAML reads as it is meant."""
    lines = ["---", f"license: {json.dumps(license_name)}", "---", "", f"# {title}", "", summary, ""]
    return "\n".join(lines).encode()


def _form(request: HttpRequest, principal: Principal) -> SubmitForm:
    namespaces = Namespace.objects.filter(pk__in=rights.namespaces_of(principal)).order_by("-kind", "name")
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
    return redirect("home")


@page(GET=Access(Right.SIGNED_IN))
def submission(request: HttpRequest, submission_id: str) -> HttpResponse:
    return redirect("home")


@page(POST=Access(Right.SIGNED_IN))
def withdraw(request: HttpRequest, submission_id: str) -> HttpResponse:
    return redirect("home")
