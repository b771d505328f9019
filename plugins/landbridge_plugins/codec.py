"""Dataclasses to JSON and back, strictly: an unknown key or a wrong type is an error that says where."""

import dataclasses
import hashlib
import json
import types
import typing
from collections.abc import Mapping, Sequence
from enum import Enum
from functools import cache
from typing import Any, ClassVar, Self, TypeVar

from landbridge_plugins.errors import SpecError, escape, nearest

T = TypeVar("T")
SCALARS: Mapping[type, str] = {str: "a string", int: "an integer", float: "a number", bool: "true or false"}


class Spec:
    """Gives a frozen dataclass ``to_json`` and ``from_json``."""

    __slots__ = ()
    undigested: ClassVar[frozenset[str]] = frozenset()  # fields that can change no number

    def to_json(self) -> dict[str, Any]:
        """A JSON object that ``from_json`` turns into an equal declaration."""
        return {one.name: plain(getattr(self, one.name)) for one in dataclasses.fields(self)}  # type: ignore[arg-type]

    @classmethod
    def from_json(cls, value: object, pointer: str = "") -> Self:
        """The declaration in ``value``. Raises ``SpecError`` with a JSON pointer and the nearest known names."""
        return typing.cast("Self", decode_dataclass(cls, value, pointer))

    @classmethod
    def normalized(cls, value: Mapping[str, Any], _pointer: str) -> Mapping[str, Any]:
        """A place for shorthands: what is accepted on input and never written."""
        return value


class Digested(Spec):
    """A declaration whose results can be compared only with those of an equal one."""

    __slots__ = ()

    def digest(self) -> str:
        """SHA-256, as hex, of the canonical JSON of the fields that can change a number."""
        return hashlib.sha256(canonical(digested(self))).hexdigest()


def canonical(value: object) -> bytes:
    """Sorted keys, no spaces, UTF-8; floats as their shortest decimal string, so that no writer differs."""
    return json.dumps(unfloated(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def unfloated(value: object) -> object:
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, Mapping):
        return {str(key): unfloated(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [unfloated(one) for one in value]
    return value


def digested(spec: Spec) -> dict[str, object]:
    kept = (one.name for one in dataclasses.fields(spec) if one.name not in spec.undigested)  # type: ignore[arg-type]
    values = {name: getattr(spec, name) for name in kept}
    return {name: digested(value) if isinstance(value, Spec) else plain(value) for name, value in values.items()}


def plain(value: object) -> Any:  # noqa: ANN401 JSON has no narrower type
    """JSON's own types."""
    if isinstance(value, Spec):
        return value.to_json()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return value


@cache
def hints(cls: type) -> Mapping[str, Any]:
    return typing.get_type_hints(cls)


def decode_dataclass(cls: type, value: object, pointer: str) -> object:
    if not isinstance(value, Mapping):
        raise SpecError(pointer, f"must be an object, is {describe(value)}.")
    if issubclass(cls, Spec):
        value = cls.normalized(value, pointer)
    fields = {one.name: one for one in dataclasses.fields(cls)}
    for key in value:
        if key not in fields:
            raise SpecError(f"{pointer}/{escape(str(key))}", f'unknown key "{key}".{nearest(str(key), fields)}')
    for name, one in fields.items():
        bare = one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING
        if bare and name not in value:
            raise SpecError(f"{pointer}/{name}", "is required.")
    given = {name: decode(hints(cls)[name], one, f"{pointer}/{escape(name)}") for name, one in value.items()}
    try:
        return cls(**given)
    except SpecError as error:  # its own checks know the field, not the place
        raise SpecError(pointer + error.pointer, error.message, code=error.code) from None


def decode(hint: Any, value: object, pointer: str) -> object:  # noqa: ANN401 type hints are objects of many kinds
    if hint in (object, Any):
        return value
    origin = typing.get_origin(hint)
    if origin is not None:
        return decode_generic(origin, typing.get_args(hint), value, pointer)
    if issubclass(hint, Enum):
        return decode_enum(hint, value, pointer)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return decode_dataclass(hint, value, pointer)
    return decode_scalar(hint, value, pointer)


def decode_generic(origin: Any, arguments: Sequence[Any], value: object, pointer: str) -> object:  # noqa: ANN401 as above
    if origin in (typing.Union, types.UnionType):
        return decode_union(arguments, value, pointer)
    if origin is tuple:
        return decode_tuple(arguments, value, pointer)
    return decode_mapping(arguments[1], value, pointer)


def decode_union(options: Sequence[Any], value: object, pointer: str) -> object:
    if value is None:
        if type(None) in options:
            return None
        raise SpecError(pointer, "must not be null.")
    rest = [one for one in options if one is not type(None)]
    for option in rest[:-1]:
        if option is type(value):
            return value
    return decode(rest[-1], value, pointer)


def decode_tuple(arguments: Sequence[Any], value: object, pointer: str) -> object:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise SpecError(pointer, f"must be a list, is {describe(value)}.")
    return tuple(decode(arguments[0], one, f"{pointer}/{index}") for index, one in enumerate(value))


def decode_mapping(inner: object, value: object, pointer: str) -> object:
    if not isinstance(value, Mapping):
        raise SpecError(pointer, f"must be an object, is {describe(value)}.")
    return {str(key): decode(inner, one, f"{pointer}/{escape(str(key))}") for key, one in value.items()}


def decode_enum(hint: type[Enum], value: object, pointer: str) -> object:
    known = [one.value for one in hint]
    if value not in known:
        raise SpecError(pointer, f"{json.dumps(value, default=str)} is not known.{nearest(str(value), known)}")
    return hint(value)


def decode_scalar(hint: type, value: object, pointer: str) -> object:
    wanted = SCALARS.get(hint, str(hint))
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, hint) or (hint is not bool and isinstance(value, bool)):
        raise SpecError(pointer, f"must be {wanted}, is {describe(value)}.")
    return value


def describe(value: object) -> str:
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004 the length of a glance
