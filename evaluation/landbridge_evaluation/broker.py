"""One place that knows how Celery is set up, for the platform's app and the worker's alike.

Wake-ups may be lost or doubled, so the embedded broker is a folder: no service to install. Production names RabbitMQ
or Redis in ``BROKER_URL``.
"""

import json
import time
import uuid
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, Final

from celery.worker.consumer import Consumer as StockConsumer
from kombu import Exchange, Queue
from kombu.exceptions import ChannelError
from kombu.transport import TRANSPORT_ALIASES
from kombu.transport.filesystem import Channel as StockChannel
from kombu.transport.filesystem import Transport as StockTransport
from kombu.transport.redis import Channel as StockRedisChannel
from kombu.transport.redis import Transport as StockRedisTransport
from kombu.transport.virtual import BrokerState, Empty

FILESYSTEM: Final = "filesystem://"
REDIS: Final = ("redis://", "rediss://")
RABBITMQ: Final = ("amqp://", "amqps://", "pyamqp://")
CONTROL, CPU, GPU = "control", "wake.cpu", "wake.gpu"
EXPIRES_S: Final = 600  # a wake-up that nobody read by then is sent again by the sweeper anyway
DELIVERIES: Final = 5  # of one message on RabbitMQ, whoever sets acknowledgement late one day
MOST: Final = 10_000  # messages of one queue on Redis, which forgets none by itself
CONFIRM_S: Final = 3.0  # how long a publisher waits for the broker's word


class Channel(StockChannel):
    """kombu's channel, but a reader never dies of a message that is still being written."""

    def _put(self, queue: str, payload: dict[str, Any], **_: object) -> None:  # type: ignore[override] # kombu's
        """A message appears under its name whole, so that no reader meets half of one."""
        name = f"{round(time.monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        path = Path(self.data_folder_out) / name
        aside = path.with_name(f"{name}.tmp")  # no reader takes this ending for a message
        try:
            aside.write_text(json.dumps(payload))
            aside.replace(path)
        except OSError as error:
            raise ChannelError(f"The message cannot be written to {path.parent}: {error}") from error

    def _get(self, queue: str, timeout: float | None = None) -> Any:  # noqa: ANN401, ARG002 kombu's signature
        try:
            return super()._get(queue)
        except (json.JSONDecodeError, ValueError, FileNotFoundError) as unfinished:
            raise Empty from unfinished


class Transport(StockTransport):
    """kombu's transport, with bindings known per folder.

    kombu remembers for the whole process what it has bound. A second folder would then get no bindings at all, and
    every message sent to it would be dropped.
    """

    Channel = Channel
    states: ClassVar[dict[str, BrokerState]] = {}

    def __init__(self, client: Any, **options: Any) -> None:  # noqa: ANN401 kombu's own types
        super().__init__(client, **options)
        folder = str((client.transport_options or {}).get("control_folder", ""))
        self.state = self.states.setdefault(folder, BrokerState())


class RedisChannel(StockRedisChannel):
    """kombu's channel, but a queue that nobody reads stays bounded: the newest wake-ups are kept."""

    def _put(self, queue: str, message: dict[str, Any], **options: Any) -> None:  # noqa: ANN401 kombu's signature
        super()._put(queue, message, **options)
        with self.conn_or_acquire() as client:
            client.ltrim(queue, 0, MOST - 1)


class RedisTransport(StockRedisTransport):
    Channel = RedisChannel


TRANSPORT_ALIASES["filesystem"] = "landbridge_evaluation.broker:Transport"
TRANSPORT_ALIASES["redis"] = TRANSPORT_ALIASES["rediss"] = "landbridge_evaluation.broker:RedisTransport"


class Consumer(StockConsumer):
    """Celery's consumer without delayed delivery: that declares exchanges, which a worker's account may not."""

    class Blueprint(StockConsumer.Blueprint):  # type: ignore[misc, valid-type] # celery-types knows it as a variable
        default_steps: ClassVar = [one for one in StockConsumer.Blueprint.default_steps if "delayed" not in str(one)]


def celery_settings(url: str, folder: Path, *, reads: Iterable[str] = ()) -> dict[str, Any]:
    """Celery's lower-case settings for ``url``; ``folder`` holds the messages of the embedded broker.

    ``reads``: the wake-up queues of a worker, which declares nothing; without, the platform's side, which declares all.
    Raises ``ValueError``, with the remedy, for a broker that loses more than wake-ups.
    """
    if not url.startswith((FILESYSTEM, *REDIS, *RABBITMQ)):
        scheme = url.partition("://")[0].partition("+")[0]  # the rest may hold a password
        raise ValueError(
            f"BROKER_URL: {scheme}:// cannot carry wake-ups between processes here. "
            "Use amqp:// (RabbitMQ), redis://, or filesystem:// on one host."
        )
    names, declares = tuple(reads), not tuple(reads)
    return {
        "broker_url": url,
        "broker_transport_options": _transport_options(url, folder),
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_connection_timeout": 2,
        "task_ignore_result": True,
        "task_acks_late": False,
        "task_reject_on_worker_lost": False,
        "task_publish_retry": False,
        "task_queues": tuple(queue(url, name, declares=declares) for name in names or (CONTROL, CPU, GPU)),
        "task_create_missing_queues": False,
        "task_default_queue": names[0] if names else CONTROL,
        "worker_prefetch_multiplier": 1,
        "worker_enable_remote_control": False,
        "worker_send_task_events": False,
        "worker_hijack_root_logger": False,
        "worker_consumer": "landbridge_evaluation.broker:Consumer",
        "accept_content": ["json"],
    }


def queue(url: str, name: str, *, declares: bool) -> Queue:
    """A queue on the default exchange: nothing is bound, so a worker's account needs the right to read, and no other.

    On RabbitMQ it is a quorum queue: only those count deliveries. Messages that nobody reads expire.
    """
    arguments = {}
    if url.startswith(RABBITMQ):
        arguments = {"x-queue-type": "quorum", "x-delivery-limit": DELIVERIES, "x-message-ttl": EXPIRES_S * 1000}
    return Queue(name, Exchange(""), routing_key=name, queue_arguments=arguments, no_declare=not declares)


def prune(folder: Path, *, older_s: float) -> int:
    """Remove messages of the embedded broker that were read, or that nobody read, before ``older_s``; how many."""
    limit, gone = time.time() - max(older_s, EXPIRES_S), 0
    for path in (*(folder / "processed").glob("*.msg"), *(folder / "messages").glob("*.msg*")):
        with suppress(FileNotFoundError):  # another sweeper was first
            if path.stat().st_mtime < limit:
                path.unlink()
                gone += 1
    return gone


def _transport_options(url: str, folder: Path) -> dict[str, Any]:
    if url.startswith(FILESYSTEM):
        messages, control, processed = (folder / name for name in ("messages", "control", "processed"))
        for path in (messages, control, processed):
            path.mkdir(parents=True, exist_ok=True)
        return {
            "data_folder_in": str(messages),
            "data_folder_out": str(messages),
            "control_folder": str(control),
            "processed_folder": str(processed),
            "store_processed": True,
            "polling_interval": 0.05,
        }
    if url.startswith(REDIS):
        return {"socket_timeout": 3, "socket_connect_timeout": 2, "socket_keepalive": True}
    return {"confirm_publish": True, "connect_timeout": 2}
