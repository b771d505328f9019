"""What a translation must beat: the source itself, and the translation of the most similar known sentence."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from landbridge_plugins import Finish, Generation, Prompt

# The last "Language: sentence" of a prompt whose last line names the language to write in.
SOURCE = re.compile(r"^[^\n:]{1,40}: (?P<source>[^\n]*)\n[^\n:]{1,40}:\s*\Z", re.MULTILINE)


def source_of(prompt: str) -> str:
    """The sentence to translate, as our translation tasks show it; of another prompt the last line."""
    found = SOURCE.search(prompt)
    return found["source"] if found else prompt.rstrip().rpartition("\n")[2]


def answer(text: str) -> Generation:
    return Generation(text, tokens=max(1, len(text.encode())), finish=Finish.EOS)


class Copy:
    """A ``Generator`` that leaves the source as it is."""

    def generate(self, prompts: Sequence[Prompt]) -> list[Generation]:
        return [answer(source_of(prompt.text)) for prompt in prompts]


@dataclass(frozen=True, slots=True)
class Memory:
    """A ``Generator`` that knows only what it has seen."""

    vectorizer: Any
    known: Any  # (sentences, features), rows of length 1
    translations: tuple[str, ...]

    def generate(self, prompts: Sequence[Prompt]) -> list[Generation]:
        rows = self.vectorizer.transform([source_of(prompt.text) for prompt in prompts])
        nearest = np.asarray((rows @ self.known.T).argmax(axis=1)).ravel()
        return [answer(self.translations[index]) for index in nearest]


def fit_memory(items: Sequence[Any], labels: Sequence[str]) -> Memory:
    """``items`` are prompts (texts, or ``Prompt``), ``labels`` their translations."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, dtype=np.float32)
    sources = [source_of(item.text if isinstance(item, Prompt) else item) for item in items]
    return Memory(vectorizer, vectorizer.fit_transform(sources), tuple(labels))
