"""The main job on PostgreSQL with RabbitMQ or Redis: two variables, the same code path."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.stack import built_model, running
from tests.walk import Api, submit

SERVER = "postgres://postgres@127.0.0.1:5432"
BROKERS = {"rabbitmq": "amqp://guest:guest@127.0.0.1:5672//", "redis": "redis://127.0.0.1:6379/9"}


def answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def database() -> Iterator[str]:
    """A database of this test's own."""
    if not answers(5432):
        pytest.skip("needs PostgreSQL on 127.0.0.1:5432")
    name = f"landbridge_walk_{os.getpid()}"
    with psycopg.connect(f"{SERVER}/postgres", autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name}")
        server.execute(f"CREATE DATABASE {name}")
        yield f"{SERVER}/{name}"
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.parametrize("broker", BROKERS)
def test_a_model_reaches_the_board(broker: str, database: str, tmp_path: Path) -> None:
    port = int(BROKERS[broker].split(":")[-1].split("/")[0])
    if not answers(port):
        pytest.skip(f"needs {broker} on 127.0.0.1:{port}")
    folder = built_model(tmp_path / "models", "ngram-lm-3")
    with running(tmp_path / "home", "--no-demo", DATABASE_URL=database, BROKER_URL=BROKERS[broker]) as stack:
        lab = stack.account("ada", organization="lumen", kind="lab", role="owner")
        done = submit(stack, lab["token"], "lumen/ngram", folder)
        job = Api(stack.url, lab["token"]).get(f"/api/v1/jobs/{done['job']['id']}")
        assert (job["state"], job["attempt"]) == ("done", 1), (job, stack.log("worker")[-2000:])
