"""The steps behind ``landbridge submit``."""

import difflib
import json
import sys
from pathlib import Path
from typing import NoReturn

import typer

from landbridge_client.cli.following import follow, job_text
from landbridge_client.cli.output import Session, clean, score_rows, table
from landbridge_client.cli.transfer import bar
from landbridge_client.errors import LandbridgeError
from landbridge_client.formats.wheels import is_sdist, parse_name
from landbridge_client.rest import Submission
from landbridge_client.screening import LIMITS, LocalFile, folder_files, screen
from landbridge_client.screening.contents import examine
from landbridge_client.screening.limits import human

REFUSED = frozenset({"needs_changes", "withdrawn"})


class SubmissionRefused(LandbridgeError):
    """Screening found something that must be changed first."""

    code = "submission_refused"


def require_suite(session: Session, suite: str | None) -> None:
    """Refuse an unknown suite before anything is uploaded."""
    if suite is None:
        return
    known = [item.name for item in session.client().suites.list()]
    if suite not in known:
        near = difflib.get_close_matches(suite, known, n=1, cutoff=0.3)
        hint = f" Did you mean {near[0]}?" if near else ""
        said = f"There is no suite {suite}.{hint} Known: {', '.join(known) or 'none'}."
        raise LandbridgeError(said, code="unknown_suite")


def submit_wheel(  # noqa: PLR0913 what the options say
    session: Session, wheel: Path, name: str | None, suite: str | None, *, private: bool, timeout: float | None
) -> None:
    """Inspect a wheel here, send it, submit it; it runs in the platform's sandbox only."""
    from landbridge_client.children import inspected  # noqa: PLC0415 looks at what is installed

    found = inspected(wheel)
    require_suite(session, suite)
    organization, _, model = (name or "").partition("/")
    organization = organization or _only_organization(session, found.name)
    client = session.client()
    session.say(f"Sending {wheel.name} ({human(found.size)}, SHA-256 {found.sha256[:12]}…) to {organization}")
    sent = client.plugins.send(wheel, organization, model=model, private=private)
    made = client.plugins.submit(organization, str(sent["wheel_sha256"]), suite=suite)
    session.say(f"Submitted {sent['model']}@{str(sent['revision'])[:8]}: {made.id}")
    _follow(session, made, timeout)


def _only_organization(session: Session, name: str) -> str:
    slugs = [str(item["organization"]) for item in session.client().me.get().organizations]
    if len(slugs) != 1:
        options = ", ".join(f"{slug}/{name}" for slug in slugs) or f"LAB/{name}"
        raise typer.BadParameter(f"Say whose plugin it is, for example --as {options}")
    return slugs[0]


def refuse_file(file: Path) -> NoReturn:
    """A single file is no submission, unless it is a wheel; a source distribution is told what to do."""
    if is_sdist(file.name):
        parse_name(file.name)
    refused = examine(LocalFile(file.name, file, file.stat().st_size), LIMITS)
    if refused is not None:
        raise SubmissionRefused(f"{refused.message} [{refused.code}]")
    raise SubmissionRefused(f"{file} is one file. Submit the folder that holds the model, with its README.md.")


def require_sound(session: Session, folder: Path) -> None:
    """Screen ``folder`` as the platform will, and tell every finding. Raises ``SubmissionRefused`` if one blocks."""
    files = folder_files(folder)
    findings = screen(files)
    for finding in findings:
        session.say(f"{'✗' if finding.blocking else '!'} {clean(finding.message)} [{finding.code}]")
    if any(finding.blocking for finding in findings):
        raise SubmissionRefused(
            f"{folder} was not uploaded: {len(findings)} findings, each with what to do, stand above."
        )


def upload_folder(session: Session, folder: Path, name: str | None, *, private: bool, ask: bool) -> tuple[str, str]:
    """Make a repository hold exactly the files of ``folder``: (model, commit)."""
    files = folder_files(folder)
    model = name or _default_name(session, folder)
    size = human(sum(file.size for file in files))
    if ask and sys.stdin.isatty():
        typer.confirm(
            f"Upload {len(files)} files ({size}) to {model} at {session.settings.endpoint}?", abort=True, err=True
        )
    hub = session.hub()
    hub.create_repo(model, "model", private=private, exist_ok=True)
    with bar(session, f"Uploading {len(files)} files ({size}) to {model}") as progress:
        commit = hub.upload_folder(model, "model", folder, f"Upload {folder.resolve().name}", progress, mirror=True)
    return model, commit


def _default_name(session: Session, folder: Path) -> str:
    me = session.client().me.get()
    slugs = [str(item["organization"]) for item in me.organizations]
    if len(slugs) == 1:
        return f"{slugs[0]}/{folder.resolve().name}"
    options = ", ".join(f"{slug}/{folder.resolve().name}" for slug in slugs or [me.username])
    raise typer.BadParameter(f"Say where the model goes, for example --as {options}")


def submit(session: Session, model: str, revision: str, suite: str | None, *, timeout: float | None) -> None:
    """Submit and, given a ``timeout``, follow to the end; prints the submission, with its job once there is one."""
    client = session.client()
    made = client.submissions.create(model, revision=revision, suite=suite)
    session.say(f"Submitted {model}@{revision[:8]}: {made.id}")
    _follow(session, made, timeout)


def _follow(session: Session, made: Submission, timeout: float | None) -> None:
    client = session.client()
    if timeout is None:
        session.show(dict(made.data), human=_text(made), ids=[made.id])
        return
    made = client.submissions.wait_screened(made.id, timeout=timeout)
    _raise_if_refused(made)
    job = follow(session, client, made.job_id, timeout) if made.job_id else None
    data = dict(client.submissions.get(made.id).data) | ({"job": dict(job.data)} if job else {})
    result = client.results.get(job.result_id) if job is not None and job.result_id else None
    data |= {"scores": result.scores} if result else {}
    scored = table(["task", "metric", "score"], score_rows(result.scores)) if result else ""
    session.show(data, human=f"{_text(made)}\n{job_text(job) if job else ''}\n{scored}", ids=[made.id])
    if job is not None and job.state != "done":
        raise LandbridgeError(f"The evaluation {job.id} {job.state}: {_why(job.fault)}", code="evaluation_failed")


def _raise_if_refused(made: Submission) -> None:
    if made.fault and made.job is None:
        text = clean(str(made.fault.get("text")))
        raise SubmissionRefused(f"{made.model} was sealed and not evaluated: {text}", code=str(made.fault.get("code")))
    if made.state not in REFUSED:
        return
    messages = "\n".join(f"  {clean(str(item['message']))} [{item['code']}]" for item in made.findings)
    raise SubmissionRefused(f"The submission {made.id} is {made.state}.\n{messages}")


def _text(made: Submission) -> str:
    next_line = f"landbridge jobs show {made.job_id}" if made.job_id else f"landbridge submissions show {made.id}"
    facts = {"submission": made.id, "model": f"{made.model}@{made.revision}", "state": made.state, "next": next_line}
    return "\n".join(f"{name:<10}  {value}" for name, value in facts.items())


def _why(fault: object) -> str:
    if isinstance(fault, dict):
        return clean(str(fault.get("text") or fault.get("code") or json.dumps(fault)))
    return "the server gave no reason."
