"""Following a job on stderr while it runs."""

import sys

from landbridge_client.cli.output import Format, Session, clean
from landbridge_client.rest import Client, Job


def follow(session: Session, client: Client, job: str, timeout: float | None) -> Job:
    """Wait for a job's end, telling its state, progress and why it waits. Raises ``TimedOut``."""
    if session.format is Format.HUMAN and sys.stderr.isatty():
        from rich.console import Console  # noqa: PLC0415 rich is slow to load

        with Console(stderr=True).status("…") as status:
            return client.jobs.wait(job, lambda seen: status.update(line(seen)), timeout=timeout)
    said = ""

    def tell(seen: Job) -> None:
        nonlocal said
        if (text := line(seen)) != said:
            said = text
            session.say(text)

    return client.jobs.wait(job, tell, timeout=timeout)


def line(job: Job) -> str:
    """``running 412/2000 items: loading the model``."""
    done, total = job.progress.get("done"), job.progress.get("total")
    amount = f" {done}/{total} {job.progress.get('unit') or 'items'}" if total else ""
    reason = str(job.reason.get("text") or "")
    return clean(f"{job.state}{amount}" + (f": {reason}" if reason else ""))


def job_text(job: Job) -> str:
    facts = {"job": job.id, "model": job.model, "suite": job.suite, "state": line(job), "attempt": job.attempt}
    if job.fault:
        facts["fault"] = f"{job.fault.get('code')} ({job.fault.get('kind')}): {job.fault.get('text')}"
    return "\n".join(f"{name:<10}  {clean(str(value or '-'))}" for name, value in facts.items())
