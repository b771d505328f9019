"""``/errors/{code}``: what each error means and what to do. Problem documents point here by their ``type``."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from landbridge.core.access import Access, Right
from landbridge.portal.explained import EXPLAINED, FAULTS
from landbridge.portal.page import page


@page(GET=Access(Right.PUBLIC))
def errors(request: HttpRequest) -> HttpResponse:
    known = {**EXPLAINED, **FAULTS}
    listed = [known[code] for code in sorted(known)]
    return render(request, "portal/errors.html", {"errors": listed})


@page(GET=Access(Right.PUBLIC))
def error(request: HttpRequest, code: str) -> HttpResponse:
    found = EXPLAINED.get(code) or FAULTS.get(code)
    if found is None:
        raise Http404
    return render(request, "portal/error.html", {"error": found})
