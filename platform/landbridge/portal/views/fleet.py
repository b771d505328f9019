"""The operator's machines: who takes jobs, what waits and why, which lease ends next; and what people decide."""

from collections.abc import Callable
from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from landbridge.accounts.principals import principal_of
from landbridge.core.access import Access, Right
from landbridge.core.errors import NotFound
from landbridge.evaluations import services
from landbridge.evaluations.models import Worker
from landbridge.portal.once import once
from landbridge.portal.page import page
from landbridge.portal.shown import fleet as shown

OPERATOR: Final = Access(Right.OPERATOR, hidden=True)
DEEDS: Final[dict[str, Callable[..., Worker]]] = {
    "drain": services.drain_worker,
    "enable": services.enable_worker,
    "disable": services.disable_worker,
    "revoke": services.revoke_worker,
}


@page(GET=OPERATOR)
def fleet(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/fleet.html", {"fleet": shown.show()})


@page(POST=Access(Right.OPERATOR, hidden=True, person=True, why="A person of the operator's decides."))
@once
def act(request: HttpRequest, worker_id: str, action: str) -> HttpResponse:
    deed = DEEDS.get(action)
    if deed is None:
        raise NotFound("There is no such deed.")
    worker = deed(worker_id=worker_id, actor=principal_of(request).require_user())
    messages.success(request, told(action, worker))
    return redirect("fleet")


def told(action: str, worker: Worker) -> str:
    """What follows from the deed."""
    match action:
        case "drain":
            said = _("%(name)s takes no new job. What it runs ends its shard and goes on elsewhere.")
        case "enable":
            said = _("%(name)s may take jobs again.")
        case "disable":
            said = _("%(name)s is switched off. What it ran goes on elsewhere.")
        case _:
            said = _("The token of %(name)s opens nothing any more. What it ran goes on elsewhere.")
    return said % {"name": worker.name}
