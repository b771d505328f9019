"""With ``LANDBRIDGE_DATA`` set, the datasets of that folder are tasks of the instance, too."""

import os
import time
from pathlib import Path

import pytest

from tests.stack import running
from tests.walk import Api

DATA = os.environ.get("LANDBRIDGE_DATA", "")  # noqa: TID251 what this test is about
pytestmark = pytest.mark.xdist_group("stack")


@pytest.mark.skipif(not DATA, reason="needs LANDBRIDGE_DATA to name a folder of datasets")
def test_a_baseline_is_ranked_on_a_real_dataset(tmp_path: Path) -> None:
    with running(tmp_path / "home", "--no-demo", LANDBRIDGE_DATA=DATA) as stack:
        api = Api(stack.url, stack.account("olga", organization="operator", role="owner")["token"])
        wanted = {"banking77", "financial_phrasebank", "wnut17", "stsb_captions", "fashion_linear", "fsdd_digits"}
        deadline = time.monotonic() + 300
        while not wanted <= {task["name"] for task in api.get("/api/v1/tasks")["items"]}:
            assert time.monotonic() < deadline, stack.log("local-data")
            time.sleep(1)  # noqa: TID251 sealing goes on in another process
        while "finance" not in {suite["name"] for suite in api.get("/api/v1/suites")["items"]}:
            assert time.monotonic() < deadline, stack.log("local-data")
            time.sleep(1)  # noqa: TID251 as above
        asked = api.post(
            "/api/v1/evaluations", {"model": "plugins/tfidf-lr", "revision": "main", "suite": "finance"}, 202
        )
        assert api.until_ended(asked["id"], seconds=300)["state"] == "done"
        job = api.get(f"/api/v1/jobs/{asked['id']}")
        result = api.get(f"/api/v1/results/{job['result']['id']}")
        assert "financial_phrasebank" in str(result)
