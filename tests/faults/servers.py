"""PostgreSQL, RabbitMQ and Redis of a test's own, on free ports, so that they may be killed and frozen."""

import base64
import hashlib
import json
import os
import pwd
import shutil
import socket
import subprocess  # noqa: TID251 servers are started and killed here
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.faults.parts import Keeper, Part, wait_until
from tests.stack import ROOT, environment_of

POSTGRESQL = "postgres://postgres@127.0.0.1:5432"
SHARED = os.defpath + ":/usr/local/bin:/usr/sbin:/sbin"


READER = "worker"  # an account with the rights that docs/operator.md gives to workers


def hashed(password: str) -> str:
    salt = b"salt"
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


DEFINITIONS = {
    "vhosts": [{"name": "/"}],
    "users": [
        {"name": "guest", "password_hash": hashed("guest"), "tags": "administrator"},
        {"name": READER, "password_hash": hashed(READER), "tags": ""},
    ],
    "permissions": [
        {"user": "guest", "vhost": "/", "configure": ".*", "write": ".*", "read": ".*"},
        {"user": READER, "vhost": "/", "configure": "^$", "write": "^$", "read": r"^wake\..*$"},
    ],
}


def migrate(home: Path, **extra: str) -> None:
    home.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "manage.py", "migrate", "-v0"]
    subprocess.run(command, cwd=ROOT, env=environment_of(home, **extra), check=True, timeout=300)  # noqa: S603 our own words


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int, host: str = "127.0.0.1") -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


def program(*names: str) -> str:
    """The first that is installed. Skips the test, saying what is missing."""
    for name in names:
        found = shutil.which(name, path=f"{SHARED}:/usr/lib/rabbitmq/bin") or next(
            (str(one) for one in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)), None
        )
        if found:
            return found
    pytest.skip(f"needs {names[0]}, which is not installed here")


@contextmanager
def folder(owner: str = "") -> Iterator[Path]:
    """A folder for a server that does not run as root."""
    place = Path(tempfile.mkdtemp(prefix="landbridge-server-"))
    if os.getuid() == 0 and owner:
        shutil.chown(place, owner, owner)
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def as_user(owner: str) -> list[str]:
    """The words before a command that root may not run as itself."""
    if os.getuid() != 0:
        return []
    try:
        who = pwd.getpwnam(owner)
    except KeyError:
        pytest.skip(f"started by root, this server needs the user {owner}")
    return [program("setpriv"), f"--reuid={who.pw_uid}", f"--regid={who.pw_gid}", "--clear-groups", "--"]


@contextmanager
def redis(keeper: Keeper, log: Path) -> Iterator[str]:
    port = free_port()
    command = [program("redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with folder() as place:
        part = Part(
            "broker", [*command, "--dir", str(place)], {"PATH": SHARED}, log, "redis-server", lambda: answers(port)
        )
        keeper.add(part)
        wait_until(part.answers, "Redis")
        yield f"redis://127.0.0.1:{port}/0"
        part.stop()


@contextmanager
def rabbitmq(keeper: Keeper, log: Path, consumer_timeout_ms: int = 1_800_000) -> Iterator[str]:
    """A node of its own name, ports, data and port mapper. The process that counts is ``beam.smp``."""
    port, distribution, mapper = free_port(), free_port(), free_port()
    binary = program("/usr/lib/rabbitmq/bin/rabbitmq-server", "rabbitmq-server")  # Debian wraps the latter for root
    user = as_user("rabbitmq")
    with folder("rabbitmq") as place:
        conf = place / "node.conf"
        definitions = place / "definitions.json"
        definitions.write_text(json.dumps(DEFINITIONS))
        conf.write_text(f"listeners.tcp.1 = 127.0.0.1:{port}\nload_definitions = {definitions}\n")
        ticks = place / "advanced.config"  # held messages are looked for at each tick of a channel, by default 60 s
        ticks.write_text(
            f"[{{rabbit, [{{consumer_timeout, {consumer_timeout_ms}}}, {{channel_tick_interval, 1000}}]}}].\n"
        )
        (place / "env.conf").write_text("")
        (place / "plugins").write_text("[].\n")
        cookie = place / ".erlang.cookie"
        cookie.write_text("LANDBRIDGETESTS")
        cookie.chmod(0o400)
        if os.getuid() == 0:
            for path in place.iterdir():
                shutil.chown(path, "rabbitmq", "rabbitmq")
        environment = {
            "PATH": SHARED, "HOME": str(place), "LANG": "C.UTF-8",
            "RABBITMQ_NODENAME": f"landbridge{port}@localhost",
            "RABBITMQ_MNESIA_BASE": str(place / "mnesia"), "RABBITMQ_LOG_BASE": str(place / "log"),
            "RABBITMQ_CONFIG_FILE": str(conf), "RABBITMQ_ADVANCED_CONFIG_FILE": str(ticks),
            "RABBITMQ_CONF_ENV_FILE": str(place / "env.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(place / "plugins"), "RABBITMQ_PID_FILE": str(place / "pid"),
            "RABBITMQ_DIST_PORT": str(distribution), "ERL_EPMD_PORT": str(mapper), "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+sbwt none +sbwtdcpu none +sbwtdio none",
            "ERL_FLAGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }  # fmt: skip
        epmd = Part("epmd", [*user, program("epmd")], environment, log.with_name("epmd.log"))
        keeper.add(epmd)
        wait_until(lambda: answers(mapper), "the port mapper")  # else the node starts one that outlives it
        part = Part("broker", [*user, binary], environment, log, "beam.smp", lambda: answers(port))
        keeper.add(part)
        wait_until(part.answers, f"RabbitMQ; its log is {log}")
        yield f"amqp://guest:guest@127.0.0.1:{port}//"
        part.stop()
        epmd.stop()


@contextmanager
def postgresql(keeper: Keeper, log: Path) -> Iterator[str]:
    """A cluster of its own."""
    port, user = free_port(), as_user("postgres")
    initdb, server = program("initdb"), program("postgres")
    with folder("postgres") as place:
        data = place / "data"
        subprocess.run(  # noqa: S603 our own words
            [*user, initdb, "--no-sync", "-A", "trust", "-U", "postgres", "-D", str(data)],
            check=True, stdout=subprocess.DEVNULL, cwd=place,
        )  # fmt: skip
        command = [
            *user,
            *(server, "-D", str(data), "-p", str(port), "-k", str(place), "-c", "listen_addresses=127.0.0.1"),
        ]
        part = Part("database", command, {"PATH": SHARED}, log, "postgres", lambda: up(port))
        keeper.add(part)
        wait_until(part.answers, "PostgreSQL")
        yield f"postgres://postgres@127.0.0.1:{port}/postgres"
        part.stop()


def up(port: int) -> bool:
    try:
        psycopg.connect(f"postgres://postgres@127.0.0.1:{port}/postgres", connect_timeout=1).close()
    except psycopg.Error:
        return False
    return True


@contextmanager
def database(template: str = "") -> Iterator[str]:
    """A database of its own on the running server, which no test may kill."""
    if not answers(5432):
        pytest.skip("needs PostgreSQL on 127.0.0.1:5432")
    name = f"landbridge_faults_{os.getpid()}_{time.monotonic_ns()}"
    with psycopg.connect(f"{POSTGRESQL}/postgres", autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else ""))
        try:
            yield f"{POSTGRESQL}/{name}"
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")
