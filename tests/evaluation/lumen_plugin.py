"""A lab's plugin for tests: models that know the answers because they stand in the questions, and a hostile one.

It is copied into a folder of its own and installed there: nothing of the tests is importable in the child.
"""

import json
import math
import os
import signal
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from landbridge_plugins import Generation, LoadedModel, Modality, ModelSpec, Prompt, Score, Span, hookimpl

SLUGS = ("lumen-perfect", "lumen-features", "lumen-learner", "lumen-hostile", "lumen-unloadable")
Items = Sequence[Any]
Matrix = list[list[float]]


def number(text: object) -> int:
    return int("".join(one for one in str(text) if one.isdigit()) or 0)


class Perfect:
    labels = ("even", "odd", "never")

    def classify(self, items: Items) -> Matrix:
        return [[0.0, -4.0, -8.0] if number(item) % 2 == 0 else [-4.0, 0.0, -8.0] for item in items]

    def embed(self, items: Items, role: str) -> Matrix:  # noqa: ARG002 the protocol's own signature
        return [[math.cos(number(item)), math.sin(number(item)), 0.5] for item in items]

    def loglikelihood(self, requests: Sequence[tuple[str, str]]) -> list[Score]:
        return [Score(logprob=-1.0 if "right" in said else -9.0, greedy=True, tokens=2) for _, said in requests]

    def loglikelihood_rolling(self, texts: Sequence[str]) -> list[Score]:
        return [Score(logprob=-len(text.encode()) * math.log(2), greedy=False, tokens=len(text)) for text in texts]

    def generate(self, prompts: Sequence[Prompt]) -> list[Generation]:
        return [Generation(f" {number(one.text) + 1}\nand more", 5) for one in prompts]

    def extract(self, items: Sequence[tuple[str, str]]) -> list[Span]:
        found = [(context.find("["), context.find("]") + 1) for _, context in items]
        return [Span(start, end, 1.0) if start >= 0 else Span(-1, -1) for start, end in found]

    def rank(self, query: object, candidates: Items) -> list[float]:
        return [-float(abs(number(query) - number(one))) for one in candidates]


class Tags:
    labels = ("O", "B-X", "I-X")

    def tag(self, items: Sequence[Sequence[str]]) -> list[Matrix]:
        return [[[0, 1, 0] if word.isupper() else [1, 0, 0] for word in words] for words in items]


class Features:
    def embed(self, items: Items, role: str) -> Matrix:  # noqa: ARG002 the protocol's own signature
        return [[float(number(item) % 2), float(number(item) % 3), 1.0] for item in items]

    def embed_words(self, items: Sequence[Sequence[str]]) -> list[Matrix]:
        return [[[float(word.isupper()), 1.0] for word in words] for words in items]


class Learner:
    def __init__(self, known: Mapping[Any, str] | None = None) -> None:
        self.known = known or {}
        self.labels = tuple(sorted(set(self.known.values()))) or ("x",)

    def classify(self, items: Items) -> Matrix:
        chosen = [self.labels.index(self.known.get(item, self.labels[0])) for item in items]
        return [[0.0 if place == one else -5.0 for place in range(len(self.labels))] for one in chosen]


class Hostile:
    """Does what its settings say, then answers."""

    labels = ("even", "odd")

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.settings = settings

    def classify(self, items: Items) -> Matrix:
        for name, value in self.settings.items():
            getattr(self, f"do_{name}")(value)
        row = [float(one) for one in self.settings.get("rows", [0.0, -1.0])]
        return [row for _ in items]

    def do_rows(self, _value: object) -> None:
        """The rows are answered."""

    def do_kill(self, value: str) -> None:
        os.kill(os.getpid(), getattr(signal, value))

    def do_exit(self, value: int) -> None:
        os._exit(value)

    def do_raise(self, value: str) -> None:
        raise RuntimeError(value)

    def do_write(self, value: str) -> None:
        os.write(3, value.encode())

    def do_look(self, _value: object) -> None:
        fds = sorted(one.name for one in Path("/proc/self/fd").iterdir())
        seen = {"env": dict(os.environ), "stdin": sys.stdin.read(), "fds": fds}  # noqa: TID251 what there is to steal
        sys.stdout.write(json.dumps(seen) + "\n")
        sys.stdout.flush()

    def do_spin(self, _value: object) -> None:
        while True:
            pass

    def do_hog(self, _value: object) -> None:
        held = [bytearray(b"x" * (64 << 20)) for _ in range(64)]
        sys.stdout.write(str(len(held)))

    def do_flood_log(self, _value: object) -> None:
        while True:
            sys.stdout.write("x" * 65536)

    def do_flood_results(self, value: int) -> None:
        for _ in range(value >> 16):
            os.write(3, b"x" * (1 << 16))

    def do_flood_lines(self, value: int) -> None:
        lines = b'{"k":"p","i":0,"v":[0,1]}\n' * 2500
        for _ in range(value // len(lines)):
            os.write(3, lines)

    def do_flood_files(self, _value: object) -> None:
        for number in range(1 << 20):
            Path(f"{number}").touch()


@hookimpl
def register_models() -> Iterable[ModelSpec]:
    return [ModelSpec(slug=slug, title=slug, modality=Modality.TEXT, license="MIT") for slug in SLUGS]


@hookimpl
def load_model(spec: ModelSpec, files: Path) -> LoadedModel | None:
    path = files / "settings.json"
    settings: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
    match spec.slug:
        case "lumen-perfect":
            return Tags() if settings.get("tags") else Perfect()
        case "lumen-features":
            return Features()
        case "lumen-learner":
            return Learner()
        case "lumen-hostile":
            return Hostile(settings)
        case "lumen-unloadable":
            raise ValueError("these weights are odd")
    return None


@hookimpl
def adapt_model(model: LoadedModel, train: Sequence[tuple[Any, Any]]) -> LoadedModel | None:
    return Learner(dict(train)) if isinstance(model, Learner) else None
