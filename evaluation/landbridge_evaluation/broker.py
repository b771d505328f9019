"""One place that knows how Celery is set up, for the platform's app and the worker's alike.

Wake-ups may be lost or doubled, so the embedded broker is a folder: no service to install. Production names RabbitMQ
or Redis in ``BROKER_URL``.
"""

import json
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

from kombu.exceptions import ChannelError
from kombu.transport import TRANSPORT_ALIASES
from kombu.transport.filesystem import Channel as StockChannel
from kombu.transport.filesystem import Transport as StockTransport
from kombu.transport.virtual import BrokerState, Empty

REFUSED = ("sqla+", "memory://")
FILESYSTEM = "filesystem://"


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


TRANSPORT_ALIASES["filesystem"] = "landbridge_evaluation.broker:Transport"


def celery_settings(url: str, folder: Path) -> dict[str, Any]:
    """Celery's lower-case settings for ``url``; ``folder`` holds the messages of the embedded broker.

    Raises ``ValueError`` for a broker that loses more than wake-ups.
    """
    if url.startswith(REFUSED):
        raise ValueError(
            f"BROKER_URL {url} cannot carry wake-ups between processes. Use filesystem://, redis:// or amqp://."
        )
    return {
        "broker_url": url,
        "broker_transport_options": _transport_options(url, folder),
        "broker_connection_retry_on_startup": True,
        "task_ignore_result": True,
        "task_acks_late": False,
        "task_publish_retry": False,
        "worker_prefetch_multiplier": 1,
        "worker_enable_remote_control": False,
        "worker_send_task_events": False,
        "worker_hijack_root_logger": False,
        "accept_content": ["json"],
        "task_default_queue": "control",
    }


def prune(folder: Path, *, older_s: float) -> int:
    """Remove read messages of the embedded broker that are older than ``older_s``; how many that were."""
    limit, gone = time.time() - older_s, 0
    for path in (folder / "processed").glob("*.msg"):
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
    if url.startswith("redis"):
        return {"socket_timeout": 3, "socket_connect_timeout": 2}
    return {"confirm_publish": True, "connect_timeout": 2}
