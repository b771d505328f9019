"""``/api/worker/v1``: the one door of workers (execution, section 3). Every call is safe to repeat."""

import base64
import contextlib
import hashlib
from collections.abc import Collection, Iterator
from typing import ClassVar, Final

from django.conf import settings
from django.db.models import F
from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from landbridge.core import time
from landbridge.core.access import Access, Right, Rules
from landbridge.core.errors import NotAllowed, NotFound
from landbridge.core.parsers import RawParser
from landbridge.core.signing import platform_signer
from landbridge.evaluations import (
    beats,
    choosing,
    faults,
    jobspec,
    screenings,
    services,
    shard_files,
    steps,
    wire,
)
from landbridge.evaluations.beats import unnoted
from landbridge.evaluations.errors import (
    BadShard,
    Fenced,
    JobEnded,
    LeaseRepeated,
    ShareFull,
)
from landbridge.evaluations.machine import JobState
from landbridge.evaluations.models import Attempt, Pool, Shard, Worker
from landbridge.evaluations.polling import waiters
from landbridge.evaluations.worker_views import RESULT, HeldView, ResultParser, WorkerView
from landbridge_evaluation import points

POLL: Final = 2


class RegisterView(WorkerView):
    def admit(self, request: Request) -> None:
        """A token of a pool is enough: registering makes the worker known."""

    def post(self, request: Request) -> Response:
        registration = wire.registration(request.data)
        pool = str(getattr(request.auth, "name", ""))  # a worker's token is named for its pool
        if pool not in Pool.values:
            raise NotAllowed(f"The pool {pool!r} of this token is unknown.", code="pool_unknown")
        worker = services.register_worker(registration=registration, pool=pool, actor=self.actor)
        seconds = {
            "lease_s": settings.LANDBRIDGE_LEASE.total_seconds(),
            "heartbeat_s": settings.LANDBRIDGE_HEARTBEAT.total_seconds(),
            "poll_s": POLL,
        }
        limits = {"shard_bytes": shard_files.PACKED, "log_bytes": wire.LOG, "result_bytes": RESULT}
        said = {"worker": worker.pk, "name": worker.name, "server_time": time.text(time.db_now()), **seconds}
        return Response({**said, "queues": [steps.QUEUE], "pools": [worker.pool], "limits": limits})


class LeaseView(WorkerView):
    def post(self, request: Request) -> Response:
        wish = wire.lease_wish(request.data, request.headers.get("Idempotency-Key", ""))
        labels = wish.labels or tuple(self.worker.labels)
        lease = self.lease(wish, labels)
        if lease is None:
            self.note()
            if not self.worker.draining and waiters.wait(self.worker, labels, wish.wait_s):
                lease = self.lease(wish, labels)
        if lease is None:
            return Response(status=204, headers={"Retry-After": str(POLL)})
        hub = jobspec.hub_of(request.build_absolute_uri("/").rstrip("/"), lease.text, lease.attempt)
        points.reached("lease_unanswered")
        spec = jobspec.body(lease.job, lease.attempt, lease.contents, hub)
        held = settings.LANDBRIDGE_LEASE.total_seconds()
        return Response({**spec, "lease_s": held}, status=200 if lease.repeated else 201)

    def note(self) -> None:
        if unnoted(self.worker, self.at):
            services.note_worker(worker=self.worker, now=self.at, actor=self.actor)

    def lease(self, wish: wire.Wish, labels: Collection[str]) -> services.Lease | None:
        """The same key gives the same lease: a lost answer must not strand a job."""
        found = None if self.worker.draining else self.fresh(wish, labels)
        return found or services.repeat_lease(worker=self.worker, key=wish.key, actor=self.actor)

    def fresh(self, wish: wire.Wish, labels: Collection[str]) -> services.Lease | None:
        for _ in range(choosing.TRIES):
            with contextlib.suppress(ShareFull):  # met at its limit between the look and the write: look again
                try:
                    return services.lease_job(
                        worker=self.worker,
                        instance=self.instance,
                        labels=labels,
                        key=wish.key,
                        wanted=wish.job,
                        actor=self.actor,
                    )
                except LeaseRepeated:
                    return None
        return None


class AttemptView(HeldView):
    """What of the job is in already."""

    access: ClassVar[Rules] = {"GET": Access(Right.WORKER)}

    def get(self, _request: Request, job: str, number: int) -> Response:
        attempt = held_attempt(job, number, self.worker)
        rows = list(Shard.objects.filter(job=job).order_by("index").values_list("index", "sha256"))
        return Response(
            {
                "missing": [index for index, sha256 in rows if not sha256],
                "log_next": attempt.log_next,
                "shards": [{"index": index, "sha256": sha256} for index, sha256 in rows if sha256],
            }
        )


class HeartbeatView(HeldView):
    def post(self, request: Request, job: str, number: int) -> Response:
        beat = wire.heartbeat(request.data)
        row = self.require_held()
        lease = (row.lease_until or row.at) - row.at  # type: ignore[attr-defined] # annotated
        if writes := beats.due(row, self.worker, beat.progress):
            lease = services.heartbeat(
                job=row, worker=self.worker, writes=writes, progress=beat.progress, actor=self.actor
            )
        if beat.state == JobState.RUNNING and row.state == JobState.LEASED:
            services.start_job(job_id=job, number=number, worker=self.worker, actor=self.actor)
        elif beat.state == JobState.FINALIZING and row.state != JobState.FINALIZING:
            services.begin_delivery(job_id=job, number=number, worker=self.worker, actor=self.actor)
        if beat.gpus:
            services.note_load(worker=self.worker, gpus=beat.gpus, actor=self.actor)
        directive = "cancel" if row.cancel_requested else "release" if self.worker.draining else "continue"
        return Response({"lease_s": round(lease.total_seconds(), 3), "directive": directive, "hub_token": None})


class ShardView(HeldView):
    access: ClassVar[Rules] = {"PUT": Access(Right.WORKER), "GET": Access(Right.WORKER)}
    parser_classes = [RawParser]

    def put(self, request: Request, job: str, number: int, index: int) -> Response:
        body = shard_files.read_bounded(request._request)  # type: ignore[arg-type] # noqa: SLF001 the stream itself
        sha256 = hashlib.sha256(body).hexdigest()
        if request.headers.get("Content-Digest") != content_digest(body):
            raise BadShard("Content-Digest does not fit the bytes that arrived. Send them again.", code="digest")
        shard_files.check(body)
        self.require_held()  # a zombie's bytes are not even written
        shard_files.keep(body)
        points.reached("shard_stored")
        kept, fresh = services.put_shard(
            job_id=job, number=number, worker=self.worker, index=index, sha256=sha256, size=len(body), actor=self.actor
        )
        points.reached("shard_unanswered")
        return Response({"kept": kept}, status=201 if fresh else 200)

    def get(self, _request: Request, job: str, number: int, index: int) -> HttpResponse:  # noqa: ARG002 the route's
        self.require_held()
        sha256 = Shard.objects.filter(job=job, index=index).values_list("sha256", flat=True).first()
        if not sha256:
            raise NotFound("This shard is not in.")
        body = shard_files.load(sha256)
        return HttpResponse(body, content_type="application/gzip", headers={"Content-Digest": content_digest(body)})


class LogView(HeldView):
    def post(self, request: Request, job: str, number: int) -> Response:
        chunk = wire.log_chunk(request.data)
        upto = services.add_log(
            job_id=job, number=number, worker=self.worker, offset=chunk.offset, text=chunk.text, actor=self.actor
        )
        points.reached("log_unanswered")
        return Response({"next": upto})


class KeyView(HeldView):
    """Blind evaluation releases its keys here; no asset of this site is sealed for it yet, so none is released."""

    def post(self, _request: Request, job: str, number: int) -> Response:  # noqa: ARG002 the route's
        self.require_held()
        raise Fenced("No key belongs to this job: its data is not blind.", code="key_not_released")


class ResultView(HeldView):
    parser_classes = [ResultParser]

    def post(self, request: Request, job: str, number: int) -> Response:
        delivery = wire.delivery(request.data)
        screened = delivery.results.get("schema") == screenings.SCHEMA
        result, fresh = (services.deliver_screening if screened else services.deliver_result)(
            job_id=job,
            number=number,
            worker=self.worker,
            delivery=delivery,
            signer=platform_signer(),
            actor=self.actor,
        )
        points.reached("result_unanswered")
        return Response({"result": result.pk}, status=201 if fresh else 200)


class FaultView(HeldView):
    def post(self, request: Request, job: str, number: int) -> Response:
        said = wire.fault(request.data)
        with ended_is_told(job, number, self.worker) as told:
            told.state = services.report_fault(
                job_id=job, number=number, worker=self.worker, fault=faults.Reported(**said), actor=self.actor
            )
        return Response({"state": told.state})


class ReleaseView(HeldView):
    def post(self, request: Request, job: str, number: int) -> Response:
        reason = wire.release(request.data)
        with ended_is_told(job, number, self.worker) as told:
            told.state = services.release_job(
                job_id=job, number=number, worker=self.worker, reason=reason, actor=self.actor
            )
        return Response({"state": told.state})


ENDED_BY_WORKER = ("released", "retried", "failed", "cancelled")


class Told:
    state = ""


@contextlib.contextmanager
def ended_is_told(job: str, number: int, worker: Worker) -> Iterator[Told]:
    """A repeated end of one's own attempt is no error: the answer is where the job stands now."""
    told = Told()
    try:
        yield told
    except (Fenced, JobEnded):
        ended = Attempt.objects.filter(job=job, number=number, worker=worker, outcome__in=ENDED_BY_WORKER)
        attempt = ended.select_related("job").first()
        if attempt is None:
            raise
        told.state = attempt.job.state


def held_attempt(job_id: str, number: int, worker: Worker) -> Attempt:
    rows = Attempt.objects.filter(job=job_id, number=number, job__attempt=F("number"), job__worker=worker)
    row = rows.filter(ended_at=None).first()
    if row is None:
        raise steps.refusal(job_id)
    return row


def content_digest(body: bytes) -> str:
    """The value of ``Content-Digest`` (RFC 9530)."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
