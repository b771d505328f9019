"""One way in, once: the links of the demo and of the operator. Used by a POST, since link scanners follow links."""

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from landbridge.accounts import services
from landbridge.accounts.clock import clock
from landbridge.core.access import Access, Right
from landbridge.portal.page import page


@page(
    GET=Access(Right.PUBLIC, why="It shows a button and tells nothing about the link."),
    POST=Access(Right.PUBLIC, why="The link's secret part is the right."),
)
def sign_in_once(request: HttpRequest, text: str) -> HttpResponse:
    if request.method == "GET":
        return render(request, "portal/sign_in_once.html")
    user = services.redeem_sign_in_link(actor=clock(), text=text)
    login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return redirect("home")
