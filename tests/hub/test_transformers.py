"""``from_pretrained`` with nothing but HF_ENDPOINT and a token."""

import json
import os
import subprocess  # noqa: TID251 the environment is what is tested
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from pytest_django.live_server_helper import LiveServer

from landbridge.accounts.models import Organization, User
from landbridge_registry.models import Repo
from tests.hub.conftest import TokenMaker

pytestmark = pytest.mark.skipif(
    not (find_spec("torch") and find_spec("transformers")), reason="needs torch and transformers: make install"
)
ROUND_TRIP = """
import json, sys, torch
from transformers import AutoModel, BertConfig, BertModel
torch.manual_seed(0)
config = BertConfig(vocab_size=32, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16)
made = BertModel(config).eval()
made.push_to_hub("lumen/tiny-bert")
got = AutoModel.from_pretrained("lumen/tiny-bert").eval()
ids = torch.arange(8)[None]
same = torch.equal(made(ids).last_hidden_state, got(ids).last_hidden_state)
print(json.dumps({"same": same, "parameters": sum(p.numel() for p in got.parameters())}))
"""


def test_a_model_pushed_by_transformers_is_loaded_by_transformers(
    live_server: LiveServer, lumen: Organization, ada: User, token_of: TokenMaker, tmp_path: Path
) -> None:
    told = {
        "PATH": os.defpath,
        "HOME": str(tmp_path),
        "HF_ENDPOINT": live_server.url,
        "HF_TOKEN": token_of(ada),
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-c", ROUND_TRIP]
    done = subprocess.run(command, env=told, capture_output=True, text=True, timeout=180, check=False)  # noqa: S603 our own words
    assert done.returncode == 0, done.stderr[-3000:]
    said = json.loads(done.stdout.splitlines()[-1])
    repo = Repo.objects.get(name="tiny-bert")
    assert said["same"] and (repo.parameter_count, repo.config["model_type"]) == (said["parameters"], "bert")
    assert (repo.library, repo.pipeline_tag) == ("transformers", "feature-extraction")
