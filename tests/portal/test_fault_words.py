"""A job's page says in plain words, in both languages, what happened and who must act: for every code there is."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from django.utils import translation

from landbridge.accounts.models import Organization, User
from landbridge.core import time
from landbridge.evaluations import faults, services
from landbridge.evaluations.models import Job
from landbridge.portal.explained import EXPLAINED, FAULTS, explain_fault
from landbridge.portal.explained.reasons import OUTCOMES, REASONS
from tests.jobs.ground import bench, queue
from tests.portal.conftest import Browser

ROOT = Path(__file__).parents[2]
PLATFORM = ROOT / "platform" / "landbridge" / "evaluations"
ENGINE = ROOT / "evaluation" / "landbridge_evaluation"
NOT_OF_A_JOB = {"other_run"}  # only the engine's own command line says it


def literals(node: ast.AST) -> Iterator[str]:
    for one in ast.walk(node):
        if isinstance(one, ast.Constant) and isinstance(one.value, str):
            yield one.value


def raised() -> set[str]:
    """Every code that a fault of the engine or of the platform is made with."""
    found = set(faults.TABLE)
    for path in [*ENGINE.rglob("*.py"), *PLATFORM.rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and "Fault" in ast.unparse(node.func):
                found |= {text for word in node.keywords if word.arg == "code" for text in literals(word.value)}
            if isinstance(node, ast.ClassDef) and "Fault" in " ".join(map(ast.unparse, node.bases)):
                for line in node.body:
                    if isinstance(line, ast.Assign | ast.AnnAssign) and line.value is not None:
                        target = line.targets[0] if isinstance(line, ast.Assign) else line.target
                        found |= set(literals(line.value)) if ast.unparse(target) == "code" else set()
            if isinstance(node, ast.Dict) and {"code", "kind"} <= set(literals(node)):
                for key, value in zip(node.keys, node.values, strict=True):
                    if isinstance(key, ast.Constant) and key.value == "code" and isinstance(value, ast.Constant):
                        found.add(str(value.value))
    return found - NOT_OF_A_JOB


def reasons() -> set[str]:
    """Every code that a reason is made with, in the rooms that make one."""
    found: set[str] = set()
    for path in PLATFORM.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Reason" and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant | ast.IfExp):
                    parts = [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]
                    found |= {text for part in parts for text in literals(part)}
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in {"HOLDS", "STAGES"}:
                assert isinstance(node.value, ast.Dict)
                for key, value in zip(node.value.keys, node.value.values, strict=True):
                    named = value.elts[0] if isinstance(value, ast.Tuple) else key
                    found |= set(literals(named)) if named is not None else set()
    return found


def test_the_search_finds_what_it_is_for() -> None:
    assert {"wall", "lease_expired", "child_exited", "not_finite", "no_progress", "released"} <= raised()
    assert {"next_in_line", "backoff", "hold_screening", "loading_model", "no_worker_with_label"} <= reasons()


def test_every_fault_has_words() -> None:
    missing = sorted(code for code in raised() if code not in FAULTS and code not in EXPLAINED)
    assert not missing, f"say in landbridge.portal.explained.faults what happened and who must act: {missing}"


def test_every_reason_has_words() -> None:
    missing = sorted(reasons() - set(REASONS) - {""})
    assert not missing, f"say in landbridge.portal.explained.reasons why a job waits: {missing}"


@pytest.mark.parametrize("code", sorted({*FAULTS, *REASONS}))
def test_both_languages_say_what_happened_and_who_must_act(code: str) -> None:
    for one in filter(None, (FAULTS.get(code), REASONS.get(code))):
        said = {}
        for language in ("en", "zh-hans"):
            with translation.override(language):
                said[language] = (str(one.title), str(one.remedy))
        for english, chinese in zip(said["en"], said["zh-hans"], strict=True):
            assert english and chinese and english != chinese


def test_the_remedy_names_who_acts() -> None:
    for one in FAULTS.values():
        said = str(one.remedy)
        assert " has to act" in said or " have to act" in said, one.code


BAD_LUCK = [
    ("disk_full", "disk is full", "磁盘"),
    ("download_failed", "could not be fetched", "无法获取"),
    ("infrastructure_fault", "machine failed", "故障"),
    ("child_killed", "killed from outside", "终止"),
    ("wall", "took longer than the job allows", "超过"),
    ("memory", "more memory than the job allows", "内存"),
    ("log_cap", "printed more than a log may hold", "日志"),
    ("result_cap", "more bytes than any answer", "字节"),
    ("not_finite", "NaN or infinity", "NaN"),
    ("bad_frames", "broke the protocol", "协议"),
    ("bad_result", "nothing of it was kept", "未保留"),
    ("content_changed", "not those that were sealed", "封存"),
    ("entitlement_lost", "access has ended", "访问权限"),
]


@pytest.fixture
def page(lumen: Organization, ada: User, browser: Browser) -> Client:
    return browser(ada)


@pytest.mark.django_db
@pytest.mark.parametrize(("code", "english", "chinese"), BAD_LUCK)
def test_the_page_of_a_job_says_what_happened(page: Client, ada: User, code: str, english: str, chinese: str) -> None:
    one = bench()
    job = queue(ada)
    final = code in faults.TABLE and not faults.TABLE[code][1]
    for _ in range(3):  # memory is tried once more with half the batch
        Job.objects.filter(pk=job.pk).update(not_before=None)
        spec = one.lease().json()
        said = {"code": code, "text": "What the worker wrote.", "retryable": not final, "who": "lab" if final else ""}
        assert one.call("POST", one.at(spec, "/fault"), said).status_code == 200
        if Job.objects.get(pk=job.pk).state == "failed":
            break
    job.refresh_from_db()
    html = page.get(f"/jobs/{job.pk}").content.decode()
    assert english in html and "What the worker wrote." in html and f"/errors/{code}" in html
    assert html.count(english) >= 2, "in the banner and with the attempt"
    assert "has to act" in html or "have to act" in html
    page.cookies["language"] = "zh-hans"
    with translation.override("zh-hans"):
        assert chinese in str(explain_fault(code).title)


@pytest.mark.django_db
def test_a_lost_worker_a_drain_and_a_cancel_are_told_with_their_attempts(page: Client, ada: User) -> None:
    one = bench("gpu-7")
    job = queue(ada)
    spec = one.lease().json()
    services.drain_worker(worker_id=one.worker.pk, actor=ada)
    one.call("POST", one.at(spec, "/release"), {"reason": "drain"})
    services.enable_worker(worker_id=one.worker.pk, actor=ada)
    one.lease()
    Job.objects.filter(pk=job.pk).update(lease_until=time.db_now())
    services.take_back_job(job_id=job.pk, actor=ada)
    html = page.get(f"/jobs/{job.pk}").content.decode()
    assert "The worker was lost; the next attempt starts soon." in html
    assert "finished shards are kept" in html
    for said in ("gpu-7", "given back", "lost its worker", "its host died, froze or lost its network"):
        assert said in html, said
    services.cancel_job(job_id=job.pk, actor=ada)
    assert "cancelled on request" in page.get(f"/jobs/{job.pk}").content.decode()


@pytest.mark.django_db
def test_without_a_worker_that_contains_code_the_page_says_so(page: Client, ada: User) -> None:
    bench()
    job = queue(ada)
    Job.objects.filter(pk=job.pk).update(needs_key="isolated")
    html = page.get(f"/jobs/{job.pk}").content.decode()
    assert "No worker that could run it is there." in html or "proves to contain it" in html


def test_outcomes_have_words() -> None:
    assert set(OUTCOMES) == {"done", "failed", "lost", "released", "retried", "cancelled", ""}
