"""What the head of ``main`` tells about a repository: read from the card, the configuration and the weights' headers.

Reading is file work, so it happens before the transaction; a content never changes, so it is remembered. A file that
cannot be read says nothing here; screening tells its author why.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from landbridge_client.formats.cards import CARD_CAP, Card, parse_card
from landbridge_client.formats.errors import FormatError
from landbridge_client.formats.safetensors import read_header
from landbridge_client.licenses import expression_of
from landbridge_registry.models import Blob
from landbridge_registry.operations import Add, Operation
from landbridge_registry.storage import store

CARD, CONFIG, MARKER, WEIGHTS = "README.md", "config.json", "landbridge.json", ".safetensors"
HEADER_CAP, CONFIG_CAP = 10 << 20, 2 << 20
SUMMARY_CAP, TAGS_CAP, TAG_CAP = 300, 200, 120
TASKS = (  # the end of an architecture's name, and the task it is for
    ("ForSequenceClassification", "text-classification"),
    ("ForTokenClassification", "token-classification"),
    ("ForQuestionAnswering", "question-answering"),
    ("ForMaskedLM", "fill-mask"),
    ("ForCausalLM", "text-generation"),
    ("LMHeadModel", "text-generation"),
    ("ForImageClassification", "image-classification"),
    ("ForAudioClassification", "audio-classification"),
    ("ForCTC", "automatic-speech-recognition"),
    ("ForSpeechSeq2Seq", "automatic-speech-recognition"),
    ("ForConditionalGeneration", "text2text-generation"),
    ("Model", "feature-extraction"),
)


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What one content says. Empty for a content that could not be read."""

    card: Card = field(default_factory=lambda: Card({}, ""))
    config: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HeadFacts:
    """The cached columns of ``Repo``, and its tags."""

    columns: Mapping[str, Any]
    tags: frozenset[str]


def is_relevant(name: str) -> bool:
    return name in {CARD, CONFIG, MARKER} or name.endswith(WEIGHTS)


def read(wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], FileFacts]:
    """The facts of each (file name, sha256) of contents that lie in the store. No transaction may be open."""
    wanted = list(wanted)
    blobs = Blob.objects.in_bulk({sha256 for _, sha256 in wanted})
    return {
        (name, sha256): read_file(name, blobs[sha256].location, blobs[sha256].size) if sha256 in blobs else FileFacts()
        for name, sha256 in wanted
    }


def read_added(changes: Iterable[Operation]) -> dict[tuple[str, str], FileFacts]:
    """The facts of contents that were just stored for a commit, before any row names them."""
    return {
        (change.path, change.content.sha256): read_file(change.path, change.content.location, change.content.size)
        for change in changes
        if isinstance(change, Add) and is_relevant(change.path)
    }


@lru_cache(maxsize=2048)
def read_file(name: str, location: str, size: int) -> FileFacts:
    """A location is never used twice, so what was read once stays true."""
    try:
        with store.open_blob(location) as file:
            if name.endswith(WEIGHTS):
                return FileFacts(parameters=read_header(file, size, cap=HEADER_CAP).parameters)
            if name == CARD and size <= CARD_CAP:
                card = parse_card(file.read().decode())
                return FileFacts(card=Card(_clean(card.data), _clean(card.body)))
            if name in {CONFIG, MARKER} and size <= CONFIG_CAP:
                return FileFacts(config=_object(file.read()))
    except (OSError, ValueError, FormatError, RecursionError):
        return FileFacts()
    return FileFacts()


def _object(content: bytes) -> dict[str, Any]:
    found = json.loads(content)
    return _clean(found) if isinstance(found, dict) else {}


def _clean(value: Any) -> Any:  # noqa: ANN401 JSON
    """Without what text in a database cannot hold: NUL, and half a surrogate pair."""
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    return [_clean(item) for item in value] if isinstance(value, list) else value


def gather(files: Mapping[str, str], known: Mapping[tuple[str, str], FileFacts], repo_type: str) -> HeadFacts:
    """Put the facts of the root's ``files`` (name -> sha256) together."""
    of = {name: known[name, sha256] for name, sha256 in files.items()}
    card = of[CARD].card if CARD in of else Card({}, "")
    config = _config(of[CONFIG].config if CONFIG in of else {}, of[MARKER].config if MARKER in of else {})
    parameters: Counter[str] = Counter()
    for one in of.values():
        parameters.update(one.parameters)
    license_id = _license(card)
    columns: dict[str, Any] = {
        "card": card.data,
        "summary": _summary(card),
        "library": _library(card, config)[:60],
        "pipeline_tag": (_text(card.data.get("pipeline_tag")) or _task(config))[:60],
        "license": license_id[:120],
        "languages": list(card.languages)[:100],
        "config": config,
        "parameters": dict(parameters),
        "parameter_count": sum(parameters.values()) or None,
    }
    has_weights = any(name.endswith(WEIGHTS) for name in files)
    tags = _tags(card, columns, repo_type, has_weights=has_weights)
    return HeadFacts(columns, frozenset(tag[:TAG_CAP] for tag in sorted(tags)[:TAGS_CAP]))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _config(config: Mapping[str, Any], marker: Mapping[str, Any]) -> dict[str, Any]:
    """Names only: what a list shows, never a whole file."""
    found: dict[str, Any] = {}
    architectures = config.get("architectures")
    if isinstance(architectures, list):
        found["architectures"] = [one[:200] for one in architectures if isinstance(one, str)][:10]
    if _text(config.get("model_type")):
        found["model_type"] = config["model_type"][:200]
    if _text(marker.get("slug")):
        found["slug"] = marker["slug"][:200]
    return found


def _library(card: Card, config: Mapping[str, Any]) -> str:
    said = _text(card.data.get("library_name"))
    return said or ("landbridge" if "slug" in config else "transformers" if "model_type" in config else "")


def _task(config: Mapping[str, Any]) -> str:
    first = next(iter(config.get("architectures", [])), "")
    return next((task for end, task in TASKS if first.endswith(end)), "")


def _license(card: Card) -> str:
    """The SPDX expression, or what the card says where that is none."""
    try:
        return expression_of(card)
    except FormatError:
        return ", ".join(card.licenses)


def _summary(card: Card) -> str:
    """The card's ``summary``, or the first sentence-like paragraph below the headings."""
    said = _text(card.data.get("summary"))
    paragraphs = (" ".join(part.split()) for part in re.split(r"\n\s*\n", _without_headings(card.body[:20_000])))
    first = said or next((text for text in paragraphs if re.match(r"[^\W_]", text)), "")
    return first if len(first) <= SUMMARY_CAP else first[: SUMMARY_CAP - 1].rstrip() + "…"


def _without_headings(body: str) -> str:
    return "\n".join("" if line.startswith("#") else line for line in body.splitlines())


def _tags(card: Card, columns: Mapping[str, Any], repo_type: str, *, has_weights: bool) -> set[str]:
    prefix = "language:" if repo_type == "dataset" else ""
    tags = {*card.tags, *(prefix + one for one in card.languages), *(f"license:{one.lower()}" for one in card.licenses)}
    tags |= {f"dataset:{one}" for one in card.texts("datasets")} | {f"base_model:{one}" for one in card.base_models}
    for name in ("task_categories", "size_categories"):
        values = card.data.get(name)
        texts = values if isinstance(values, list) else [values]
        tags |= {f"{name}:{one}" for one in texts if isinstance(one, str)}
    tags |= {columns["library"], columns["pipeline_tag"], str(columns["config"].get("model_type", ""))}
    return (tags | ({"safetensors"} if has_weights else set())) - {""}
