"""``GET /jobs/{id}/events``: what happens to a job, as server-sent events that resume without a gap."""

import json
import threading
from collections.abc import Iterator
from typing import Any, ClassVar, Final

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from landbridge.accounts.principals import Principal, principal_of, renewed
from landbridge.core import places
from landbridge.core.access import Rules
from landbridge.core.errors import Invalid, NotAllowed, NotFound, Unauthenticated
from landbridge.core.views import View
from landbridge.evaluations import queries, shapes
from landbridge.evaluations.api.jobs import READ
from landbridge.evaluations.machine import TERMINAL
from landbridge.evaluations.models import Job

EVERY: Final = 0.5  # seconds between looks at the table
AGAIN: Final = 3.0  # seconds between questions whether the reader may still see it
COMMENT: Final = 15.0
LONGEST: Final = 600.0  # then the reader comes back by itself


class AnyAccept(BaseContentNegotiation):
    """Readers ask for ``text/event-stream``, which no renderer of ours makes; errors are JSON all the same."""

    def select_parser(self, request: Request, parsers: Any) -> Any:  # noqa: ANN401, ARG002 DRF's signature
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:  # noqa: ANN401, ARG002
        return renderers[0], renderers[0].media_type


class Events(View):
    """Server-sent events, numbered without gaps: `state`, `log`, `result`, and the latest `progress`; then `end`.

    Resume with `Last-Event-ID` or `?after=`.
    """

    access: ClassVar[Rules] = READ
    query: ClassVar = ("after",)
    renderer_classes = [JSONRenderer]
    content_negotiation_class = AnyAccept

    @extend_schema(responses={(200, "text/event-stream"): OpenApiTypes.STR})
    def get(self, request: Request, job: str) -> Response | StreamingHttpResponse:
        principal = principal_of(request)
        found = queries.job_for(principal, job)
        after = last_seen(request)
        answer = StreamingHttpResponse(Stream(found.pk, after, principal), content_type="text/event-stream")
        answer["Cache-Control"], answer["X-Accel-Buffering"] = "no-store", "no"
        return answer


def last_seen(request: Request) -> int:
    text = request.headers.get("Last-Event-ID") or request.GET.get("after") or "0"
    if not (text.isascii() and text.isdigit() and len(text) < 12):  # noqa: PLR2004 more than any job has
        raise Invalid("Resume with the number of the last event: Last-Event-ID, or ?after=.")
    return int(text)


class Stream:
    """The bytes of one reader. Its place among the streams is free again when it is closed, however that happens."""

    def __init__(self, job_id: str, after: int, principal: Principal) -> None:
        self.reader = f"user:{principal.require_user().pk}"
        places.enter(self.reader)
        self.frames = frames(job_id, after, principal)
        self.open = True

    def __iter__(self) -> Iterator[bytes]:
        return self.frames

    def close(self) -> None:
        if self.open:
            self.open = False
            self.frames.close()  # type: ignore[attr-defined] # a generator
            places.leave(self.reader)


def frames(job_id: str, after: int, principal: Principal) -> Iterator[bytes]:
    """Events after ``after``, the latest progress, comments in between, and ``end`` when the job is over.

    It stops without ``end`` once ``principal`` may not see the job any more; who comes back is told why.
    """
    wait, quiet, spent, shown, asked = threading.Event(), 0.0, 0.0, "", 0.0
    yield b"retry: 2000\n\n"
    while spent < LONGEST:
        if spent - asked >= AGAIN:
            asked = spent
            if not _still(principal, job_id):
                return
        job = Job.objects.get(pk=job_id)
        events = queries.events_after(job_id, after)
        for event in events:
            after = event["seq"]
            yield frame(event["kind"], event["data"], after)
        progress = json.dumps(shapes.progress_json(job), sort_keys=True)
        if progress != shown and job.state not in TERMINAL:
            shown, quiet = progress, 0.0
            yield frame("progress", json.loads(progress), None)
        if job.state in TERMINAL and after >= job.event_seq:
            yield frame("end", {"state": job.state}, None)
            return
        quiet = 0.0 if events else quiet + EVERY
        if quiet >= COMMENT:
            quiet = 0.0
            yield b": still here\n\n"
        wait.wait(EVERY)
        spent += EVERY


def _still(principal: Principal, job_id: str) -> bool:
    try:
        queries.job_for(renewed(principal), job_id)
    except (NotFound, NotAllowed, Unauthenticated):
        return False
    return True


def frame(kind: str, data: dict[str, Any], seq: int | None) -> bytes:
    number = f"id: {seq}\n" if seq is not None else ""
    return f"{number}event: {kind}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()
