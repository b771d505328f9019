"""The fixed world of the access matrix, built: ``landbridge.api.matrix.cast`` in rows and bytes."""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

from allauth.mfa.totp.internal.auth import TOTP
from django.db import transaction
from django.test import Client

from landbridge.accounts import invitations, services, tokens
from landbridge.accounts.models import (
    AuthorityRecord,
    Invitation,
    Membership,
    Organization,
    OrganizationKind,
    Role,
    Token,
    TokenKind,
    User,
)
from landbridge.api.matrix import cast
from landbridge.api.matrix.cast import ACTORS, Actor, Kind
from landbridge.core import time
from landbridge.evaluations import shard_files
from landbridge.evaluations.models import (
    Job,
    Result,
    Shard,
    Worker,
)
from landbridge.evaluations.services import enroll_worker
from landbridge.hub.signing import upload_query
from landbridge.leaderboards.models import Board
from landbridge.submissions.models import LateFinding, Submission
from landbridge_registry.models import Namespace, NamespaceKind, Repo, RepoType, Revision, Upload
from tests.agreements.conftest import SECRET, authorize, publish, sign, take
from tests.conftest import organization, person
from tests.jobs import ground
from tests.registry.kit import add, land, new_repo

KINDS = {
    cast.LAB: OrganizationKind.LAB,
    cast.OTHER_LAB: OrganizationKind.LAB,
    cast.COMPANY: OrganizationKind.COMPANY,
    cast.OPERATOR: OrganizationKind.OPERATOR,
}
ABLE = {"kinds": ["classify"], "modality": "text", "slug": "tester", "adapts": False, "reason": "", "labels": []}
HOUR = timedelta(hours=1)
CONFIG = b'{"model_type": "bert", "architectures": ["BertModel"]}'


@dataclass
class World:
    users: dict[str, User] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    repos: dict[str, Repo] = field(default_factory=dict)
    commits: dict[str, str] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    results: dict[str, Result] = field(default_factory=dict)
    submissions: dict[str, Submission] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    own_tokens: dict[str, str] = field(default_factory=dict)
    instance: str = field(default_factory=lambda: str(uuid4()))

    def client(self, actor: Actor, *, page: bool) -> Client:
        """A browser for persons on pages; else a program with the actor's key."""
        headers = {}
        if actor.name in self.keys and not (page and actor.kind is Kind.PERSON):
            headers = {"Authorization": f"Bearer {self.keys[actor.name]}"}
        client = Client(headers=headers, raise_request_exception=False)
        if page and actor.kind is Kind.PERSON:
            client.force_login(self.users[actor.name])
        return client


def build() -> World:
    world = World()
    _people(world)
    _keys(world)
    for name in ("open", "gated", "private"):
        _model(world, name)
    _agreement(world)
    _dataset(world)
    _measured(world)
    _loose_ends(world)
    Token.objects.update(last_used_at=time.db_now())  # so that no request has that to write
    return world


def _people(world: World) -> None:
    for slug, kind in KINDS.items():
        organization(slug, kind, person(f"{slug}-owner"))
    person("bystander-of-lumen")
    for actor in ACTORS:
        if actor.kind is Kind.PERSON:
            name = f"{actor.of}-{actor.role}" if actor.of else actor.name
            user = User.objects.filter(username=name).first() or person(name)
            world.users[actor.name] = user
            if actor.of:
                entity = Organization.objects.get(slug=actor.of)
                Membership.objects.get_or_create(user=user, organization=entity, defaults={"role": actor.role})
    lumen = Organization.objects.get(slug=cast.LAB)
    Membership.objects.create(
        user=User.objects.get(username="bystander-of-lumen"), organization=lumen, role=Role.MEMBER
    )


def _keys(world: World) -> None:
    owner = world.users[f"{cast.LAB} owner"]
    for actor in ACTORS:
        if actor.kind is Kind.PERSON:
            user = world.users[actor.name]
            world.keys[actor.name] = services.issue_token(actor=user, name="all", scopes=tokens.SCOPES).text
        elif actor.kind is Kind.ROBOT:
            (scope,) = actor.scopes
            issued = services.issue_organization_token(
                actor=owner, slug=cast.LAB, name=scope.replace(".", "-"), scopes=[scope], role=Role.MAINTAINER
            )
            world.keys[actor.name], world.users[actor.name] = issued.text, issued.token.user
    revoked = services.issue_token(actor=owner, name="revoked", scopes=tokens.SCOPES)
    services.revoke_token(actor=owner, token_id=revoked.token.pk, user=owner)
    world.keys["revoked"] = revoked.text
    worker = services.create_worker_account(actor=world.users["operator"], name="gpu-1", pool="operator")
    world.keys["worker"], world.users["worker"] = worker.text, worker.token.user
    world.users["job"] = worker.token.user
    Worker.objects.create(name="gpu-1", user=worker.token.user, instance=world.instance, last_seen=time.db_now())
    for actor in ACTORS:
        if actor.kind is Kind.PERSON:
            spare = services.issue_token(actor=world.users[actor.name], name="spare", scopes=["read"])
            world.own_tokens[actor.name] = spare.token.pk


def _model(world: World, name: str) -> None:
    repo = new_repo(name, cast.LAB)
    commit = land(repo, add("config.json", CONFIG), add("README.md", b"---\nlicense: apache-2.0\n---\nA model.\n"))
    Repo.objects.filter(pk=repo.pk).update(
        license="Apache-2.0",
        visibility="private" if name == "private" else "public",
        gate="" if name == "open" else "manual",
    )
    repo.refresh_from_db()
    Revision.objects.create(
        repo=repo,
        commit=commit.sha,
        tree_digest=f"{len(world.repos) + 1}" * 64,
        license="Apache-2.0",
        capabilities=ABLE,
        sealed_at=time.db_now(),
    )
    world.repos[name], world.commits[name] = repo, commit.sha


def _dataset(world: World) -> None:
    namespace, _ = Namespace.objects.get_or_create(name=cast.LAB, defaults={"kind": NamespaceKind.ORGANIZATION})
    repo = new_repo("dataset", namespace.name)
    commit = land(repo, add("config.json", b"{}"))
    Repo.objects.filter(pk=repo.pk).update(type=RepoType.DATASET)
    repo.refresh_from_db()
    Revision.objects.create(repo=repo, commit=commit.sha, tree_digest="9" * 64, sealed_at=time.db_now())
    world.repos["dataset"], world.commits["dataset"] = repo, commit.sha


def _agreement(world: World) -> None:
    """The company has an executed license on the gated model; who took it and who signed it hold seats."""
    for slug in (cast.LAB, cast.COMPANY):
        user = world.users[f"{slug} signatory"]
        TOTP.activate(user, SECRET)
        authorize(user, Organization.objects.get(slug=slug), world.users["operator"])
    offer = publish(world.repos["gated"], world.users[f"{cast.LAB} signatory"], revisions=(world.commits["gated"],))
    agreement = take(offer, world.users[f"{cast.COMPANY} member"])
    sign(agreement, world.users[f"{cast.COMPANY} signatory"])
    world.ids |= {"offer_id": offer.pk, "number": agreement.number}
    gated = {"type": "model", "repo": f"{cast.LAB}/gated", "revision": world.commits["gated"]}
    with transaction.atomic():
        _, world.keys["job"] = tokens.issue(
            user=world.users["worker"], name="job", scopes=(), kind=TokenKind.JOB, reach={"job": "x", "repos": [gated]}
        )


def _measured(world: World) -> None:
    """A task, a suite, a board; for the open and the private model a job that is done and has a result."""
    revision = ground.suite("demo")
    suite = revision.suite
    Board.objects.create(slug="demo", suite=suite)
    owner = world.users[f"{cast.LAB} owner"]
    now = time.db_now()
    for name in ("open", "private"):
        job = ground.queue(owner, Revision.objects.get(repo=world.repos[name]), revision)
        world.jobs[name] = job
        Shard.objects.filter(job=job).update(sha256=shard_files.keep(ground.shard(0)), attempt=1, kept_at=now)
        world.submissions[name] = Submission.objects.create(
            repo=world.repos[name],
            asked="tag",
            commit=world.commits[name],
            suite_revision=revision,
            requested_by=owner,
            state_since=now,
            state="needs_changes",
        )
        world.results[name] = Result.objects.create(
            job=job,
            attempt=1,
            worker=Worker.objects.get(),
            pool="operator",
            accepted_at=now,
            body={},
            envelope={},
            digest="5" * 64,
        )


def _loose_ends(world: World) -> None:
    owner, operator = world.users[f"{cast.LAB} owner"], world.users["operator"]
    lumen = Organization.objects.get(slug=cast.LAB)
    invited = services.invite(actor=owner, slug=cast.LAB, email="new@example.org", role=Role.MEMBER)
    record = AuthorityRecord.objects.create(
        organization=lumen,
        person=User.objects.get(username="bystander-of-lumen"),
        title="Head",
        types=["EVAL"],
        acts=["sign"],
        starts_at=time.db_now() - timedelta(days=1),
        basis="x",
        granted_by=owner,
    )
    robot = services.issue_organization_token(actor=owner, slug=cast.LAB, name="spare", scopes=["read"])
    found = LateFinding.objects.create(
        revision=Revision.objects.get(repo=world.repos["open"]), code="x", message="x", rules="x",
        found_at=time.db_now(), state_since=time.db_now(),
    )  # fmt: skip
    link = services.make_sign_in_link(actor=operator, username="stranger")
    upload = Upload.objects.create(
        repo=world.repos["open"], by=owner.username, kind="basic", oid="0" * 64, size=2, expires_at=time.db_now() + HOUR
    )
    world.ids |= {
        "slug": cast.LAB,
        "username": "bystander-of-lumen",
        "invitation_id": invited.pk,
        "pk": invited.pk,
        "secret": invitations.secret_of(Invitation.objects.get(pk=invited.pk)),
        "record_id": record.pk,
        "token_id": robot.token.pk,
        "text": link,
        "code": "invalid",
        "board": "demo",
        "task": "demo_task",
        "suite": "demo",
        "late_finding": found.pk,
        "worker_id": enroll_worker(
            organization=Organization.objects.get(slug=cast.LAB), name="box", actor=owner
        ).worker.pk,
        "action": "dismiss",
        "upload_id": f"{upload.pk}?{upload_query(upload)}",
    }
