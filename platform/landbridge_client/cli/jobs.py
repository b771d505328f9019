"""``jobs ls``, ``show``, ``logs``, ``cancel``."""

from typing import Annotated

import typer

from landbridge_client.cli.output import Format, clean, examples, session_of, table

jobs = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Evaluations that wait, run or have ended.")
JobId = Annotated[str, typer.Argument(metavar="ID", help="A job's id.")]


def add(root: typer.Typer) -> None:
    root.add_typer(jobs, name="jobs", epilog=examples("jobs ls", "jobs logs 01k0example --follow"))


@jobs.command("ls", epilog=examples("jobs ls", "jobs ls --state running", "jobs ls -q"))
def ls(
    context: typer.Context,
    state: Annotated[str | None, typer.Option(help="Only those in this state.")] = None,
    model: Annotated[str | None, typer.Option(metavar="NS/NAME", help="Only those of this model.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
) -> None:
    """List jobs, the newest first.

    Next: landbridge jobs show ID
    """
    session = session_of(context)
    listed = session.client().jobs.list(state=state, model=model)
    found = [job for _, job in zip(range(limit), listed, strict=False)]
    session.show(
        {"items": [dict(job.data) for job in found]},
        human=lambda: table(["id", "model", "suite", "state"], ([j.id, j.model, j.suite, j.state] for j in found)),
        ids=[job.id for job in found],
    )


@jobs.command("show", epilog=examples("jobs show 01k0example", "jobs show 01k0example --wait --json"))
def show(
    context: typer.Context,
    job: JobId,
    wait: Annotated[bool, typer.Option(help="Until it ends.")] = False,  # noqa: FBT002 typer's way to make a flag
    timeout: Annotated[float | None, typer.Option(min=1, help="Seconds to wait at most.")] = None,
) -> None:
    """One job: where it stands, and why it waits.

    Next: landbridge jobs logs ID
    """
    from landbridge_client.cli.following import follow, job_text  # noqa: PLC0415 loads an HTTP client

    session = session_of(context)
    client = session.client()
    found = follow(session, client, job, timeout) if wait else client.jobs.get(job)
    session.show(dict(found.data), human=job_text(found), ids=[found.id])


@jobs.command("logs", epilog=examples("jobs logs 01k0example", "jobs logs 01k0example --follow"))
def logs(
    context: typer.Context,
    job: JobId,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the job ends.")] = False,  # noqa: FBT002 typer's way to make a flag
) -> None:
    """What the job wrote.

    Next: landbridge jobs show ID
    """
    session = session_of(context)
    client = session.client()
    if not follow:
        text = client.jobs.logs(job)
        session.show({"text": text}, human=clean(text))
        return
    for event in client.jobs.events(job):
        told = event.data.get("text") or event.data.get("state") or ""
        line = dict(event.data) | {"seq": event.seq, "kind": event.kind}
        if session.format is Format.JSON or told:
            session.show(line, human=clean(str(told) if event.kind == "log" else f"[{event.kind}] {told}"))


@jobs.command("cancel", epilog=examples("jobs cancel 01k0example"))
def cancel(context: typer.Context, job: JobId) -> None:
    """Stop a job. One that runs ends at its next sign of life.

    Next: landbridge jobs show ID
    """
    session = session_of(context)
    found = session.client().jobs.cancel(job)
    session.show(dict(found.data), human=f"{found.id} is {found.state}.", ids=[found.id])
