"""The operator's machines, and those that an organization attaches: who sees them, and what people decide."""

from typing import Any

import pytest

from landbridge.accounts.models import Organization, OrganizationKind, Token, User
from landbridge.core.models import Line
from landbridge.evaluations import services
from landbridge.evaluations.models import Job, Worker
from landbridge.portal.once import new_key
from landbridge_client import dsse
from tests.conftest import organization, person
from tests.jobs.ground import Bench, bench, model, queue
from tests.portal.conftest import Browser

pytestmark = pytest.mark.django_db


@pytest.fixture
def olga() -> User:
    made = person("olga")
    organization("operator", OrganizationKind.OPERATOR, made)
    return made


def test_the_page_says_who_runs_what_what_waits_and_why(browser: Browser, olga: User, ada: User) -> None:
    one = bench("box-1")
    Worker.objects.filter(pk=one.worker.pk).update(
        devices=[{"name": "H100", "uuid": "GPU-1", "memory_mb": 81559, "used_percent": 87, "memory_used_mb": 40210,
                  "measured_at": "2026-01-01T00:00:00Z"}],
        sandbox={"tier": "none", "why": "There is no bubblewrap here."},
    )  # fmt: skip
    queue(ada, model("lumen/runs"))
    assert one.lease().status_code == 201
    waits = queue(ada, model("lumen/waits"))
    Job.objects.filter(pk=waits.pk).update(needs_key="gpu.140,isolated")
    html = browser(olga).get("/workers").content.decode()
    for said in ("box-1", "lumen/runs", "H100", "87 % busy", "There is no bubblewrap here.", "no_isolated_worker"):
        assert said in html, said
    assert "No worker proves that it contains code of labs." in html
    bench("box-2", labels=("cpu", "isolated"))
    html = browser(olga).get("/workers").content.decode()
    assert "no_worker_with_label" in html and "no_isolated_worker" not in html, (
        "containment is there, the memory is not"
    )


def test_it_takes_as_many_statements_with_many_machines_as_with_one(
    browser: Browser,
    olga: User,
    ada: User,
    django_assert_max_num_queries: Any,  # noqa: ANN401 a fixture without a type
) -> None:
    client = browser(olga)
    for number in range(6):
        one = bench(f"box-{number}")
        queue(ada, model(f"lumen/m{number}"))
        one.lease()
        queue(ada, model(f"lumen/q{number}"))
    with django_assert_max_num_queries(10):
        assert client.get("/workers").status_code == 200


def test_nobody_else_finds_it(browser: Browser, ada: User, lumen: Organization) -> None:
    one = bench()
    for user in (ada, None):
        assert browser(user).get("/workers").status_code in {302, 404}
    assert browser(ada).post(f"/workers/{one.worker.pk}/drain").status_code == 404
    assert not Worker.objects.get().draining


DEEDS = [
    ("drain", "draining", True, "worker.drained"),
    ("enable", "enabled", True, "worker.enabled"),
    ("disable", "enabled", False, "worker.disabled"),
    ("revoke", "enabled", False, "worker.revoked"),
]


@pytest.mark.parametrize(("action", "column", "value", "verb"), DEEDS)
def test_the_operator_decides_and_the_ledger_tells(  # noqa: PLR0913, PLR0917 a deed and what follows
    browser: Browser,
    olga: User,
    action: str,
    column: str,
    value: bool,  # noqa: FBT001 of a table
    verb: str,
) -> None:
    one = bench()
    if action == "enable":
        services.disable_worker(worker_id=one.worker.pk, actor=olga)
    answer = browser(olga).post(f"/workers/{one.worker.pk}/{action}", follow=True)
    assert answer.status_code == 200 and one.worker.name in answer.content.decode()
    assert getattr(Worker.objects.get(), column) is value
    line = Line.objects.filter(verb__startswith="worker.").latest("pk")
    assert (line.actor_id, line.verb) == (olga.pk, verb)


def test_a_deed_that_is_none_is_not_found(browser: Browser, olga: User) -> None:
    one = bench()
    client = browser(olga)
    assert client.post(f"/workers/{one.worker.pk}/explode").status_code == 404
    assert client.post("/workers/01J00000000000000000000000/drain").status_code == 404


def test_an_owner_attaches_a_machine_and_sees_its_token_once(browser: Browser, ada: User, lumen: Organization) -> None:
    client = browser(ada)
    page = f"/organizations/{lumen.slug}/machines"
    answer = client.post(page, {"name": "gpu-box-1", "once": new_key()}, follow=True)
    html = answer.content.decode()
    (worker,) = Worker.objects.all()
    assert (worker.name, worker.pool, worker.organization) == (f"{lumen.slug}.gpu-box-1", "lab", lumen)
    token = html.split('aria-label="The token of your machine" role="group"><code>')[1].split("<")[0]
    assert token.startswith("lb_") and "landbridge worker --url" in html
    assert token not in client.get(page).content.decode(), "it is shown once"
    spoken = bench_with(token)
    assert spoken.status_code == 200 and spoken.json()["pools"] == ["lab"]
    assert Worker.objects.get().organization == lumen, "registering keeps whose it is"
    assert client.post(page, {"name": "gpu-box-1", "once": new_key()}).status_code == 400
    assert client.post(page, {"name": "No Good", "once": new_key()}).status_code == 400


def bench_with(token: str) -> Any:  # noqa: ANN401 an answer
    signer = dsse.Signer.generate()
    body = {"instance": "0c1ba0d6-1111-4b2c-924d-9e3d8d2b8a01", "labels": ["cpu"], "public_key": signer.public_hex}
    return Bench(Worker.objects.get(), token, signer).call("POST", "register", body)


def test_an_owner_revokes_its_own_machine_and_no_other(
    browser: Browser, ada: User, lumen: Organization, carl: User
) -> None:
    made = services.enroll_worker(organization=lumen, name="box", actor=ada)
    other = bench("of-the-operator")
    client = browser(ada)
    assert client.post(f"/organizations/{lumen.slug}/machines/{other.worker.pk}/revoke").status_code == 404
    assert browser(carl).post(f"/organizations/{lumen.slug}/machines/{made.worker.pk}/revoke").status_code == 404
    assert client.post(f"/organizations/{lumen.slug}/machines/{made.worker.pk}/revoke").status_code == 302
    assert not Worker.objects.get(pk=made.worker.pk).enabled and Worker.objects.get(pk=other.worker.pk).enabled
    assert not Token.objects.filter(user=made.worker.user, revoked_at=None).exists()
