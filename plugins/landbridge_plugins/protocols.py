"""What a loaded model can do: one Protocol per request kind. Satisfy one, and the engine drives you.

Answers come in the order of the requests. A wrong count, a wrong shape or a NaN is the plugin's fault and is named.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

from landbridge_plugins.answers import Array, Generation, Prompt, Rows, Score, Span

# A text, a pair of texts, an image (uint8, (height, width, 1 or 3)) or a sound (float32, mono, 16 kHz).
Item: TypeAlias = Any
Role: TypeAlias = Literal["query", "passage", "none"]


@runtime_checkable
class Classifier(Protocol):
    """Chooses among fixed labels."""

    @property
    def labels(self) -> tuple[str, ...]: ...

    def classify(self, items: Sequence[Item]) -> Rows:
        """Unnormalized log-probabilities, shape ``(len(items), len(labels))``; the engine takes the softmax."""


@runtime_checkable
class Embedder(Protocol):
    """Maps items to vectors."""

    def embed(self, items: Sequence[Item], role: Role) -> Rows:
        """Vectors, shape ``(len(items), width)``, not normalized; ``width`` never changes."""


@runtime_checkable
class WordEmbedder(Protocol):
    """Maps each word of a sentence to a vector: what a linear tagger is fitted on."""

    def embed_words(self, items: Sequence[Sequence[str]]) -> Sequence[Rows]:
        """Per item an array of shape ``(words, width)``."""


@runtime_checkable
class LogLikelihoodScorer(Protocol):
    """Says how likely a text is."""

    def loglikelihood(self, requests: Sequence[tuple[str, str]]) -> Sequence[Score]:
        """Of each (context, continuation): the log-likelihood of the continuation after the context."""

    def loglikelihood_rolling(self, texts: Sequence[str]) -> Sequence[Score]:
        """Of each whole text, however long."""


@runtime_checkable
class Generator(Protocol):
    """Continues a text."""

    def generate(self, prompts: Sequence[Prompt]) -> Sequence[Generation]: ...


@runtime_checkable
class Tagger(Protocol):
    """Labels each word."""

    @property
    def labels(self) -> tuple[str, ...]: ...

    def tag(self, items: Sequence[Sequence[str]]) -> Sequence[Rows]:
        """Per item scores of shape ``(words, len(labels))``, a row per word."""


@runtime_checkable
class SpanExtractor(Protocol):
    """Finds the answer inside a context."""

    def extract(self, items: Sequence[tuple[str, str]]) -> Sequence[Span]:
        """Of each (question, context)."""


@runtime_checkable
class Transcriber(Protocol):
    """Writes down what is said."""

    def transcribe(self, sounds: Sequence[Array]) -> Sequence[str]:
        """Each sound is float32 of shape ``(samples,)``, mono, 16 kHz."""


@runtime_checkable
class Ranker(Protocol):
    """Orders candidates."""

    def rank(self, query: Item, candidates: Sequence[Item]) -> Sequence[float] | Array:
        """A score per candidate, higher first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TorchCausalLM:
    """A decoder for the engine's own scheduler: ``loglikelihood``, ``loglikelihood_rolling`` and ``generate``.

    ``module(input_ids, attention_mask=…)`` answers with ``.logits``; ``tokenizer`` is a fast Hugging Face tokenizer.
    """

    module: Any
    tokenizer: Any
    max_length: int
    prefix_token_id: int | None  # what stands for an empty context: BOS, else EOS


@dataclass(frozen=True, slots=True, kw_only=True)
class TorchEncoder:
    """An encoder for the engine's own scheduler: ``embed``, and by ``head`` ``classify``, ``tag`` or ``extract_span``.

    Without a head ``module(input_ids, attention_mask=…)`` answers with ``.last_hidden_state``. With head "text"
    (a logit row per text) or "tokens" (one per token) it answers with ``.logits``, columns as ``labels``; with "span"
    with ``.start_logits`` and ``.end_logits``. With a head, features come from ``output_hidden_states=True``.
    """

    module: Any
    tokenizer: Any
    max_length: int
    pooling: Literal["mean", "cls", "last"] = "mean"
    head: Literal["", "text", "tokens", "span"] = ""
    labels: tuple[str, ...] = ()
    prefixes: tuple[tuple[str, str], ...] = ()  # what a role puts before the text: ("query", "query: ")


LoadedModel: TypeAlias = (
    Classifier
    | Embedder
    | WordEmbedder
    | LogLikelihoodScorer
    | Generator
    | Tagger
    | SpanExtractor
    | Transcriber
    | Ranker
    | TorchCausalLM
    | TorchEncoder
)
PROTOCOLS: tuple[type, ...] = (
    Classifier,
    Embedder,
    WordEmbedder,
    LogLikelihoodScorer,
    Generator,
    Tagger,
    SpanExtractor,
    Transcriber,
    Ranker,
    TorchCausalLM,
    TorchEncoder,
)
