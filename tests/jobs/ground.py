# ruff: noqa: ANN401 rows and answers of many shapes
"""What tests of jobs stand on: sealed rows, a registered worker with its key, and a worker's side of the wire."""

import base64
import gzip
import hashlib
import json
import uuid
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from django.test import Client

from landbridge.accounts.clock import clock
from landbridge.accounts.models import User
from landbridge.accounts.services import create_worker_account
from landbridge.core import time
from landbridge.evaluations import services
from landbridge.evaluations.models import Job, Suite, SuiteRevision, TaskRecord, Worker
from landbridge.evaluations.values import Registration
from landbridge.evaluations.verification import decimals
from landbridge_client import dsse
from landbridge_plugins import Adaptation, DatasetRef, Kind, Method, MetricUse, SuiteSpec, SuiteTask, TaskSpec
from landbridge_registry.models import Namespace, NamespaceKind, Repo, RepoType, Revision

NUMBERS = count(1)
LABELS = ("cpu", "model:tester")


def hexes(length: int) -> str:
    return hashlib.sha512(str(next(NUMBERS)).encode()).hexdigest()[:length]


def namespace(name: str) -> Namespace:
    found, _ = Namespace.objects.get_or_create(name=name, defaults={"kind": NamespaceKind.ORGANIZATION})
    return found


def revision(name: str, kind: str = RepoType.MODEL, **facts: Any) -> Revision:
    """A sealed version, as rows: what lies in its files no job row asks."""
    space, _, own = name.partition("/")
    repo, _ = Repo.objects.get_or_create(type=kind, namespace=namespace(space), name=own)
    return Revision.objects.create(repo=repo, commit=hexes(40), tree_digest=hexes(64), sealed_at=time.db_now(), **facts)


def model(name: str = "lumen/tester", kinds: tuple[str, ...] = ("classify",)) -> Revision:
    able = {"kinds": list(kinds), "modality": "text", "slug": "tester", "adapts": False, "reason": "", "labels": []}
    return revision(name, capabilities=able)


def task_spec(name: str, **more: Any) -> TaskSpec:
    return TaskSpec(
        name=name,
        kind=Kind.CLASSIFY,
        dataset=DatasetRef(ref=f"bundled:{name}", split="test", license="MIT", commercial=True),
        prompt={"input": {"column": "text"}, "target": {"column": "label"}},
        metrics=(MetricUse(name="acc", primary=True),),
        adaptation=Adaptation(method=Method.NONE),
        **more,
    )


def task(name: str, rows: int = 40, *, higher_is_better: bool = True, **more: Any) -> TaskRecord:
    data = revision(f"landbridge/{name}", RepoType.DATASET)
    facts = {"digest": hexes(64), "labels_digest": hexes(64), "counts": {"test": rows}}
    return services.publish_task(
        task=task_spec(name, **more), dataset_id=data.pk, facts=facts, labels=("no", "yes"), metric="acc",
        higher_is_better=higher_is_better, actor=clock(),
    )  # fmt: skip


def suite(name: str = "small", *tasks: TaskRecord) -> SuiteRevision:
    used = tasks or (task(f"{name}_task"),)
    spec = SuiteSpec(name=name, title=name.title(), tasks=tuple(SuiteTask(task=one.name) for one in used))
    return services.publish_suite(suite=spec, tasks=used, actor=clock())


def queue(actor: User, of: Revision | None = None, on: SuiteRevision | None = None) -> Job:
    if on is None:
        held = Suite.objects.first()
        on = held.revisions.get() if held else suite()
    return services.request_evaluation(revision_id=(of or model()).pk, suite_revision_id=on.pk, actor=actor)


@dataclass
class Bench:
    """A worker's side: its token, its key, and the calls it makes over the wire."""

    worker: Worker
    token: str
    signer: dsse.Signer
    client: Client = field(default_factory=Client)

    def call(self, method: str, path: str, body: object = None, **extra: Any) -> Any:
        """The answer of the worker API to one call."""
        headers = {"Authorization": f"Bearer {self.token}", "Landbridge-Protocol": "1", **extra.pop("headers", {})}
        if isinstance(body, bytes):
            data, kind = body, "application/gzip"
        else:
            data, kind = json.dumps(body if body is not None else {}).encode(), "application/json"
        return self.client.generic(method, f"/api/worker/v1/{path}", data, content_type=kind, headers=headers)

    def lease(self, wanted: str | None = None, key: str = "") -> Any:
        headers = {"Idempotency-Key": key or uuid.uuid4().hex}
        return self.call("POST", "leases", {"job": wanted}, headers=headers)

    def at(self, spec: dict[str, Any], what: str = "") -> str:
        return f"attempts/{spec['job']}/{spec['attempt']}{what}"

    def beat(self, spec: dict[str, Any], state: str = "running", **more: Any) -> Any:
        return self.call("POST", self.at(spec, "/heartbeat"), {"state": state, **more})

    def put(self, spec: dict[str, Any], index: int, body: bytes | None = None, digest: str | None = None) -> Any:
        body = shard(index) if body is None else body
        said = digest or f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
        return self.call("PUT", self.at(spec, f"/shards/{index}"), body, headers={"Content-Digest": said})

    def put_all(self, spec: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            {"index": one["index"], "sha256": self.put(spec, one["index"]).json()["kept"]} for one in spec["shards"]
        ]

    def result(self, spec: dict[str, Any], shards: list[dict[str, Any]], **changed: Any) -> Any:
        body = results(spec, **changed.pop("scores", {}))
        signer = changed.pop("signer", self.signer)
        made = envelope(spec, body, changed.pop("signed_shards", shards), signer, **changed)
        return self.call("POST", self.at(spec, "/result"), {"results": body, "envelope": made, "shards": shards})

    def done(self, spec: dict[str, Any], **scores: Any) -> str:
        """Bring everything; the result's id."""
        answer = self.result(spec, self.put_all(spec), scores=scores)
        assert answer.status_code == 201, answer.content
        return str(answer.json()["result"])


def bench(name: str = "one", pool: str = "operator", labels: tuple[str, ...] = LABELS) -> Bench:
    issued = create_worker_account(actor=clock(), name=name, pool=pool)
    signer = dsse.Signer.generate()
    said = Registration(instance=uuid.uuid4(), labels=labels, public_key=signer.public_hex, slots=1)
    worker = services.register_worker(registration=said, pool=pool, actor=issued.token.user)
    return Bench(worker, issued.text, signer)


def shard(index: int) -> bytes:
    return gzip.compress(f'{{"i":{index},"v":[0.1,-0.2]}}\n'.encode(), mtime=0)


def results(spec: dict[str, Any], value: float | None = 0.9, n: int = 40, **task_more: Any) -> dict[str, Any]:
    """A results file over the leased tasks, all rows run. ``acc`` is ``value`` ± 0.05, over ``n`` items."""
    interval = [value - 0.05, value + 0.05] if value is not None else None
    metrics = {"acc": {"value": value, "ci95": interval, "n": n, "method": "wilson"}}
    rows = {one["task"]: one["stop"] for one in spec["shards"]}
    tasks = {
        one["name"]: {"n": rows[one["name"]], "metrics": metrics, "fault": None, **task_more} for one in spec["tasks"]
    }
    return {"schema": "landbridge.results/1", "model": {"id": spec["model"]["repo"]}, "tasks": tasks, "manifest": {}}


def envelope(
    spec: dict[str, Any], body: dict[str, Any], shards: list[dict[str, Any]], signer: dsse.Signer, **changed: Any
) -> dict[str, Any]:
    """The statement that fits ``spec``, but for what is ``changed``."""
    data = {name: one for one in spec["data"] for name in one["tasks"]}
    tasks = [
        {
            "name": one["name"],
            "digest": TaskSpec.from_json(one).digest(),
            "dataset": {key: data[one["name"]][key] for key in ("digest", "labels_digest")},
            **{flag: bool(body["tasks"][one["name"]].get(flag)) for flag in ("limited", "unpinned")},
            "n": body["tasks"][one["name"]]["n"],
            "metrics": decimals(body["tasks"][one["name"]]["metrics"]),
            "fault": body["tasks"][one["name"]].get("fault"),
        }
        for one in spec["tasks"]
    ]
    subject = changed.pop("subject", spec["model"]["digest"])
    plugin = spec.get("plugin")
    said = {
        **{name: spec[name] for name in ("job", "attempt", "kind", "pool", "seeds")},
        "plugin": {name: plugin.get(name) for name in ("wheel_sha256", "name", "version")} if plugin else None,
        "tasks": tasks,
        "shards": shards,
        "engine": {"version": "1.0"},
        "environment": {"lock_sha256": "7" * 64, "device_class": "cpu", "dtype": "float32"},
        "sandbox": {"tier": "bwrap"},
        "start": "2026-11-25T10:00:00.000Z",
        "end": "2026-11-25T10:00:05.000Z",
        **changed,
    }
    statement = dsse.make_statement(
        subjects={spec["model"]["repo"]: subject}, predicate_type=dsse.EVALUATION_RESULT, predicate=said
    )
    return dsse.sign(statement, signer)
