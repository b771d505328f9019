"""Our scheduler for encoders: batches by length, pooling in fp32, the head only where it is asked for."""

from collections.abc import MutableMapping, Sequence
from typing import Any

import numpy as np
import torch

from landbridge_evaluation.child import batches
from landbridge_evaluation.errors import PluginFault
from landbridge_plugins import Limits, Overflow, Span, TorchEncoder

BLOCK = 2048  # texts that the tokenizer gets at once
LONGEST_ANSWER = 30  # tokens


class DrivenEncoder:
    """``Embedder`` and ``WordEmbedder``; by its head ``Classifier``, ``Tagger`` or ``SpanExtractor``."""

    whole_shards = True

    def __init__(
        self, model: TorchEncoder, limits: Limits, budget: int | None, counters: MutableMapping[str, float]
    ) -> None:
        self.model, self.limits, self.counters = model, limits, counters
        self.device = batches.place_of(model.module)
        self.budget = budget or (4096 if self.device.type == "cpu" else 16384)
        self.longest = min(model.max_length, limits.max_length or model.max_length)
        self.pad = batches.pad_id(model.tokenizer)
        self.labels = model.labels
        model.module.eval()

    def embed(self, items: Sequence[Any], role: str) -> Any:  # noqa: ANN401 a numpy array
        prefix = dict(self.model.prefixes).get(role, "")
        tokens = self.tokenize([prefixed(item, prefix) for item in items])
        out: list[Any] = [None] * len(items)

        def forward(places: list[int]) -> None:
            ids, mask = batches.padded([tokens[place] for place in places], self.pad, self.device)
            pooled = self.pool(self.features(ids, mask), mask).cpu().numpy()
            for place, row in zip(places, pooled, strict=True):
                out[place] = row

        self.run(tokens, forward)
        return np.stack(out)

    def embed_words(self, items: Sequence[Sequence[str]]) -> list[Any]:
        return self.by_word(items, self.features)

    def tag(self, items: Sequence[Sequence[str]]) -> list[Any]:
        self.need("tokens", "tag")
        return self.by_word(items, lambda ids, mask: self.forward(ids, mask).logits.float())

    def classify(self, items: Sequence[Any]) -> Any:  # noqa: ANN401 a numpy array
        self.need("text", "classify")
        tokens = self.tokenize(items)
        out: list[Any] = [None] * len(items)

        def forward(places: list[int]) -> None:
            ids, mask = batches.padded([tokens[place] for place in places], self.pad, self.device)
            logits = self.forward(ids, mask).logits.float()
            for place, row in zip(places, logits.log_softmax(-1).cpu().numpy(), strict=True):
                out[place] = row

        self.run(tokens, forward)
        return np.stack(out)

    def extract(self, items: Sequence[tuple[str, str]]) -> list[Span]:
        self.need("span", "extract_span")
        encoded = [self.encode_pair(question, context) for question, context in items]
        tokens = [list(one["input_ids"]) for one in encoded]
        out: list[Span] = [Span(-1, -1)] * len(items)

        def forward(places: list[int]) -> None:
            ids, mask = batches.padded([tokens[place] for place in places], self.pad, self.device)
            answer = self.forward(ids, mask)
            starts, ends = answer.start_logits.float().cpu().numpy(), answer.end_logits.float().cpu().numpy()
            for row, place in enumerate(places):
                out[place] = best_span(starts[row], ends[row], encoded[place])

        self.run(tokens, forward)
        return out

    # What these share.

    def need(self, head: str, kind: str) -> None:
        if self.model.head != head:
            raise PluginFault(f'{kind} needs a head "{head}", the model has "{self.model.head}".', code="kind_missing")

    def run(self, tokens: Sequence[Sequence[int]], forward: Any) -> None:  # noqa: ANN401 a function of places
        batches.run([len(row) for row in tokens], self.budget, forward, self.counters)

    def forward(self, ids: Any, mask: Any, **more: Any) -> Any:  # noqa: ANN401 torch's own types
        return self.model.module(input_ids=ids, attention_mask=mask, **more)

    def features(self, ids: Any, mask: Any) -> Any:  # noqa: ANN401 torch's own types
        """The last layer, shape (n, tokens, width), in fp32."""
        if self.model.head:
            return self.forward(ids, mask, output_hidden_states=True).hidden_states[-1].float()
        return self.forward(ids, mask).last_hidden_state.float()

    def pool(self, hidden: Any, mask: Any) -> Any:  # noqa: ANN401 torch's own types
        if self.model.pooling == "cls":
            return hidden[:, 0]
        if self.model.pooling == "last":
            return hidden[torch.arange(len(hidden), device=hidden.device), mask.sum(1) - 1]
        weights = mask.unsqueeze(-1).to(hidden.dtype)
        return (hidden * weights).sum(1) / weights.sum(1).clamp(min=1)

    def tokenize(self, items: Sequence[Any]) -> list[list[int]]:
        """Token ids of texts, or of pairs, cut to the longest length; how many were cut is counted."""
        rows: list[list[int]] = []
        for start in range(0, len(items), BLOCK):
            block = items[start : start + BLOCK]
            pairs = isinstance(block[0], (list, tuple))
            texts = ([one[0] for one in block], [one[1] for one in block]) if pairs else (list(block),)
            rows += self.model.tokenizer(*texts, truncation=False, return_attention_mask=False, verbose=False)[
                "input_ids"
            ]
            for place in range(start, len(rows)):
                if len(rows[place]) > self.longest:
                    self.overflowed(place)
                    rows[place] = self.cut(items[place])
        return rows

    def cut(self, item: Any) -> list[int]:  # noqa: ANN401 a text or a pair
        texts = tuple(item) if isinstance(item, (list, tuple)) else (item,)
        cut = self.model.tokenizer(*texts, truncation=True, max_length=self.longest, return_attention_mask=False)
        return list(cut["input_ids"])

    def overflowed(self, place: int) -> None:
        if self.limits.overflow is Overflow.ERROR:
            raise PluginFault(f"An item is longer than {self.longest} tokens (place {place}).", code="too_long")
        self.counters["truncated"] = self.counters.get("truncated", 0) + 1

    def encode_words(self, words: Sequence[str]) -> Any:  # noqa: ANN401 the tokenizer's own type
        encoded = self.model.tokenizer(
            list(words), is_split_into_words=True, truncation=True, max_length=self.longest, return_attention_mask=False
        )
        if max((one for one in encoded.word_ids() if one is not None), default=-1) < len(words) - 1:
            self.counters["truncated"] = self.counters.get("truncated", 0) + 1
        return encoded

    def by_word(self, items: Sequence[Sequence[str]], compute: Any) -> list[Any]:  # noqa: ANN401 a function of ids and mask
        """Per item an array with the row of each word's first sub-token; zeros where a word has none."""
        encoded = [self.encode_words(words) for words in items]
        tokens = [list(one["input_ids"]) for one in encoded]
        out: list[Any] = [None] * len(items)

        def forward(places: list[int]) -> None:
            ids, mask = batches.padded([tokens[place] for place in places], self.pad, self.device)
            rows = compute(ids, mask).cpu().numpy()
            for number, place in enumerate(places):
                out[place] = of_words(rows[number], encoded[place].word_ids(), len(items[place]))

        self.run(tokens, forward)
        return out

    def encode_pair(self, question: str, context: str) -> Any:  # noqa: ANN401 the tokenizer's own type
        encoded = self.model.tokenizer(
            question, context, truncation="only_second", max_length=self.longest, return_offsets_mapping=True
        )
        if encoded["offset_mapping"] and max(end for _, end in encoded["offset_mapping"]) < len(context.rstrip()):
            self.counters["truncated"] = self.counters.get("truncated", 0) + 1
        return encoded


def prefixed(item: Any, prefix: str) -> Any:  # noqa: ANN401 a text or a pair
    if not prefix:
        return item
    return prefix + item if isinstance(item, str) else [prefix + item[0], *item[1:]]


def of_words(rows: Any, word_ids: Sequence[int | None], count: int) -> Any:  # noqa: ANN401 numpy's own types
    out = np.zeros((count, rows.shape[1]), dtype=np.float32)
    seen: set[int] = set()
    for place, word in enumerate(word_ids):
        if word is not None and word not in seen:
            seen.add(word)
            out[word] = rows[place]
    return out


def best_span(starts: Any, ends: Any, encoded: Any) -> Span:  # noqa: ANN401 numpy's and the tokenizer's own types
    """The best pair of start and end inside the context, at most 30 tokens apart, in code points."""
    offsets, sequences = encoded["offset_mapping"], encoded.sequence_ids()
    inside = [place for place, which in enumerate(sequences) if which == 1]
    best, found = -np.inf, Span(-1, -1)
    for start in inside:
        for end in range(start, min(start + LONGEST_ANSWER, len(sequences))):
            if sequences[end] == 1 and starts[start] + ends[end] > best:
                best = float(starts[start] + ends[end])
                found = Span(offsets[start][0], offsets[end][1], best)
    return found
