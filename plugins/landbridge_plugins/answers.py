"""What passes between the engine and a loaded model, by request kind."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol, TypeAlias, runtime_checkable


@runtime_checkable
class Array(Protocol):
    """A C-contiguous float32 array of any library: numpy, torch on the CPU, jax."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> Any: ...  # noqa: ANN401 each library has its own

    def __array__(self, *args: Any, **kwargs: Any) -> Any: ...  # noqa: ANN401 numpy's own signature


# An array, or plain lists of numbers: a plugin without numpy is welcome.
Rows: TypeAlias = Array | Sequence[Sequence[float]]


@dataclass(frozen=True, slots=True)
class Score:
    """Log-likelihood of a continuation or of a text, in nats."""

    logprob: float  # ≤ 0
    greedy: bool  # each token is the model's first choice
    tokens: int  # how many were scored, ≥ 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A request for text."""

    text: str
    max_tokens: int = 256
    stop: tuple[str, ...] = ()
    temperature: float = 0.0
    seed: int = 0


class Finish(StrEnum):
    STOP = "stop"
    EOS = "eos"
    LENGTH = "length"


@dataclass(frozen=True, slots=True)
class Generation:
    """A continuation, without the prompt."""

    text: str
    tokens: int
    finish: Finish = Finish.EOS


@dataclass(frozen=True, slots=True)
class Span:
    """A place in the context, in code points, end exclusive; (-1, -1) for "no answer"."""

    start: int
    end: int
    score: float = 0.0
