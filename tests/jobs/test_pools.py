"""Machines of parties: a lab's runs the lab's own models on public data, an adopter's runs on the adopter's data."""

import uuid
from typing import Any

import pytest
from django.test import Client

from landbridge.accounts.models import Organization, User
from landbridge.evaluations import queries, services
from landbridge.evaluations.models import Job, QuotaWindow, Result, Worker
from landbridge.evaluations.values import Registration
from landbridge_client import dsse
from landbridge_registry.models import Repo
from tests.jobs.ground import LABELS, Bench, bench, model, namespace, queue, revision, suite, task, task_spec
from tests.jobs.test_requests import committed, post, token

pytestmark = pytest.mark.django_db


def attached(organization: Organization, actor: User, name: str = "box") -> Bench:
    """A machine of the organization that has registered."""
    made = services.enroll_worker(organization=organization, name=name, actor=actor)
    signer = dsse.Signer.generate()
    said = Registration(instance=uuid.uuid4(), labels=LABELS, public_key=signer.public_hex, slots=1)
    worker = services.register_worker(registration=said, pool=made.worker.pool, actor=made.worker.user)
    return Bench(worker, made.text, signer)


def own(actor: User, organization: Organization, name: str = "lumen/tester") -> Job:
    on = queries.newest_revision("small") if Job.objects.exists() else suite()
    return services.request_evaluation(
        revision_id=model(name).pk, suite_revision_id=on.pk, organization=organization, own=True, actor=actor
    )


def test_a_labs_own_machine_runs_its_own_model_and_the_result_is_marked(lumen: Organization, ada: User) -> None:
    box = attached(lumen, ada)
    job = own(ada, lumen)
    assert (job.pool, QuotaWindow.objects.exists()) == ("lab", False), "its own machine costs nobody anything"
    assert bench("operator-box").lease().status_code == 204
    spec = box.lease().json()
    assert spec["job"] == job.pk and spec["pool"] == "lab"
    assert Result.objects.get(pk=box.done(spec)).pool == "lab"


def test_a_labs_machine_never_gets_what_is_the_operators_or_anothers(
    lumen: Organization, acme: Organization, ada: User, carl: User
) -> None:
    box = attached(lumen, ada)
    suite()
    queue(ada)  # its own model, on the operator's machines
    assert box.lease().status_code == 204
    other = own(ada, lumen, "lumen/second")
    Job.objects.filter(pk=other.pk).update(repo=Repo.objects.create(namespace=namespace("rival"), name="secret"))
    assert box.lease(other.pk).status_code == 204, "another party's weights"
    Job.objects.filter(pk=other.pk).update(repo=model("lumen/third").repo, organization=acme)
    assert box.lease(other.pk).status_code == 204, "another organization's job"


def test_data_that_is_not_public_never_reaches_a_labs_machine(lumen: Organization, ada: User) -> None:
    box = attached(lumen, ada)
    hidden, shown = task("hidden_task"), task("shown_task")
    Repo.objects.filter(pk=hidden.dataset.repo_id).update(visibility="private")
    suite("small", hidden, shown)
    job = services.request_evaluation(
        revision_id=model().pk, suite_revision_id=queries.newest_revision("small").pk, organization=lumen, own=True,
        actor=ada,
    )  # fmt: skip
    assert list(job.skipped) == ["hidden_task"] and "not public" in job.skipped["hidden_task"]
    Repo.objects.filter(pk=shown.dataset.repo_id).update(visibility="private")
    assert box.lease().status_code == 204, "closed after the job was queued"
    Repo.objects.filter(pk=shown.dataset.repo_id).update(visibility="public")
    spec = box.lease().json()
    assert [one["name"] for one in spec["tasks"]] == ["shown_task"]


def test_an_adopters_machine_runs_on_its_own_data_only(acme: Organization, carl: User) -> None:
    box = attached(acme, carl)
    assert box.worker.pool == "adopter"
    data = revision("acme/records", "dataset")
    facts = {"digest": "1" * 64, "labels_digest": "2" * 64, "counts": {"test": 40}}
    mine = services.publish_task(
        task=task_spec("acme_task"), dataset_id=data.pk, facts=facts, labels=("no", "yes"), metric="acc",
        higher_is_better=True, actor=carl,
    )  # fmt: skip
    suite("small", mine, task("public_task"))
    job = services.request_evaluation(
        revision_id=model("acme/own").pk, suite_revision_id=queries.newest_revision("small").pk, organization=acme,
        own=True, actor=carl,
    )  # fmt: skip
    assert list(job.skipped) == ["public_task"]
    assert box.lease().json()["job"] == job.pk


def test_own_compute_over_rest(lumen: Organization, ada: User, carl: User, client: Client) -> None:
    committed(model()), suite()
    rights, wanted = token(ada, "evaluate", "read"), {"model": "lumen/tester", "suite": "small", "compute": "own"}
    assert post(client, "evaluations", wanted, **rights).json()["code"] == "no_own_machines"
    owner = token(ada, "org.admin")
    assert post(client, "organizations/lumen/workers", {"name": "box"}, **token(carl, "org.admin")).status_code == 403
    made = post(client, "organizations/lumen/workers", {"name": "box"}, **owner)
    assert made.status_code == 201 and made.json()["token"].startswith("lb_") and made.json()["pool"] == "lab"
    answer = post(client, "evaluations", wanted, **rights)
    assert answer.status_code == 202
    assert answer.json()["id"] != post(client, "evaluations", wanted | {"compute": "operator"}, **rights).json()["id"]
    listed = client.get("/api/v1/organizations/lumen/workers", headers=owner).json()["items"]
    assert [one["name"] for one in listed] == ["lumen.box"] and "token" not in listed[0]
    gone = client.delete(f"/api/v1/organizations/lumen/workers/{listed[0]['id']}", headers=owner)
    assert gone.status_code == 204 and not Worker.objects.get().enabled
    assert client.delete("/api/v1/organizations/lumen/workers/none", headers=owner).status_code == 404


def test_the_operator_sets_what_an_organization_may_run(
    lumen: Organization, ada: User, olga: User, client: Client
) -> None:
    def patch(user: User, **changes: Any) -> Any:  # noqa: ANN401 an answer
        address = "/api/v1/organizations/lumen/quota"
        return client.patch(address, changes, content_type="application/json", headers=token(user, "org.admin"))

    assert patch(ada, daily_limit=9).status_code == 403
    assert patch(olga, daily_limit=1, running_limit=3, weight=2.0).json()["daily_limit"] == 1
    suite()
    services.request_evaluation(
        revision_id=committed(model()).pk, suite_revision_id=queries.newest_revision("small").pk, organization=lumen,
        actor=ada,
    )  # fmt: skip
    read = client.get("/api/v1/organizations/lumen/quota", headers=token(ada, "read")).json()
    assert (read["daily_limit"], read["used"], read["running_limit"], read["weight"]) == (1, 1, 3, 2.0)
    committed(model("lumen/second"))
    refused = post(client, "evaluations", {"model": "lumen/second", "suite": "small"}, **token(ada, "evaluate"))
    assert (refused.status_code, refused.json()["code"]) == (429, "quota_exhausted")
    assert int(refused["Retry-After"]) > 0
    assert patch(olga, daily_limit=None).json()["own_limit"] is None
