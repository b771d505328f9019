"""Names that a lab's wheel may not bring: a module of that name is here already, and must not be shadowed."""

import pkgutil
import re
import sys
from functools import cache
from importlib.metadata import distributions, packages_distributions
from typing import Final

# What the machines that run models hold, also where this one lacks it: a lab is told on its own computer.
KNOWN: Final = frozenset({
    "accelerate", "amqp", "anyio", "attr", "attrs", "av", "billiard", "celery", "certifi", "cffi", "cloudpickle",
    "cryptography", "datasets", "django", "einops", "fsspec", "google", "gunicorn", "h11", "httpcore", "httpx",
    "httpx2", "huggingface_hub", "idna", "jax", "jinja2", "joblib", "jsonschema", "kombu", "librosa", "markupsafe",
    "mpmath",
    "networkx", "numpy", "nvidia", "onnx", "onnxruntime", "packaging", "pandas", "peft", "pil", "pip", "pkg_resources",
    "pluggy", "psutil", "pyarrow", "pydantic", "pytest", "redis", "regex", "requests", "rest_framework", "rich",
    "safetensors", "scipy", "sentence_transformers", "sentencepiece", "setuptools", "sklearn", "soundfile", "sympy",
    "tensorflow", "threadpoolctl", "tiktoken", "timm", "tokenizers", "torch", "torchaudio", "torchvision", "tqdm",
    "transformers", "triton", "typer", "typing_extensions", "urllib3", "vllm", "wheel", "yaml",
})  # fmt: skip
HOOKS: Final = frozenset({"sitecustomize", "usercustomize", "_virtualenv", "__editable___landbridge_finder"})
OURS: Final = re.compile(r"landbridge(?:_.*)?")


def normal(name: str) -> str:
    """A distribution's name in its normal form."""
    return re.sub(r"[-_.]+", "-", name).lower()


@cache
def taken(*, apart_from: str = "", thorough: bool = True) -> frozenset[str]:
    """Names of modules of this environment, folded. ``apart_from`` is a distribution whose own modules do not count.

    ``thorough`` also lists what lies on the path without metadata; a lab that installed its own plugin in editable mode
    would find that one there.
    """
    own = normal(apart_from)
    names = {
        module for module, owners in packages_distributions().items() if any(normal(owner) != own for owner in owners)
    }
    if thorough:
        names |= {found.name for found in pkgutil.iter_modules()}
    names |= {*sys.stdlib_module_names, *sys.builtin_module_names}
    return frozenset(name.casefold() for name in names) | KNOWN | HOOKS


@cache
def installed(*, apart_from: str = "") -> frozenset[str]:
    """Normal names of the distributions of this environment."""
    found = {normal(str(one.metadata["Name"] or "")) for one in distributions()}
    return frozenset(found | {normal(name) for name in KNOWN}) - {normal(apart_from), ""}


def shadows(name: str, names: frozenset[str]) -> bool:
    """Whether a module called ``name`` would stand in another's place, or pretend to be ours."""
    folded = name.casefold()
    return folded in names or OURS.fullmatch(folded) is not None
