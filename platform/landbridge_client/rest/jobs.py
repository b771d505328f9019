"""Jobs, followed to their end: by the event stream where it flows, else by asking."""

from collections.abc import Callable, Iterator
from time import monotonic
from typing import Any
from urllib.parse import quote

from landbridge_client.errors import ApiError, TimedOut, Unreachable
from landbridge_client.rest.events import messages
from landbridge_client.rest.paging import pages
from landbridge_client.rest.records import Event, Job
from landbridge_client.transport import Transport, backoff

POLL = 1.0  # seconds between questions where there is no stream
BREAKS = 5  # broken streams in a row before polling


class Jobs:
    def __init__(self, http: Transport) -> None:
        self.http = http

    def list(self, **filters: object) -> Iterator[Job]:
        return (Job.of(item) for item in pages(self.http, "/api/v1/jobs", **filters))

    def get(self, job: str) -> Job:
        return Job.of(self.http.get(self._path(job)))

    def attempts(self, job: str) -> Iterator[dict[str, Any]]:
        """The job's leases, the newest first: who ran it, how each ended, and who must act."""
        return pages(self.http, self._path(job) + "/attempts")

    def cancel(self, job: str) -> Job:
        """Queued: at once. Running: the worker obeys at its next call."""
        return self._answered(job, "cancel")

    def rerun(self, job: str) -> Job:
        """A new job that asks the same question."""
        return self._answered(job, "rerun")

    def logs(self, job: str) -> str:
        """What the last attempt wrote, whole."""
        text, after = "", 0
        while True:
            part = self.http.get(self._path(job) + "/logs", after=after)
            text += str(part["text"])
            if not part["text"] or int(part["next"]) <= after:
                return text
            after = int(part["next"])

    def wait(
        self,
        job: str,
        progress: Callable[[Job], None] | None = None,
        *,
        timeout: float | None = None,
        every: float = POLL,
    ) -> Job:
        """Until the job ends; ``progress`` is told each state that was seen. Raises ``TimedOut``."""
        begun = monotonic()
        while True:
            found = self.get(job)
            if progress is not None:
                progress(found)
            if found.ended:
                return found
            if timeout is not None and monotonic() - begun >= timeout:
                raise TimedOut(f"The job is still {found.state} after {timeout:.0f} s. It goes on; ask again later.")
            self.http.wait(every)

    def events(self, job: str, *, after: int = 0) -> Iterator[Event]:
        """Each event once and in order, until the job ends. A broken stream is resumed where it broke.

        Where no stream is to be had (a proxy, too many readers) the job is polled: then each state that was seen is an
        event, and what the log says in between is not told.
        """
        breaks = 0
        while breaks < BREAKS:
            before = after
            try:
                for event in self._stream(job, after):
                    if event.kind == "end":
                        return
                    if event.seq > after:
                        after = event.seq
                        yield event
            except (Unreachable, ApiError) as error:
                if isinstance(error, ApiError) and error.status not in {406, 429, 503}:
                    raise
                breaks = 1 if after > before else breaks + 1
                self.http.wait(backoff(breaks))
        yield from self._polled(job, after)

    def _stream(self, job: str, after: int) -> Iterator[Event]:
        headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
        if after:
            headers["Last-Event-ID"] = str(after)
        with self.http.stream(self._path(job) + "/events", headers, timeout=45.0) as response:
            if "text/event-stream" not in response.headers.get("Content-Type", ""):
                raise Unreachable("The server sends no event stream.")
            for message in messages(response.iter_lines()):
                seq = int(message.id) if message.id.isdigit() else after
                yield Event(data=message.json(), seq=seq, kind=message.event)
        raise Unreachable("The stream ended before the job did.")

    def _polled(self, job: str, after: int) -> Iterator[Event]:
        told = None
        while True:
            found = self.get(job)
            after = max(after, int(found.data.get("event_seq") or 0))
            if found.state != told:
                told = found.state
                yield Event(data={"state": found.state, "text": found.reason.get("text", "")}, seq=after, kind="state")
            if found.ended:
                return
            self.http.wait(POLL)

    def _answered(self, job: str, verb: str) -> Job:
        return Job.of(self.http.post(f"{self._path(job)}/{verb}"))

    @staticmethod
    def _path(job: str) -> str:
        return f"/api/v1/jobs/{quote(job, safe='')}"
