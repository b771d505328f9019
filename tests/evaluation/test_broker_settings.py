"""How brokers are set up, so that the traps that were measured cannot bite (execution, section 4)."""

import os
from pathlib import Path

import pytest

from landbridge_evaluation.broker import CONTROL, CPU, GPU, Consumer, celery_settings, prune
from landbridge_evaluation.worker.app import make_app, queues_of

RABBITMQ, REDIS = "amqp://worker:secret@broker//", "redis://:secret@broker/0"


@pytest.mark.parametrize("url", ["memory://", "sqla+postgresql://u:secret@h/d", "sqs://", "kafka://x", ""])
def test_other_brokers_are_refused_with_a_remedy_and_without_the_password(url: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Use amqp://") as refused:
        celery_settings(url, tmp_path)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("url", [RABBITMQ, REDIS, "filesystem://"])
def test_no_message_is_held_while_a_job_runs_and_none_is_repeated(url: str, tmp_path: Path) -> None:
    made = celery_settings(url, tmp_path)
    assert (made["task_acks_late"], made["task_reject_on_worker_lost"], made["worker_prefetch_multiplier"]) == (
        False, False, 1,
    )  # fmt: skip
    assert made["accept_content"] == ["json"] and not made["task_publish_retry"]
    assert not made["worker_enable_remote_control"] and not made["worker_send_task_events"]


def test_rabbitmq_counts_deliveries_and_forgets_what_nobody_reads(tmp_path: Path) -> None:
    made = celery_settings(RABBITMQ, tmp_path)
    assert made["broker_transport_options"] == {"confirm_publish": True, "connect_timeout": 2}
    assert [queue.name for queue in made["task_queues"]] == [CONTROL, CPU, GPU]
    for queue in made["task_queues"]:
        assert queue.queue_arguments["x-queue-type"] == "quorum" and queue.queue_arguments["x-delivery-limit"] == 5
        assert queue.queue_arguments["x-message-ttl"] == 600_000 and not queue.no_declare
        assert queue.exchange.name == "", "nothing is bound, so nothing must be configured"


def test_a_worker_declares_nothing(tmp_path: Path) -> None:
    for queue in celery_settings(RABBITMQ, tmp_path, reads=(CPU, GPU))["task_queues"]:
        assert queue.no_declare
    assert not [step for step in Consumer.Blueprint.default_steps if "delayed" in str(step)]
    app = make_app(RABBITMQ, tmp_path, lambda _job: None, queues_of(["gpu", "gpu.80"]))
    assert [queue.name for queue in app.conf.task_queues] == [CPU, GPU]
    assert queues_of(["cpu"]) == (CPU,)


def test_redis_is_asked_with_time_limits(tmp_path: Path) -> None:
    options = celery_settings(REDIS, tmp_path)["broker_transport_options"]
    assert (options["socket_timeout"], options["socket_connect_timeout"]) == (3, 2)


def test_messages_that_nobody_reads_do_not_pile_up_in_the_folder(tmp_path: Path) -> None:
    celery_settings("filesystem://", tmp_path)
    unread, half, new = (tmp_path / "messages" / name for name in ("1.wake.gpu.msg", "2.wake.gpu.msg.tmp", "3.x.msg"))
    for path in (unread, half, new):
        path.write_text("{}")
    for path in (unread, half):
        os.utime(path, (0, 0))
    assert prune(tmp_path, older_s=3600) == 2
    assert [path.name for path in (tmp_path / "messages").iterdir()] == [new.name]
