"""From a slug to a live model: at once where nothing is to be learned, else by the task's training rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from landbridge_baselines import classifiers, features, specs, translation
from landbridge_baselines.embedding import HashedChars
from landbridge_baselines.ngrams import load_ngrams
from landbridge_plugins import Generation, LoadedModel, ModelSpec, Prompt, Rows, TaskSpec

Items = Sequence[Any]
Fit = Callable[[Items, Sequence[str]], LoadedModel]


class NotAdapted(RuntimeError):
    """A learner was asked before it had seen training rows."""


@dataclass(frozen=True, slots=True)
class Learner:
    """A baseline that has learned nothing yet. ``learn`` gives the one that can answer."""

    spec: ModelSpec

    @property
    def labels(self) -> tuple[str, ...]:
        return ()

    def classify(self, items: Items) -> Rows:  # noqa: ARG002 the protocol says so
        raise NotAdapted(f"{self.spec.slug} must be adapted to a task's training rows first.")

    def generate(self, prompts: Sequence[Prompt]) -> Sequence[Generation]:  # noqa: ARG002 the protocol says so
        raise NotAdapted(f"{self.spec.slug} must be adapted to a task's training rows first.")

    def learn(self, task: TaskSpec, train: Sequence[tuple[Any, Any]]) -> LoadedModel | None:
        if task.kind.value not in self.spec.kinds:
            return None
        if not train:
            raise ValueError(f"{task.name} has no training rows for {self.spec.slug} to learn from.")
        return FITS[self.spec.slug]([item for item, _ in train], [str(label) for _, label in train])


FITS: Mapping[str, Fit] = {
    specs.MAJORITY.slug: classifiers.fit_majority,
    specs.MAJORITY_IMAGE.slug: classifiers.fit_majority,
    specs.MAJORITY_AUDIO.slug: classifiers.fit_majority,
    specs.CENTROID_TEXT.slug: lambda items, labels: classifiers.fit_centroids(features.Characters(), items, labels),
    specs.CENTROID_IMAGE.slug: lambda items, labels: classifiers.fit_centroids(features.Pixels(), items, labels),
    specs.TFIDF.slug: lambda items, labels: classifiers.fit_linear(features.WordsAndCharacters(), items, labels, c=10),
    specs.CHAR_NGRAM.slug: classifiers.fit_naive_bayes,
    specs.PIXELS.slug: lambda items, labels: classifiers.fit_linear(features.Pixels(), items, labels, c=1),
    specs.LOG_MEL.slug: lambda items, labels: classifiers.fit_linear(features.LogMel(), items, labels, c=0.1),
    specs.MEMORY.slug: translation.fit_memory,
}


def load(spec: ModelSpec, files: Path) -> LoadedModel:
    """Raises ``FileNotFoundError`` or ``ValueError`` where the folder lacks what the slug needs."""
    if spec.slug in specs.ORDERS:
        return load_ngrams(files)
    if spec.slug == specs.COPY.slug:
        return translation.Copy()
    if spec.slug == specs.HASHED_CHARS.slug:
        return HashedChars()
    return Learner(spec)
