"""A lab's plugin for tests: a model that knows the answers because they stand in its questions, and a hostile one."""

import json
import math
import os
import signal
import sys

from landbridge_plugins import Generation, Modality, ModelSpec, Score, Span, hookimpl

SLUGS = ("lumen-perfect", "lumen-features", "lumen-learner", "lumen-hostile", "lumen-unloadable")


def number(text):
    return int("".join(one for one in str(text) if one.isdigit()) or 0)


class Perfect:
    labels = ("even", "odd", "never")

    def classify(self, items):
        return [[0.0, -4.0, -8.0] if number(item) % 2 == 0 else [-4.0, 0.0, -8.0] for item in items]

    def embed(self, items, role):
        return [[math.cos(number(item)), math.sin(number(item)), 0.5] for item in items]

    def loglikelihood(self, requests):
        return [Score(-1.0 if "right" in said else -9.0, True, 2) for _, said in requests]

    def loglikelihood_rolling(self, texts):
        return [Score(-len(text.encode()) * math.log(2), False, len(text)) for text in texts]

    def generate(self, prompts):
        return [Generation(f" {number(one.text) + 1}\nand more", 5) for one in prompts]

    def extract(self, items):
        return [
            Span(context.find("["), context.find("]") + 1, 1.0) if "[" in context else Span(-1, -1)
            for _, context in items
        ]

    def transcribe(self, sounds):
        return [f"{len(sound)} samples" for sound in sounds]

    def rank(self, query, candidates):
        return [-abs(number(query) - number(one)) for one in candidates]


class Tags:
    labels = ("O", "B-X", "I-X")

    def tag(self, items):
        return [[[0, 1, 0] if word.isupper() else [1, 0, 0] for word in words] for words in items]


class Features:
    def embed(self, items, role):
        return [[float(number(item) % 2), float(number(item) % 3), 1.0] for item in items]

    def embed_words(self, items):
        return [[[float(word.isupper()), 1.0] for word in words] for words in items]


class Learner:
    labels = ("x",)

    def __init__(self, known=None):
        self.known = known or {}
        self.labels = tuple(sorted(set(self.known.values()))) or ("x",)

    def classify(self, items):
        chosen = [self.labels.index(self.known.get(item, self.labels[0])) for item in items]
        return [[0.0 if place == one else -5.0 for place in range(len(self.labels))] for one in chosen]

    def generate(self, prompts):
        return [Generation(self.known.get(one.text, "?"), 1) for one in prompts]


class Hostile:
    labels = ("even", "odd")

    def __init__(self, settings):
        self.settings = settings

    def classify(self, items):
        if "kill" in self.settings:
            os.kill(os.getpid(), getattr(signal, self.settings["kill"]))
        if "exit" in self.settings:
            os._exit(self.settings["exit"])
        if "raise" in self.settings:
            raise RuntimeError(self.settings["raise"])
        if "write" in self.settings:
            os.write(3, self.settings["write"].encode())
        if "rows" in self.settings:
            return [[float(one) for one in self.settings["rows"]] for _ in items]
        if "look" in self.settings:
            print(
                json.dumps(
                    {"env": dict(os.environ), "stdin": sys.stdin.read(), "fds": sorted(os.listdir("/proc/self/fd"))}
                ),
                flush=True,
            )
        if "spin" in self.settings:
            while True:
                pass
        if "hog" in self.settings:
            held = [bytearray(b"x" * (64 << 20)) for _ in range(64)]
            print(len(held))
        return [[0.0, -1.0] for _ in items]


class Both(Perfect, Tags):
    pass


@hookimpl
def register_models():
    return [ModelSpec(slug=slug, title=slug, modality=Modality.TEXT, license="MIT") for slug in SLUGS]


@hookimpl
def load_model(spec, files):
    settings = json.loads((files / "settings.json").read_text()) if (files / "settings.json").is_file() else {}
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
def adapt_model(model, task, train):
    return Learner(dict(train)) if isinstance(model, Learner) else None
