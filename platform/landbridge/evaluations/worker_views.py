"""What every call of a worker goes through: its token, its protocol, its process, and for most of them its lease."""

from typing import Any, ClassVar, Final

from django.db.models import OuterRef, QuerySet, Subquery
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.views import APIView

from landbridge.accounts import tokens
from landbridge.accounts.authentication import BearerAuthentication
from landbridge.accounts.models import Token, User
from landbridge.core import time
from landbridge.core.access import Access, Right, Rules
from landbridge.core.errors import TooLarge
from landbridge.core.parsers import BoundedJSONParser
from landbridge.core.prepared import Prepared, slot
from landbridge.evaluations import steps
from landbridge.evaluations.errors import Fenced, NotRegistered, ProtocolTooOld, WorkerDisabled
from landbridge.evaluations.models import Attempt, Job, Worker

PROTOCOL: Final = "1"
RESULT: Final = 4 << 20


class ResultParser(JSONParser):
    """JSON of at most 4 MiB; NaN is refused."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:  # noqa: ANN401 DRF's signature
        if int((parser_context or {})["request"].META.get("CONTENT_LENGTH") or 0) > RESULT:
            raise TooLarge(f"A result may hold {RESULT >> 20} MiB.")
        return super().parse(stream, media_type, parser_context)


class WorkerAuthentication(BearerAuthentication):
    """The token with its worker, and the database's time as ``at``, in one look."""

    rows = Prepared(
        lambda: (
            tokens.live()
            .filter(digest=slot(Token, "digest"))
            .select_related("user__worker__organization")
            .annotate(at=time.now())
        )
    )


class WorkerView(APIView):
    """Not ``core.views.View``: these calls have their own ways to be repeated, and a kept answer would hold a token."""

    access: ClassVar[Rules] = {"POST": Access(Right.WORKER)}
    authentication_classes = [WorkerAuthentication]
    parser_classes = [BoundedJSONParser]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 DRF's signature
        super().initial(request, *args, **kwargs)
        if request.headers.get("Landbridge-Protocol") != PROTOCOL:
            raise ProtocolTooOld(f"This site speaks protocol {PROTOCOL}. Install the worker of this version.")
        self.admit(request)

    def admit(self, request: Request) -> None:
        worker: Worker | None = getattr(self.actor, "worker", None)
        if worker is None or worker.instance is None:
            raise NotRegistered("Register before anything else.")
        if not worker.enabled:
            raise WorkerDisabled("The operator switched this worker off.")
        said = request.headers.get("Landbridge-Instance", "")
        if said and said != str(worker.instance):
            raise Fenced("Another process has registered with this worker's token. End this one.", code="replaced")
        self.worker, self.instance = worker, worker.instance
        self.at = request.auth.at  # type: ignore[union-attr] # annotated

    @property
    def actor(self) -> User:
        assert isinstance(self.request.user, User)  # noqa: S101 the declared right lets nobody else in
        return self.request.user


class HeldView(WorkerView):
    """Calls under a lease."""

    def require_held(self) -> Job:
        """The job, if the lease is current, with the database's time as ``at`` and its token's end as ``token_until``.

        A look: who writes locks the row (``steps.hold_lease``).
        """
        job = _held.first(pk=self.kwargs["job"], attempt=self.kwargs["number"], worker=self.worker)
        if job is None:
            raise steps.refusal(self.kwargs["job"])
        return job


def _held_rows() -> QuerySet[Job]:
    own = Attempt.objects.filter(job=OuterRef("pk"), number=OuterRef("attempt"))
    return steps.under_lease().annotate(at=time.now(), token_until=Subquery(own.values("token__expires_at")[:1]))


_held = Prepared(_held_rows)
