"""What a model folder says about itself, read as JSON before anything is loaded; and what is refused there."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

CONFIGS = ("config.json", "tokenizer_config.json", "preprocessor_config.json", "processor_config.json")
UNBOUNDED = 1_000_000  # tokenizers that know no limit say 10 to the 30th
DEFAULT_LENGTH = 512


class FolderRefused(ValueError):
    """The folder cannot be loaded. The message names the remedy."""


def read_json(path: Path) -> dict[str, Any]:
    """The object in ``path``; an empty one where there is no such file."""
    if not path.is_file():
        return {}
    value = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(value, dict):
        raise FolderRefused(f"{path.name} must hold a JSON object.")
    return value


def check(files: Path) -> dict[str, Any]:
    """The folder's ``config.json``. Raises ``FolderRefused`` for remote code, or where safetensors are missing."""
    for name in CONFIGS:
        refuse_code(name, read_json(files / name))
    if not (files / "config.json").is_file():
        raise FolderRefused("The folder holds no config.json.")
    if not list(files.glob("*.safetensors")):
        raise FolderRefused("The folder holds no *.safetensors. Save the weights with safe_serialization=True.")
    return read_json(files / "config.json")


def refuse_code(name: str, config: Mapping[str, Any]) -> None:
    for key, value in config.items():
        if key in ("auto_map", "custom_pipelines") and value:
            raise FolderRefused(f"{name} has {key}, which asks to run code from the folder. Remove it.")
        if key.endswith("_implementation") and "/" in str(value):  # a kernel fetched from the Hub: code, too
            raise FolderRefused(f"{name} names {value} for {key}. Remove it: kernels are not fetched.")
        if isinstance(value, Mapping):
            refuse_code(name, value)


def labels_of(config: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the head's columns, in order."""
    names = config.get("id2label") or {}
    return tuple(str(names[key]) for key in sorted(names, key=int))


def max_length_of(files: Path, config: Mapping[str, Any]) -> int:
    """In tokens: what the sentence encoder was tuned for, else what positions and tokenizer allow."""
    tuned = read_json(files / "sentence_bert_config.json").get("max_seq_length")
    places = next((config[key] for key in ("max_position_embeddings", "n_positions") if config.get(key)), None)
    if places and config.get("model_type") in ("roberta", "xlm-roberta", "camembert", "mpnet"):
        places -= 2  # their positions start after the padding's
    told = read_json(files / "tokenizer_config.json").get("model_max_length")
    bounds = [int(bound) for bound in (tuned, places, told) if bound and bound < UNBOUNDED]
    return min(bounds, default=DEFAULT_LENGTH)


def pooling_of(files: Path, config: Mapping[str, Any]) -> str:
    """How token vectors become a text's: as ``1_Pooling`` says, else the last one for decoders, else the mean."""
    told = read_json(files / "1_Pooling" / "config.json")
    for key, pooling in (("cls_token", "cls"), ("lasttoken", "last"), ("mean_tokens", "mean")):
        if told.get(f"pooling_mode_{key}"):
            return pooling
    mode = told.get("pooling_mode")
    if mode in ("cls", "mean"):
        return str(mode)
    if told:
        raise FolderRefused("1_Pooling/config.json asks for a pooling that is not known: cls, mean and lasttoken are.")
    return "last" if config.get("is_decoder") or config.get("model_type") in DECODERS else "mean"


DECODERS = ("gpt2", "gpt_neo", "gpt_neox", "llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3", "phi3")


def prefixes_of(files: Path) -> tuple[tuple[str, str], ...]:
    """What a role puts before its text, as sentence-transformers declares it."""
    prompts = read_json(files / "config_sentence_transformers.json").get("prompts") or {}
    named = {"query": prompts.get("query"), "passage": prompts.get("passage") or prompts.get("document")}
    return tuple((role, prompt) for role, prompt in named.items() if prompt)
