"""What workers send, read strictly into plain values. Sizes and lengths are bounded here, once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from rest_framework import serializers

from landbridge.evaluations.values import Chunk, Delivery, Registration

LOG: Final = 256 << 10
TEXT: Final = 2000
LABELS: Final = 500


class RegistrationSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=80, required=False, allow_blank=True, default="")
    instance = serializers.UUIDField()
    software = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    slots = serializers.IntegerField(min_value=1, max_value=64, default=1)
    labels = serializers.ListField(
        child=serializers.RegexField(r"^[a-z0-9][a-zA-Z0-9_.:-]{0,99}$"), max_length=LABELS, default=list
    )
    devices = serializers.ListField(child=serializers.DictField(), max_length=64, default=list)
    sandbox = serializers.DictField(default=dict)
    public_key = serializers.RegexField(r"^[0-9a-f]{64}$")


class LeaseSerializer(serializers.Serializer[Any]):
    job = serializers.CharField(max_length=26, allow_null=True, required=False, default=None)
    labels = serializers.ListField(child=serializers.CharField(max_length=100), max_length=LABELS, default=list)
    wait_s = serializers.FloatField(min_value=0, max_value=60, required=False, default=0)


class GpuSerializer(serializers.Serializer[Any]):
    uuid = serializers.CharField(max_length=80)
    used_percent = serializers.IntegerField(min_value=0, max_value=100)
    memory_used_mb = serializers.IntegerField(min_value=0)


class HeartbeatSerializer(serializers.Serializer[Any]):
    state = serializers.ChoiceField(choices=["leased", "running", "finalizing"])
    items_done = serializers.IntegerField(min_value=0, default=0)
    items_total = serializers.IntegerField(min_value=0, default=0)
    stage = serializers.CharField(max_length=120, allow_blank=True, default="")
    memory_mb = serializers.IntegerField(min_value=0, default=0)
    gpus = GpuSerializer(many=True, default=list)  # how busy they are, now and then


class LogSerializer(serializers.Serializer[Any]):
    offset = serializers.IntegerField(min_value=0)
    text = serializers.CharField(max_length=LOG, trim_whitespace=False, allow_blank=True)


class FaultSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(max_length=60)
    stage = serializers.CharField(max_length=60, allow_blank=True, default="")
    retryable = serializers.BooleanField(default=False)
    text = serializers.CharField(max_length=TEXT, allow_blank=True, default="", trim_whitespace=False)
    who = serializers.CharField(max_length=20, allow_blank=True, default="")


class ReleaseSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=200, allow_blank=True, default="")


class ShardSerializer(serializers.Serializer[Any]):
    index = serializers.IntegerField(min_value=0)
    sha256 = serializers.RegexField(r"^[0-9a-f]{64}$")


class ResultSerializer(serializers.Serializer[Any]):
    results = serializers.DictField()
    envelope = serializers.DictField()
    shards = ShardSerializer(many=True)
    log = LogSerializer(required=False, allow_null=True, default=None)


@dataclass(frozen=True, slots=True)
class Wish:
    job: str | None
    labels: tuple[str, ...]
    key: str
    wait_s: float


@dataclass(frozen=True, slots=True)
class Beat:
    state: str
    progress: dict[str, Any]
    gpus: list[dict[str, Any]]


def registration(body: object) -> Registration:
    read = _read(RegistrationSerializer, body)
    return Registration(
        instance=UUID(str(read["instance"])),
        software=read["software"],
        slots=read["slots"],
        labels=tuple(read["labels"]),
        devices=read["devices"],
        sandbox=read["sandbox"],
        public_key=read["public_key"],
    )


def lease_wish(body: object, key: str) -> Wish:
    read = _read(LeaseSerializer, body)
    if not 1 <= len(key) <= 128 or not key.isascii() or not key.isprintable():  # noqa: PLR2004 the column
        raise serializers.ValidationError({"Idempotency-Key": "Send 1 to 128 printable characters, new for each wish."})
    return Wish(read["job"], tuple(read["labels"]), key, float(read["wait_s"]))


def heartbeat(body: object) -> Beat:
    read = dict(_read(HeartbeatSerializer, body))
    gpus = [dict(one) for one in read.pop("gpus")][:64]
    return Beat(str(read.pop("state")), read, gpus)


def log_chunk(body: object) -> Chunk:
    read = _read(LogSerializer, body)
    return Chunk(read["offset"], read["text"])


def fault(body: object) -> dict[str, Any]:
    return dict(_read(FaultSerializer, body))


def release(body: object) -> str:
    return str(_read(ReleaseSerializer, body)["reason"])


def delivery(body: object) -> Delivery:
    read = _read(ResultSerializer, body)
    shards = [dict(one) for one in read["shards"]]
    log = Chunk(**read["log"]) if read["log"] else None
    return Delivery(results=read["results"], envelope=read["envelope"], shards=shards, log=log)


def _read(kind: type[serializers.Serializer[Any]], body: object) -> Mapping[str, Any]:
    wanted = kind(data=body)
    wanted.is_valid(raise_exception=True)
    read: Mapping[str, Any] = wanted.validated_data
    return read
