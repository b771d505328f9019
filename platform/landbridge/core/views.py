"""The base of every REST view: declared rules, keys that make a repeat harmless, and strict queries where declared."""

from collections.abc import Collection
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import SimpleTemplateResponse
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from landbridge.core import idempotency, query
from landbridge.core.access import Rules


class _Replay(Exception):
    """No error: it carries the first answer past the handler."""

    def __init__(self, answer: HttpResponse) -> None:
        super().__init__()
        self.answer = answer


class View(APIView):
    """Declare ``access`` per method; what is not declared is refused.

    ``query``: the names that a GET understands (``None``: the view checks them itself with ``query.parse``).
    ``listed``: a GET answers a page, so the names of lists are understood as well.
    ``key_required``: a POST without ``Idempotency-Key`` is refused, since it has legal or money effect.
    """

    access: ClassVar[Rules] = {}
    query: ClassVar[Collection[str] | None] = None
    listed: ClassVar[bool] = False
    key_required: ClassVar[bool] = False
    _claim: idempotency.Claim | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 DRF's signature
        super().initial(request, *args, **kwargs)
        if request.method == "GET" and self.query is not None:
            query.parse(request, self.query, listed=self.listed)
        if request.method == "POST":
            key = idempotency.key_of(request, required=self.key_required)
            begun = idempotency.begin(request, key) if key else None
            if isinstance(begun, HttpResponse):
                raise _Replay(begun)
            self._claim = begun

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, _Replay):
            return exc.answer  # type: ignore[return-value] # the answer as it was, already rendered
        if self._claim is not None:
            self._claim.release()
        return super().handle_exception(exc)

    def finalize_response(  # type: ignore[override] # a replayed answer is rendered already
        self,
        request: Request | HttpRequest,
        response: HttpResponseBase,
        *args: Any,  # noqa: ANN401 DRF's signature
        **kwargs: Any,  # noqa: ANN401 DRF's signature
    ) -> HttpResponseBase:
        final: HttpResponseBase = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[arg-type]
        if self._claim is not None:
            if isinstance(final, SimpleTemplateResponse) and not final.is_rendered:
                final.add_post_render_callback(self._claim.keep)
            else:
                self._claim.keep(final)
        return final
