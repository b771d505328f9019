"""Submit a plugin's wheel from a page, and see what was released. The wheel is read here, and never run."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from landbridge.accounts.principals import Principal, principal_of
from landbridge.core import pagination
from landbridge.core.access import Access, Right
from landbridge.core.errors import Invalid
from landbridge.evaluations import queries as evaluations
from landbridge.hub import rights
from landbridge.hub.views import landing
from landbridge.hub.views.plugins import CARD, WheelRefused, read
from landbridge.portal.asks import attempt
from landbridge.portal.forms.plugins import PluginForm
from landbridge.portal.once import once
from landbridge.portal.page import page
from landbridge.portal.views import uploading
from landbridge.portal.views.leaderboards import suite_title
from landbridge.submissions import releases, services
from landbridge.submissions.models import Submission
from landbridge_client.formats.modules import normal
from landbridge_registry.models import Namespace


@uploading.takes_folders
@page(GET=Access(Right.SIGNED_IN), POST=Access(Right.SIGNED_IN, why="The form offers namespaces of one's own."))
@once
def new(request: HttpRequest) -> HttpResponse:
    principal = principal_of(request)
    principal.require_user()
    form = _form(request, principal)
    if request.method == "POST" and form.is_valid():
        made = attempt(form, lambda: _send(form, principal))
        if made is not None:
            return redirect("submission", made.pk)
    return render(request, "portal/plugin_new.html", {"form": form}, status=400 if form.errors else 200)


def _send(form: PluginForm, principal: Principal) -> Submission:
    """Inspect, store, submit: what inspection refuses leaves nothing behind."""
    wanted = form.cleaned_data
    namespace = Namespace.objects.get(name=wanted["namespace"])
    (sent,) = uploading.sent_files([wanted["wheel"]])
    sent = uploading.Sent(sent.path.rpartition("/")[2], sent.file)
    try:
        with sent.open() as stream:
            wheel, card = read(stream, sent.size, sent.path, namespace)
    except WheelRefused as error:
        fault = {"pointer": "/wheel", "code": error.reason, "detail": str(error)}
        raise Invalid(str(error), code=error.reason, errors=[fault]) from error
    repo, commit = landing.bring(
        principal,
        namespace,
        wanted["name"] or normal(wheel.name),
        [sent, uploading.Written(CARD, card)],
        title=f"{wheel.name} {wheel.version}",
        visibility=wanted["visibility"],
    )
    made, _new = services.create_submission(
        repo_id=repo.pk,
        commit=commit.sha,
        asked="main",
        suite_revision_id=evaluations.newest_revision(wanted["suite"]).pk,
        actor=principal.require_user(),
    )
    return made


def _form(request: HttpRequest, principal: Principal) -> PluginForm:
    namespaces = Namespace.objects.filter(pk__in=rights.namespaces_of(principal)).order_by("kind", "name")
    wanted, _slash, name = request.GET.get("model", "").partition("/")
    return PluginForm(
        request.POST or None,
        request.FILES or None,
        namespaces=[(one.name, one.name) for one in namespaces],
        suites=[(suite.name, suite_title(suite)) for suite in evaluations.suites()],
        initial={"namespace": wanted or request.GET.get("namespace", ""), "name": name},
    )


@page(GET=Access(Right.PUBLIC, why="Releases of private models are listed for their own organization only."))
def plugins(request: HttpRequest) -> HttpResponse:
    """Every release that the reader may see; the operator sees all."""
    rows = releases.visible(principal_of(request)).order_by("-released_at", "-pk")
    cut, upcoming = pagination.cut(request, rows, ("-released_at", "pk"))
    context = {
        "releases": cut,
        "total": rows.count(),
        "page": {"next_url": pagination.next_address(request, upcoming) if upcoming else "", "first_url": ""},
    }
    return render(request, "portal/plugins.html", context)
