"""A form is acted on once: its hidden key is claimed before the work, a second click goes where the first one went."""

import functools
import hashlib
from typing import Final

from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect

from landbridge.accounts.principals import principal_of
from landbridge.core import time
from landbridge.core.errors import Invalid
from landbridge.core.idempotency import CLAIM, LONGEST, Claim, InFlight
from landbridge.core.ids import new_id
from landbridge.core.models import IdempotencyKey
from landbridge.core.text import is_storable
from landbridge.portal.page import P, PageView

FIELD: Final = "once"


def new_key() -> str:
    """A key for a form that is about to be shown."""
    return new_id()


def once(view: PageView[P]) -> PageView[P]:
    """Act on one key once. Only a redirect is a finished deed: a form shown again with errors frees its key."""

    @functools.wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        key = request.POST.get(FIELD, "")[:LONGEST] if request.method == "POST" else ""
        if not is_storable(key):
            raise Invalid("The hidden key of this form was changed. Load the page again and send the form once more.")
        if not key:
            return view(request, *args, **kwargs)
        claim = _claim(request, key)
        if isinstance(claim, HttpResponse):
            return claim
        try:
            response = view(request, *args, **kwargs)
        except BaseException:  # whatever went wrong: the reader may send the same form again
            claim.release()
            raise
        if isinstance(response, HttpResponseRedirect):
            claim.keep(response)
        else:
            claim.release()
        return response

    return guarded


def _claim(request: HttpRequest, key: str) -> Claim | HttpResponse:
    route = f"POST {request.path}"[:200]
    where = {"principal": f"user:{principal_of(request).require_user().pk}", "route": route, "key": key}
    fresh = {"request_sha256": hashlib.sha256(key.encode()).hexdigest(), "expires_at": time.db_now() + CLAIM}
    row, created = IdempotencyKey.objects.get_or_create(**where, defaults=fresh)
    lapsed = Q(pk=row.pk, expires_at__lt=time.now())
    if created or IdempotencyKey.objects.filter(lapsed).update(status=None, body="", headers={}, **fresh):
        return Claim(row)
    if row.status is None:
        raise InFlight("This form was sent a moment ago and is still being worked on. Look again in a few seconds.")
    return HttpResponseRedirect(str(row.headers.get("Location", "/")))
