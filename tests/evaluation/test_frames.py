"""The strict parser: a shard's answers are taken all or not at all."""

import base64
import json
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landbridge_evaluation.errors import PluginFault
from landbridge_evaluation.frames import BadFrame, ShardReader, parse, rule_for
from landbridge_evaluation.planning import Route
from landbridge_plugins import Kind


def reader(kind: Kind = Kind.CLASSIFY, items: tuple[Any, ...] = ("a", "b"), route: Route = Route.NATIVE) -> ShardReader:
    return ShardReader(4, items, rule_for(kind, route, 2))


def frame(item: object, value: object) -> bytes:
    return json.dumps({"k": "p", "i": item, "v": value}).encode()


def vector(*numbers: float) -> str:
    return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


def test_a_whole_shard_is_taken() -> None:
    shard = reader()
    for line in (
        frame(1, [0.5, -1]),
        b'{"k":"m","n":4,"v":{"tokens":7,"text":"no"}}',
        frame(0, [1, 2]),
        b'{"k":"s","n":4}',
    ):
        shard.take(line)
    assert shard.done and shard.values == {0: [1.0, 2.0], 1: [0.5, -1.0]} and shard.counters == {"tokens": 7}


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b"7",
        b"{",
        b"\xff\xfe",
        b'{"k":"x"}',
        b'{"k":["p"]}',
        b'{"k":"p","i":0}',
        b'{"k":"p","i":0,"v":[0,0],"z":1}',
        b'{"k":"p","i":0,"i":1,"v":[0,0]}',
        b'{"k":"p","i":0,"v":[0,0]}{"k":"p","i":1,"v":[0,0]}',
        b'{"k":"p","i":true,"v":[0,0]}',
        b'{"k":"p","i":0.0,"v":[0,0]}',
        b'{"k":"p","i":-1,"v":[0,0]}',
        b'{"k":"p","i":2,"v":[0,0]}',
        b'{"k":"p","i":"0","v":[0,0]}',
        b'{"k":"p","i":0,"v":[NaN,0]}',
        b'{"k":"p","i":0,"v":[Infinity,0]}',
        b'{"k":"p","i":0,"v":[1e999,0]}',
        b'{"k":"p","i":0,"v":[true,0]}',
        b'{"k":"p","i":0,"v":[0]}',
        b'{"k":"p","i":0,"v":[0,0,0]}',
        b'{"k":"p","i":0,"v":"0,0"}',
        b'{"k":"p","i":0,"v":[[0],0]}',
        b'{"k":"p","i":0,"v":[0.' + b"1" * 40 + b",0]}",
        b'{"k":"p","i":0,"v":' + b"[" * 100_000,
        b'{"k":"p","i":0,"v":[0,0]' + b" " * 200_000 + b"}",
        b'{"k":"s","n":3}',
        b'{"k":"s","n":true}',
        b'{"k":"s","n":4}',
        b'{"k":"r"}',
    ],
)
def test_a_line_that_is_no_answer_ends_the_shard(line: bytes) -> None:
    shard = reader()
    with pytest.raises(BadFrame):
        shard.take(line)
    assert not shard.done and not shard.values


def test_an_item_is_answered_once() -> None:
    shard = reader()
    shard.take(frame(0, [0, 0]))
    with pytest.raises(BadFrame, match="two answers"):
        shard.take(frame(0, [0, 0]))


def test_the_childs_own_fault_is_passed_on_without_control_characters() -> None:
    with pytest.raises(PluginFault) as caught:
        reader().take(json.dumps({"k": "f", "code": "too_long", "text": "bad \x1b[31mred"}).encode())
    assert caught.value.kind == "too_long" and "\x1b" not in str(caught.value)


@pytest.mark.parametrize("code", ["my_code", "no_isolation", "child_killed", "content_changed", "stopped", ["wall"], 7])
def test_a_child_cannot_say_that_others_must_act(code: object) -> None:
    with pytest.raises(PluginFault) as caught:
        reader().take(json.dumps({"k": "f", "code": code, "text": "not me"}).encode())
    assert caught.value.kind == "plugin_fault" and caught.value.who == "lab" and not caught.value.retryable


def test_a_text_ends_at_the_first_stop_string_whatever_the_child_did() -> None:
    shard = ShardReader(0, ("t",), rule_for(Kind.GENERATE, Route.NATIVE, 0, ("\n\n", "END")))
    shard.take(frame(0, "an answer END and more\n\nand more"))
    assert shard.values == {0: "an answer "}


def test_vectors_of_one_task_have_one_width() -> None:
    rule = rule_for(Kind.EMBED, Route.NATIVE, 0)
    first, second = ShardReader(0, ("a", "b"), rule), ShardReader(1, ("c",), rule)
    first.take(frame(0, vector(1.0, 2.0)))
    with pytest.raises(BadFrame, match="3 numbers after one of 2"):
        first.take(frame(1, vector(1.0, 2.0, 3.0)))
    with pytest.raises(BadFrame, match="1 numbers after one of 2"):
        second.take(frame(0, vector(1.0)))


def test_a_metering_frame_of_another_shard_or_with_odd_names_is_no_way_out() -> None:
    shard = reader()
    with pytest.raises(BadFrame, match="of shard 5 inside shard 4"):
        shard.take(b'{"k":"m","n":5,"v":{}}')
    with pytest.raises(BadFrame):
        shard.take(b'{"k":"m","n":4,"v":{"\\udc80":1}}')
    many = {f"counter{number}": number for number in range(1000)}
    shard.take(json.dumps({"k": "m", "n": 4, "v": {**many, "bad\x1b": 1}}).encode())
    assert len(shard.counters) == 64 and "bad\x1b" not in shard.counters


GOOD: list[tuple[Kind, Route, Any, Any]] = [
    (Kind.LOGLIKELIHOOD, Route.NATIVE, ["c", "d"], [-1.5, 1, 3]),
    (Kind.ROLLING, Route.NATIVE, "t", [-1.5, 3]),
    (Kind.GENERATE, Route.NATIVE, "t", "text\n\twith 中文"),
    (Kind.EMBED, Route.NATIVE, "t", vector(1.0, 2.0)),
    (Kind.CLASSIFY, Route.HEAD, "t", vector(1.0, 2.0)),
    (Kind.TAG, Route.HEAD, ["a", "b"], vector(1.0, 2.0, 3.0, 4.0)),
    (Kind.TAG, Route.NATIVE, ["a", "b"], [0, 1]),
    (Kind.EXTRACT_SPAN, Route.NATIVE, ["q", "context"], [0, 7, 0.5]),
    (Kind.EXTRACT_SPAN, Route.NATIVE, ["q", "context"], [-1, -1, 0]),
    (Kind.RANK, Route.NATIVE, {"query": "q", "candidates": [1, 2, 3]}, [0.1, 2, 3]),
]
BAD: list[tuple[Kind, Route, Any, Any]] = [
    (Kind.LOGLIKELIHOOD, Route.NATIVE, ["c", "d"], [0.1, 1, 3]),
    (Kind.LOGLIKELIHOOD, Route.NATIVE, ["c", "d"], [-1.5, True, 3]),
    (Kind.LOGLIKELIHOOD, Route.NATIVE, ["c", "d"], [-1.5, 2, 3]),
    (Kind.LOGLIKELIHOOD, Route.NATIVE, ["c", "d"], [-1.5, 1, 0]),
    (Kind.ROLLING, Route.NATIVE, "t", [-1.5]),
    (Kind.GENERATE, Route.NATIVE, "t", "a\x1b[31m"),
    (Kind.GENERATE, Route.NATIVE, "t", "a\x9b31m"),
    (Kind.TRANSCRIBE, Route.NATIVE, "t", "a\x00"),
    (Kind.GENERATE, Route.NATIVE, "t", "a" * 8193),
    (Kind.GENERATE, Route.NATIVE, "t", ["text"]),
    (Kind.EMBED, Route.NATIVE, "t", vector(1.0, float("nan"))),
    (Kind.EMBED, Route.NATIVE, "t", "AAAA="),
    (Kind.EMBED, Route.NATIVE, "t", ""),
    (Kind.EMBED, Route.NATIVE, "t", vector(*[0.0] * 8193)),
    (Kind.TAG, Route.HEAD, ["a", "b"], vector(1.0, 2.0, 3.0)),
    (Kind.TAG, Route.NATIVE, ["a", "b"], [0]),
    (Kind.TAG, Route.NATIVE, ["a", "b"], [0, 2]),
    (Kind.EXTRACT_SPAN, Route.NATIVE, ["q", "context"], [0, 8, 0.5]),
    (Kind.EXTRACT_SPAN, Route.NATIVE, ["q", "context"], [3, 2, 0.5]),
    (Kind.EXTRACT_SPAN, Route.NATIVE, ["q", "context"], [-1, 2, 0.5]),
    (Kind.RANK, Route.NATIVE, {"query": "q", "candidates": [1, 2, 3]}, [0.1, 2]),
]


@pytest.mark.parametrize(("kind", "route", "item", "value"), GOOD)
def test_a_value_of_its_kind_is_taken(kind: Kind, route: Route, item: object, value: object) -> None:
    shard = reader(kind, (item,), route)
    shard.take(frame(0, value))
    assert shard.values == {0: value}


@pytest.mark.parametrize(("kind", "route", "item", "value"), BAD)
def test_a_value_that_its_kind_cannot_have_is_refused(kind: Kind, route: Route, item: object, value: object) -> None:
    with pytest.raises(BadFrame):
        reader(kind, (item,), route).take(frame(0, value))


def test_half_of_a_surrogate_pair_is_refused() -> None:
    with pytest.raises(BadFrame, match="surrogate"):
        reader(Kind.GENERATE, ("t",)).take(b'{"k":"p","i":0,"v":"\\ud800"}')


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_a_bad_frame(line: bytes) -> None:
    try:
        parse(line)
    except BadFrame:
        return
