"""What may leave the child, parsed strictly: a shard's answers are taken all or not at all."""

import base64
import binascii
import json
import math
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from landbridge_evaluation.errors import PluginFault
from landbridge_evaluation.planning import Route
from landbridge_plugins import Kind

DIGITS = 32  # of one number
WIDTH = 8192  # of one vector
FARTHEST = 1e15  # of its numbers, and of a log-probability: squares and sums of these are still numbers
TEXT = 8192  # characters of one generated text
CONTROL_CAP = 1 << 16  # bytes of a line that carries no prediction
FRAMES: Mapping[str, frozenset[str]] = {
    "p": frozenset("kiv"),
    "s": frozenset("kn"),
    "m": frozenset("knv"),
    "r": frozenset("kv"),
    "f": frozenset({"k", "code", "text"}),
}
OPTIONAL = {"r": frozenset("v")}
COUNTERS, COUNTED = 64, 2**53  # of one shard, and how far each
FACTS, FACT = 40, 200  # that a child says of itself, and how many characters each may have
OWN_CODES = frozenset({  # what a child may say of itself; all else is ours to say: the code decides who must act
    "plugin_fault", "model_not_loaded", "memory", "out_of_memory", "device_missing", "empty_continuation", "empty_text",
    "kind_missing", "labels_differ", "no_plugin", "no_prefix", "no_protocol", "not_adapted", "not_finite", "too_long",
    "wrong_count", "wrong_shape",
})  # fmt: skip
Check = Callable[[Any, Any], Any]  # (item, value) to the value as it is kept


class BadFrame(PluginFault):
    """The child wrote something that is no answer."""

    code = "bad_frames"


def refuse(text: str) -> NoReturn:
    raise BadFrame(f"The model's process wrote {text}.")


def unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        refuse("an object with a doubled key")
    return made


def number(text: str, kind: Callable[[str], Any]) -> Any:  # noqa: ANN401 int or float
    if len(text) > DIGITS:
        refuse(f"a number of {len(text)} characters")
    value = kind(text)
    if not math.isfinite(value):
        refuse(f"a number that is too large: {text}")
    return value


def parse(line: bytes) -> dict[str, Any]:
    """One frame, with the keys of its kind and no others."""
    try:
        frame = json.loads(
            line.decode(),
            object_pairs_hook=unique,
            parse_int=lambda text: number(text, int),
            parse_float=lambda text: number(text, float),
            parse_constant=refuse,
        )
        if b"\\u" in line:
            json.dumps(frame, ensure_ascii=False).encode()  # half of a surrogate pair fails here
    except UnicodeEncodeError as error:
        raise BadFrame("The model's process wrote half of a surrogate pair.") from error
    except (ValueError, RecursionError) as error:
        raise BadFrame(f"The model's process wrote a line that is no JSON: {type(error).__name__}.") from error
    kind = frame.get("k") if isinstance(frame, dict) else None
    if not isinstance(kind, str) or kind not in FRAMES:
        refuse("a frame of no known kind")
    missing, surplus = FRAMES[kind] - OPTIONAL.get(kind, frozenset()) - frame.keys(), frame.keys() - FRAMES[kind]
    if missing or surplus:
        refuse(f'a "{kind}" frame with wrong keys: {", ".join(sorted(missing | surplus))}')
    return frame  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Rule:
    """How long a line may be, and what a value must look like."""

    cap: int
    check: Check


class ShardReader:
    """Collects the answers of one shard. ``done`` once its end is marked and each item was answered exactly once."""

    def __init__(self, index: int, items: Sequence[Any], rule: Rule) -> None:
        self.index, self.items, self.rule = index, items, rule
        self.values: dict[int, Any] = {}
        self.counters: dict[str, float] = {}
        self.done = False

    def take(self, line: bytes) -> None:
        """Raises ``BadFrame`` (or the fault that the child reports) and takes nothing else of the shard."""
        if len(line) > self.rule.cap:
            refuse(f"a line of {len(line)} bytes")
        frame = parse(line)
        match frame["k"]:
            case "p":
                self.prediction(frame["i"], frame["v"])
            case "s":
                self.end(frame["n"])
            case "m":
                self.shard(frame["n"])
                self.counters = dict(list({**self.counters, **informative(frame["v"])}.items())[:COUNTERS])
            case "f":
                raise reported(frame)
            case _:
                refuse('an "r" frame inside a shard')

    def prediction(self, item: object, value: object) -> None:
        if isinstance(item, bool) or not isinstance(item, int) or not 0 <= item < len(self.items):
            refuse(f"an answer to an item that was not asked: {str(item)[:40]}")
        if item in self.values:
            refuse(f"two answers to item {item}")
        self.values[item] = self.rule.check(self.items[item], value)

    def shard(self, index: object) -> None:
        if isinstance(index, bool) or not isinstance(index, int) or index != self.index:
            refuse(f"of shard {str(index)[:40]} inside shard {self.index}")

    def end(self, index: object) -> None:
        self.shard(index)
        if len(self.values) != len(self.items):
            refuse(f"{len(self.values)} answers to {len(self.items)} items")
        self.done = True


def reported(frame: Mapping[str, Any]) -> PluginFault:
    """The child's own account of what went wrong: for the lab to read, cut to a length."""
    code, known = frame["code"], isinstance(frame["code"], str) and frame["code"] in OWN_CODES
    return PluginFault(printable(str(frame["text"])[:2000]), code=code if known else PluginFault.code)


def printable(text: str) -> str:
    """Without the control characters that could talk to a terminal."""
    return "".join(one if one.isprintable() or one in "\n\t" else "\ufffd" for one in text)


def informative(value: object) -> dict[str, float]:
    """Counters of a metering frame: numbers under short names, else nothing. Never trusted."""
    if not isinstance(value, dict):
        return {}
    named = {key: one for key, one in value.items() if len(key) <= TEXT // 256 and key.isprintable() and finite(one)}
    return {key: one for key, one in list(named.items())[:COUNTERS] if abs(one) <= COUNTED}


def flat(value: object) -> dict[str, Any]:
    """What a child says of itself, as results may hold it: short printable texts and numbers. Never trusted."""
    if not isinstance(value, dict):
        return {}
    said = {printable(key)[:60]: one for key, one in list(value.items())[:FACTS]}
    texts = {key: printable(one)[:FACT] for key, one in said.items() if isinstance(one, str)}
    numbers = {key: one for key, one in said.items() if isinstance(one, bool) or (finite(one) and abs(one) <= COUNTED)}
    return {key: {**texts, **numbers}[key] for key in said if key in texts or key in numbers}


def finite(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def numbers(value: object, count: int) -> list[float]:
    if not isinstance(value, list) or len(value) != count or not all(finite(one) for one in value):
        refuse(f"no list of {count} finite numbers")
    return [float(one) for one in value]


def whole(value: object, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        refuse(f"no integer from {low} to {high}")
    return value


def logprob(value: object) -> float:
    if not finite(value) or not -FARTHEST <= float(value) <= 0:  # type: ignore[arg-type]
        refuse("no log-probability: a finite number of at most 0")
    return float(value)  # type: ignore[arg-type]


def score(_item: object, value: object) -> list[float]:
    if not isinstance(value, list) or len(value) != 3:  # noqa: PLR2004 log-probability, greedy, tokens
        refuse("no [log-probability, greedy, tokens]")
    return [logprob(value[0]), whole(value[1], 0, 1), whole(value[2], 1, 1 << 30)]


def rolling(_item: object, value: object) -> list[float]:
    if not isinstance(value, list) or len(value) != 2:  # noqa: PLR2004 log-probability, tokens
        refuse("no [log-probability, tokens]")
    return [logprob(value[0]), whole(value[1], 1, 1 << 30)]


def text(value: object, stop: Sequence[str] = ()) -> str:
    """Without controls; cut here at the first stop string, whatever the child did about it."""
    if not isinstance(value, str) or len(value) > TEXT:
        refuse(f"no text of at most {TEXT} characters")
    if any(unicodedata.category(one) in ("Cc", "Cs") and one not in "\n\t" for one in value):
        refuse("a text with control characters or half of a surrogate pair")
    return value[: min((place for place in map(value.find, stop) if place >= 0), default=len(value))]


@dataclass(slots=True)
class Vectors:
    """Base64 of little-endian float32: one vector, or one per word; all that it sees are of one width."""

    words: bool
    width: int | None = None

    def __call__(self, item: Any, value: object) -> str:  # noqa: ANN401 an item may be of any kind
        if not isinstance(value, str):
            refuse("no base64 text")
        width = width_of(value, len(item) if self.words else 1)
        if self.width not in (None, width):
            refuse(f"a vector of {width} numbers after one of {self.width}")
        self.width = width
        return value


def width_of(value: str, rows: int) -> int:
    try:
        raw = base64.b64decode(value, validate=True)
    except (ValueError, binascii.Error):
        refuse("a text that is no base64")
    width, rest = divmod(len(raw), 4 * max(1, rows))
    if rest or not 0 < width <= WIDTH:
        refuse(f"a vector of a wrong length: {len(raw)} bytes")
    if not (np.abs(np.frombuffer(raw, dtype="<f4")) <= FARTHEST).all():
        refuse(f"a vector with NaN or infinity, or with a number beyond {FARTHEST:g}")
    return width


def span(item: Sequence[str], value: object) -> list[float]:
    if not isinstance(value, list) or len(value) != 3 or not finite(value[2]):  # noqa: PLR2004 start, end, score
        refuse("no [start, end, score]")
    longest = len(item[1])
    start, end = whole(value[0], -1, longest), whole(value[1], -1, longest)
    if (start < 0) != (end < 0) or start > end:
        refuse("a span that ends before it starts")
    return [start, end, float(value[2])]


def tags(item: Sequence[str], value: object, labels: int) -> list[int]:
    if not isinstance(value, list) or len(value) != len(item):
        refuse(f"no list of {len(item)} labels, one a word")
    return [whole(one, 0, labels - 1) for one in value]


def rule_for(kind: Kind, route: Route, labels: int, stop: Sequence[str] = ()) -> Rule:
    """What the child may write for a task of this kind on this route. One rule serves all shards of a task."""
    vector = WIDTH * 4 * 4 // 3 + 256
    if route is Route.HEAD:
        if kind is Kind.TAG:
            return Rule(64 << 20, Vectors(words=True))
        return Rule(vector, Vectors(words=False))
    rules: Mapping[Kind, Rule] = {
        Kind.CLASSIFY: Rule(CONTROL_CAP + labels * (DIGITS + 2), lambda _item, value: numbers(value, labels)),
        Kind.TAG: Rule(1 << 20, lambda item, value: tags(item, value, labels)),
        Kind.EMBED: Rule(vector, Vectors(words=False)),
        Kind.LOGLIKELIHOOD: Rule(CONTROL_CAP, score),
        Kind.ROLLING: Rule(CONTROL_CAP, rolling),
        Kind.GENERATE: Rule(CONTROL_CAP + TEXT * 12, lambda _item, value: text(value, stop)),
        Kind.TRANSCRIBE: Rule(CONTROL_CAP + TEXT * 12, lambda _item, value: text(value)),
        Kind.EXTRACT_SPAN: Rule(CONTROL_CAP, span),
        Kind.RANK: Rule(8 << 20, lambda item, value: numbers(value, len(item["candidates"]))),
    }
    return rules[kind]
