"""The demo: honest models on real data, brought by its labs through the same doors as anybody's.

Accounts are made by command; everything else goes over HTTP: uploads by the Hub routes; submissions, evaluations, an
offer and signatures by the REST API. So each first start walks the main job.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command

from landbridge.accounts.clock import clock
from landbridge.accounts.models import Membership, Organization, OrganizationKind, Role
from landbridge.agreements.models import Offer
from landbridge.api.management.launch.instance import Instance, told
from landbridge.api.management.launch.processes import Failed, Process
from landbridge.api.services import note_demo
from landbridge.core.models import Line
from landbridge_baselines.demo import DemoModel, demo_models
from landbridge_client.hub import HubClient
from landbridge_client.rest import Client, Job
from landbridge_client.totp import code

SUITE, BOARD = "offline_demo", "demo"
BEGUN, SEEDED = "demo.begun", "demo.seeded"
LAB, OTHER_LAB = "lumen", "harbor"
PEOPLE = {  # role: (user, organization, kind, role in it)
    "operator": ("olga", "operator", "operator", "owner"),
    "lab": ("ada", LAB, "lab", "owner"),
    "lab-signatory": ("sofia", LAB, "lab", "signatory"),
    "other-lab": ("bruno", OTHER_LAB, "lab", "owner"),
    "adopter": ("carl", "acme", "company", "owner"),
    "signatory": ("cora", "acme", "company", "signatory"),
    "other-adopter": ("dana", "orient", "company", "signatory"),
    "third-adopter": ("erik", "nordwind", "company", "signatory"),
}
FIRST_OPERATOR = "steward"
MINUTES = 20


@dataclass
class Cast:
    """The demo's people, by role: their names, tokens, and second factors."""

    users: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    step_up: dict[str, str] = field(default_factory=dict)
    pending: list[str] = field(default_factory=list)  # addresses of evaluations that go on


def present() -> bool:
    return Line.objects.filter(verb=SEEDED).exists()


def begun() -> bool:
    return Line.objects.filter(verb=BEGUN).exists()


def sync(instance: Instance) -> None:
    """Models of the installed plugins, and the tasks on data that comes with the dependencies: seconds.

    The datasets of ``LANDBRIDGE_DATA`` take longer: ``sync_local_data`` seals them once the instance stands.
    """
    instance.say("tasks and models of the installed plugins")
    only = ("--suite", SUITE) if settings.LANDBRIDGE_DATA else ()
    with (instance.group.logs / "sync.log").open("a") as log:
        call_command("sync_benchmarks", *only, stdout=log, stderr=log)
        call_command("sync_plugins", stdout=log, stderr=log)


def sync_local_data(instance: Instance) -> None:
    if settings.LANDBRIDGE_DATA:
        instance.say(f"the datasets in {settings.LANDBRIDGE_DATA} become tasks, one after the other")
        instance.start_command("local-data", "sync_benchmarks")


def start_building(instance: Instance) -> Process:
    """Train the demo's models in a process of its own, while the rest of the instance starts."""
    names = ",".join(model.name for model in demo_models() if not _is_plugin_only(model))
    command = ("-m", "landbridge_baselines", "build", str(_models(instance)), "--only", names)
    return instance.group.start("build", *command, environment={}, once=True)


def cast() -> Cast:
    """The demo's people, made once; each call gives them fresh tokens."""
    people = Cast()
    for role, (user, organization, kind, held) in PEOPLE.items():
        made = told("create_account", user, "--organization", organization, "--kind", kind, "--role", held)
        people.users[role], people.tokens[role] = user, made["token"]
        if "totp_secret" in made:
            people.step_up[user] = made["totp_secret"]
    return people


def first_operator() -> Cast:
    """Of an empty instance: the account that confirms the others, as long as nobody has signed in with it."""
    people, name = Cast(), FIRST_OPERATOR
    operators = Membership.objects.filter(organization__kind=OrganizationKind.OPERATOR, role=Role.OWNER)
    if not operators.exists():
        told("create_account", name, "--organization", "operator", "--kind", "operator", "--role", "owner")
    if operators.filter(user__username=name, user__last_login=None).exists():
        people.users["operator"] = name
    return people


def seed(instance: Instance, builder: Process) -> Cast:
    """From nothing to a board, an active license, one that waits and one that is suspended."""
    people = cast()
    operator = Organization.objects.get(slug="operator")
    note_demo(verb=BEGUN, operator=operator, actor=clock())
    jobs = list(_evaluate_plugins(instance, people))
    _wait_for(instance, builder)
    jobs += _submit_folders(instance, people, essential=True)
    instance.say(f"{len(jobs)} evaluations queued")
    _follow(instance, people, jobs)
    if not Offer.objects.exists():  # a start that was cut off may have come this far
        _licenses(instance, people)
    later = _submit_folders(instance, people, essential=False)
    people.pending = [f"{instance.address.url}/jobs/{job}" for job in later]
    note_demo(verb=SEEDED, operator=operator, actor=clock())
    if people.pending:
        instance.say(f"larger models are evaluated from here on: {people.pending[0]}")
    return people


def _models(instance: Instance) -> Path:
    return instance.home / "demo" / "models"


def _is_plugin_only(model: DemoModel) -> bool:
    """Declared by a bundled plugin and without weights: the sync of plugins has made its repository."""
    return model.baseline and not model.name.startswith(("ngram", "unigram"))


def _evaluate_plugins(instance: Instance, people: Cast) -> Iterator[str]:
    with Client(instance.address.url, people.tokens["operator"]) as api:
        for model in demo_models():
            if _is_plugin_only(model):
                body = {"model": f"plugins/{model.name}", "revision": "main", "suite": SUITE}
                yield str(api.http.post("/api/v1/evaluations", body)["id"])


def _submit_folders(instance: Instance, people: Cast, *, essential: bool) -> Iterator[str]:
    for model in demo_models():
        if _is_plugin_only(model) or model.essential is not essential:
            continue
        lab, token = (OTHER_LAB, people.tokens["other-lab"]) if model.baseline else (LAB, people.tokens["lab"])
        name = f"{lab}/{model.name}"
        with HubClient(instance.address.url, token) as hub, Client(instance.address.url, token) as api:
            hub.create_repo(name, exist_ok=True)
            hub.upload_folder(name, "model", _models(instance) / model.name)
            made = api.submissions.create(name, suite=SUITE)
            found = api.submissions.wait_screened(made.id, timeout=60, every=0.3)
        if found.job_id is None:
            raise Failed(f"{name} was not accepted: {found.findings or found.state}")
        yield found.job_id


def _wait_for(instance: Instance, builder: Process) -> None:
    instance.say("training the demo's models")
    while builder.running is not None and builder.running.poll() is None:
        instance.pause(0.1)
    status = builder.running.returncode if builder.running else 0
    if status:
        raise Failed(f"The demo's models could not be built (status {status}):\n{instance.group.tail('build')}")


def _follow(instance: Instance, people: Cast, wanted: Sequence[str]) -> None:
    """Until every job is done and on the board, telling what runs. Raises ``Failed`` where one is not."""
    told_last = ""
    with Client(instance.address.url, people.tokens["operator"]) as api:
        for _ in range(MINUTES * 60):
            instance.group.check()
            jobs = [job for job in api.jobs.list() if job.id in set(wanted)]
            said = _said(jobs)
            if said != told_last:
                instance.say(said)
                told_last = said
            if jobs and all(job.ended for job in jobs):
                _require_ranked(api, jobs)
                return
            instance.pause(0.5)
    raise Failed(f"The demo's evaluations did not end in {MINUTES} minutes.\n{instance.group.tail('worker')}")


def _require_ranked(api: Client, jobs: Sequence[Job]) -> None:
    failed = [f"{job.model}: {job.state}, {job.fault or job.reason}" for job in jobs if job.state != "done"]
    if failed:
        raise Failed("The demo's evaluations failed:\n" + "\n".join(failed))
    wanted = {job.model for job in jobs}
    for _ in range(300):
        if wanted <= {entry.model for entry in api.boards.entries(BOARD)}:
            return
        api.http.wait(0.2)
    raise Failed("The demo's results did not reach the board in a minute. Is the control worker running?")


def _said(jobs: Sequence[Job]) -> str:
    ended = sum(job.ended for job in jobs)
    running = [f"{job.model} {_share(job.progress)}" for job in jobs if not job.ended and job.state != "queued"]
    return f"{ended} of {len(jobs)} evaluated" + (f"; now {', '.join(running)}" if running else "")


def _share(progress: dict[str, Any]) -> str:
    total = progress.get("total") or 0
    return f"{100 * progress.get('done', 0) // total} %" if total else "starting"


def _licenses(instance: Instance, people: Cast) -> None:
    """A standing offer; one company signs, one still reads, one is suspended."""
    offered = next(model.name for model in demo_models() if not model.baseline)
    with Client(instance.address.url, people.tokens["lab-signatory"]) as lab:
        body = {"model": f"{LAB}/{offered}", "totp": _code(people, "lab-signatory"), "consent": True}
        offer = lab.http.post("/api/v1/offers", body)
        _take(instance, people, "signatory", offer["id"], sign=True)
        _take(instance, people, "other-adopter", offer["id"], sign=False)
        paused = _take(instance, people, "third-adopter", offer["id"], sign=True)
        reason = "Asked for the evaluation report that is due."
        lab.http.post(f"/api/v1/agreements/{paused}/suspend", {"reason": reason})


def _take(instance: Instance, people: Cast, role: str, offer: str, *, sign: bool) -> str:
    with Client(instance.address.url, people.tokens[role]) as company:
        wish = {"organization": PEOPLE[role][1], "purpose": "Sorting scanned forms in a pilot", "country": "DE"}
        taken = company.http.post(f"/api/v1/offers/{offer}/take", wish)
        number = str(taken["number"])
        if sign:
            said = {"statement_sha256": taken["statement_sha256"], "totp": _code(people, role), "consent": True}
            company.http.post(f"/api/v1/agreements/{number}/sign", said)
    return number


def _code(people: Cast, role: str) -> str:
    return code(people.step_up[people.users[role]])
