"""The worker's parts, each by itself: deadlines, logs, repeats, the broker's folder."""

import json
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from kombu import Connection
from kombu.transport.virtual import Empty

from landbridge_evaluation.broker import celery_settings, prune
from landbridge_evaluation.errors import ContentChanged
from landbridge_evaluation.jobspec import DataRef
from landbridge_evaluation.worker import clock, statement
from landbridge_evaluation.worker.api import AttemptApi, Refused, Unreachable, WorkerApi
from landbridge_evaluation.worker.cache import checked
from landbridge_evaluation.worker.clock import Deadline
from landbridge_evaluation.worker.logs import LogSender
from landbridge_evaluation.worker.process import load_key, model_labels
from landbridge_evaluation.worker.shards import RemoteStore
from landbridge_evaluation.worker.signals import DRAIN, FENCED, LEASE_LOST, Drain, Stop


def test_a_lease_lasts_from_when_it_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([100.0, 100.0, 108.0, 112.0])
    monkeypatch.setattr(clock, "now", lambda: next(times))
    deadline = Deadline.after(10)
    deadline.extend(sent=100.0, seconds=10)
    assert deadline.left == 10 and not deadline.passed and deadline.passed


def test_an_answer_that_grants_less_never_shortens_what_was_granted() -> None:
    deadline = Deadline(50.0)
    deadline.extend(sent=30.0, seconds=10)
    assert deadline.at == 50.0


def test_the_first_reason_to_stop_stands() -> None:
    stop = Stop(Deadline.after(60), Drain())
    assert stop.reason() is None
    stop.tell(FENCED)
    stop.tell(DRAIN)
    assert stop.reason() == FENCED


def test_a_lease_that_ran_out_stops_the_attempt_though_nobody_said_so() -> None:
    assert Stop(Deadline.after(-1), Drain()).reason() == LEASE_LOST


def test_a_drain_stops_only_after_its_grace() -> None:
    drain = Drain()
    stop = Stop(Deadline.after(60), drain)
    drain.start(60)
    assert stop.draining and stop.reason() is None
    drain.deadline = Deadline.after(-1)
    assert stop.reason() == DRAIN


class Handler(BaseHTTPRequestHandler):
    """Answers from a list, one a request; remembers what was asked."""

    answers: ClassVar[list[tuple[int, dict[str, Any], dict[str, str]]]] = []
    asked: ClassVar[list[tuple[str, str, bytes]]] = []

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.asked.append((self.command, self.path, body))
        status, said, headers = self.answers.pop(0)
        if status == 0:  # the answer is lost on its way
            self.close_connection = True
            return
        text = json.dumps(said).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(text)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = answer  # noqa: N815 the base class's names

    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextmanager
def server(*answers: tuple[int, dict[str, Any]] | tuple[int, dict[str, Any], dict[str, str]]) -> Iterator[WorkerApi]:
    Handler.answers[:] = [(one[0], one[1], one[2] if len(one) > 2 else {}) for one in answers]
    Handler.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as serving:
        thread = threading.Thread(target=serving.serve_forever, daemon=True)
        thread.start()
        api = WorkerApi(f"http://127.0.0.1:{serving.server_port}", "lb_x", "i-1")
        try:
            yield api
        finally:
            api.close()
            serving.shutdown()
            thread.join()


def test_a_lost_answer_is_asked_for_again_under_the_same_key() -> None:
    with server((0, {}), (200, {"job": "j"})) as api:
        assert api.lease(None, "key-1") == {"job": "j"}
    assert len(Handler.asked) == 2


def test_a_busy_platform_is_asked_again_a_refusing_one_is_not() -> None:
    with server((503, {}, {"Retry-After": "0"}), (429, {}), (409, {"code": "fenced", "detail": "over"})) as api:
        with pytest.raises(Refused) as refusal:
            AttemptApi(api, "j", 1, Deadline.after(20)).release("drain")
        assert refusal.value.lost and str(refusal.value) == "over"
    assert len(Handler.asked) == 3


def test_past_the_lease_nothing_is_repeated() -> None:
    with server((503, {})) as api, pytest.raises(Unreachable):
        AttemptApi(api, "j", 1, Deadline.after(0)).status()
    assert len(Handler.asked) == 1


def test_a_heartbeat_is_tried_once_and_extends_the_lease_from_its_sending() -> None:
    with server((200, {"lease_s": 41, "directive": "continue"})) as api:
        lease = Deadline.after(1)
        AttemptApi(api, "j", 1, lease).heartbeat({"state": "running"})
        assert 39 < lease.left <= 41


def test_logs_lose_no_byte_over_gaps_and_lost_answers(tmp_path: Path) -> None:
    """The platform says where to go on from; what it has not taken is sent again."""
    answers: list[tuple[int, dict[str, Any]]] = [
        (200, {"next": 8}),
        (0, {}),
        (409, {"code": "gap", "next": 8}),
        (200, {"next": 14}),
    ]
    with server(*answers) as api:
        logs = LogSender(tmp_path / "log", AttemptApi(api, "j", 1, Deadline.after(20)))
        logs.write("grüße\n".encode())
        logs.send()
        logs.write(b"later\n")
        logs.send()
        assert logs.next == 8, "a gap: it goes on from there with the next beat"
        logs.send()
        logs.close()
    sent = [json.loads(body) for _, _, body in Handler.asked]
    assert [one["offset"] for one in sent] == [0, 8, 8, 8]
    assert sent[0]["text"] + sent[-1]["text"] == "grüße\nlater\n"


def test_a_chunk_never_holds_half_a_character(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("landbridge_evaluation.worker.logs.CHUNK", 5)
    with server((200, {"next": 4}), (200, {"next": 9})) as api:
        logs = LogSender(tmp_path / "log", AttemptApi(api, "j", 1, Deadline.after(20)))
        logs.write("üüüü\n".encode())
        logs.send()
        logs.close()
    assert "".join(json.loads(body)["text"] for _, _, body in Handler.asked) == "üüüü\n"


def test_terminal_controls_of_a_model_are_shown_not_obeyed(tmp_path: Path) -> None:
    with server((200, {"next": 100})) as api:
        logs = LogSender(tmp_path / "log", AttemptApi(api, "j", 1, Deadline.after(20)))
        logs.write(b"\x1b[2J\x00\xff done\n")
        logs.send()
        logs.close()
    text = json.loads(Handler.asked[0][2])["text"]
    assert "\x1b" not in text and "\x00" not in text and text.endswith(" done\n")


def test_a_shard_that_came_back_changed_is_not_used(tmp_path: Path) -> None:
    said = {"missing": [], "log_next": 0, "shards": [{"index": 0, "sha256": "0" * 64}]}
    with server((200, said), (200, {"not": "the shard"})) as api:
        store = RemoteStore(AttemptApi(api, "j", 2, Deadline.after(20)), tmp_path, Stop(Deadline.after(20), Drain()))
        with pytest.raises(ContentChanged):
            store.get(0)


def test_a_cached_folder_that_cannot_be_read_is_not_good(tmp_path: Path) -> None:
    assert not checked(tmp_path / "none", lambda folder: bool(list(folder.iterdir())))


def test_a_workers_key_is_its_own_and_stays(tmp_path: Path) -> None:
    first, again = load_key(tmp_path / "key.pem"), load_key(tmp_path / "key.pem")
    assert first.keyid == again.keyid
    assert (tmp_path / "key.pem").stat().st_mode & 0o077 == 0


def test_a_worker_says_which_models_it_can_load() -> None:
    assert {"model:majority", "model:tfidf-lr"} <= model_labels()


def test_a_burst_of_messages_kills_no_reader(tmp_path: Path) -> None:
    """The stock transport dies of a message that is still empty when a reader meets it."""
    settings = celery_settings("filesystem://", tmp_path)
    options, count, taken = settings["broker_transport_options"], 150, list[int]()
    ended = threading.Event()

    def write(start: int) -> None:
        with Connection("filesystem://localhost", transport_options=options) as connection:
            queue = connection.SimpleQueue("wake.cpu")
            for number in range(start, start + count):
                queue.put({"n": number})
            queue.close()

    def read() -> None:
        with Connection("filesystem://localhost", transport_options=options) as connection:
            channel: Any = connection.channel()
            while not ended.is_set():
                with suppress(Empty):
                    channel._get("wake.cpu")
                    taken.append(1)

    with Connection("filesystem://localhost", transport_options=options) as connection:
        connection.SimpleQueue("wake.cpu").close()  # bound once, before writers race to bind
    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(read) for _ in range(2)]
        list(pool.map(write, (0, count)))
        for _ in range(1500):  # half a minute at most
            if not any((tmp_path / "messages").glob("*.msg")):
                break
            ended.wait(0.02)
        ended.set()
        for reader in readers:
            reader.result()
    assert len(taken) == 2 * count
    assert not list((tmp_path / "messages").glob("*.tmp"))


@pytest.mark.parametrize("url", ["memory://", "sqla+sqlite:///x"])
def test_a_broker_that_loses_more_than_wake_ups_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="BROKER_URL"):
        celery_settings(url, tmp_path)


def test_read_messages_of_the_folder_broker_do_not_pile_up(tmp_path: Path) -> None:
    celery_settings("filesystem://", tmp_path)
    old, new = (tmp_path / "processed" / f"{age}.wake.cpu.msg" for age in ("old", "new"))
    for path in (old, new):
        path.write_text("{}")
    os.utime(old, (0, 0))
    assert prune(tmp_path, older_s=3600) == 1
    assert (old.exists(), new.exists()) == (False, True)
    assert prune(tmp_path / "absent", older_s=3600) == 0


@pytest.mark.parametrize("found", [{"unpinned": True}, {"dataset": {"unpinned": True}}, {"limited": True}])
def test_the_statement_says_why_a_number_does_not_rank(found: dict[str, Any]) -> None:
    flag = "limited" if "limited" in found else "unpinned"
    data = DataRef(repo="lumen/words", revision="1" * 40, digest="2" * 64, labels_digest="3" * 64, tasks=("words",))
    said = statement.task({"name": "words", "digest": "4" * 64, "split": "test", "data": data}, {"n": 3, **found})
    assert [said[name] for name in statement.FLAGS] == [name == flag for name in statement.FLAGS]
    assert said["n"] == 3
