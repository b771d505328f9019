"""What every call of a worker goes through: its token, its protocol, its process, and for most of them its lease."""

from typing import Any, ClassVar, Final

from django.db.models import QuerySet
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.views import APIView

from landbridge.accounts.models import User
from landbridge.core import time
from landbridge.core.access import Access, Right, Rules
from landbridge.core.errors import TooLarge
from landbridge.core.parsers import BoundedJSONParser
from landbridge.evaluations import steps
from landbridge.evaluations.errors import Fenced, NotRegistered, ProtocolTooOld, WorkerDisabled
from landbridge.evaluations.machine import ACTIVE
from landbridge.evaluations.models import Job, Worker

PROTOCOL: Final = "1"
RESULT: Final = 4 << 20


class ResultParser(JSONParser):
    """JSON of at most 4 MiB; NaN is refused."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:  # noqa: ANN401 DRF's signature
        if int((parser_context or {})["request"].META.get("CONTENT_LENGTH") or 0) > RESULT:
            raise TooLarge(f"A result may hold {RESULT >> 20} MiB.")
        return super().parse(stream, media_type, parser_context)


class WorkerView(APIView):
    """Not ``core.views.View``: these calls have their own ways to be repeated, and a kept answer would hold a token."""

    access: ClassVar[Rules] = {"POST": Access(Right.WORKER)}
    parser_classes = [BoundedJSONParser]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 DRF's signature
        super().initial(request, *args, **kwargs)
        if request.headers.get("Landbridge-Protocol") != PROTOCOL:
            raise ProtocolTooOld(f"This site speaks protocol {PROTOCOL}. Install the worker of this version.")
        self.admit(request)

    def admit(self, request: Request) -> None:
        worker = self.own_worker()
        if worker is None or worker.instance is None:
            raise NotRegistered("Register before anything else.")
        if not worker.enabled:
            raise WorkerDisabled("The operator switched this worker off.")
        said = request.headers.get("Landbridge-Instance", "")
        if said and said != str(worker.instance):
            raise Fenced("Another process has registered with this worker's token. End this one.", code="replaced")
        self.worker, self.instance = worker, worker.instance

    def own_worker(self) -> Worker | None:
        """The caller's, with the database's time as ``at``."""
        return (
            Worker.objects.select_related("user", "organization")
            .filter(user=self.actor)
            .annotate(at=time.now())
            .first()
        )

    @property
    def actor(self) -> User:
        assert isinstance(self.request.user, User)  # noqa: S101 the declared right lets nobody else in
        return self.request.user


class HeldView(WorkerView):
    """Calls under a lease: the worker and its job are one look."""

    held: Job | None = None

    def own_worker(self) -> Worker | None:
        held = (
            self.held_rows()
            .filter(pk=self.kwargs["job"], attempt=self.kwargs["number"], worker__user=self.actor)
            .first()
        )
        if held is None or held.worker is None:
            return super().own_worker()
        self.held = held
        return held.worker

    def held_rows(self) -> QuerySet[Job]:
        return Job.objects.select_related("worker").annotate(at=time.now())

    def require_held(self) -> Job:
        """The job, if the lease is current, with the database's time as ``at``."""
        if self.held is None or self.held.state not in ACTIVE:
            raise steps.refusal(self.kwargs["job"])
        return self.held
