"""The start page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from landbridge.core.access import Access, Right
from landbridge.portal.page import page


@page(GET=Access(Right.PUBLIC))
def home(request: HttpRequest, **_: str) -> HttpResponse:
    return render(request, "portal/home.html", {})
