"""Populations of items with known scores: rows of statistics, in the form that a metric's own ``item`` gives them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from landbridge_evaluation.metrics import BUILT_IN, Context, Measure
from landbridge_plugins import Kind

SIZE = 50_000  # items of a population
CLUSTER = 5  # items of a cluster
LABELS = ("a", "b", "c")
Rng = np.random.Generator
Skills = tuple[float, ...]  # one number a model; equal ones mean equal models


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """``rows`` (SIZE, models, width): models answer the same items, and err on the same hard ones."""

    name: str
    measure: Measure
    rows: Any
    clustered: bool = False

    def true(self, model: int = 0) -> float:
        one = self.measure
        if one.value is not None:
            return float(one.value(self.rows[:, model].sum(axis=0)))
        assert one.rows is not None
        return one.rows(self.rows[:, model], np.arange(len(self.rows)))

    def sample(self, rng: Rng, n: int) -> tuple[Any, list[str] | None]:
        """``n`` items drawn independently, or n / 5 whole clusters, with the clusters' names."""
        if not self.clustered:
            return self.rows[rng.integers(0, len(self.rows), size=n)], None
        drawn = rng.integers(0, len(self.rows) // CLUSTER, size=n // CLUSTER)
        items = (drawn[:, None] * CLUSTER + np.arange(CLUSTER)).ravel()
        return self.rows[items], [str(one) for one in np.repeat(np.arange(len(drawn)), CLUSTER)]


def built(kind: Kind, name: str, **params: object) -> Measure:
    return BUILT_IN[kind][name](Context(labels=LABELS, params=params))


def difficulty(rng: Rng, skills: Skills, *, clustered: bool) -> Any:  # noqa: ANN401 an array (SIZE, models)
    """Numbers from 0 to the model's skill, alike for one item's models, and for a cluster's items."""
    shared = rng.normal(size=SIZE // CLUSTER).repeat(CLUSTER) if clustered else rng.normal(size=SIZE)
    own = rng.normal(size=(SIZE, len(skills)))
    order = np.argsort(np.argsort((shared[:, None] + own).ravel(), kind="stable"), kind="stable")
    return ((order + 0.5) / order.size).reshape(SIZE, len(skills)) * np.asarray(skills)


def proportion(rng: Rng, skills: Skills, *, share: float = 0.8, clustered: bool = False) -> Any:  # noqa: ANN401 an array
    right = difficulty(rng, skills, clustered=clustered) < share
    return np.stack([right, np.ones_like(right)], axis=-1).astype(float)


def mean(rng: Rng, skills: Skills, *, clustered: bool = False) -> Any:  # noqa: ANN401 an array
    """Scores in [0, 1] that pile up at 1, as those of F1 over answers do."""
    score = np.minimum(1.0, 1.4 * difficulty(rng, skills, clustered=clustered) ** 0.7)
    return np.stack([score, np.ones_like(score)], axis=-1)


def classes(rng: Rng, skills: Skills, *, clustered: bool = False) -> Any:  # noqa: ANN401 an array
    """Three classes, 60, 25 and 15 %; two thirds of the answers are right, the others lean to the large class."""
    truth = np.repeat(rng.choice(3, size=SIZE, p=[0.6, 0.25, 0.15])[:, None], len(skills), axis=1)
    right = difficulty(rng, skills, clustered=clustered) < np.array([0.8, 0.7, 0.6])[truth]
    other = np.where(rng.random(truth.shape) < 0.7, 0, rng.integers(0, 3, size=truth.shape))
    said = np.where(right, truth, other)
    seen, given = np.eye(3)[truth], np.eye(3)[said]
    return np.concatenate([seen * given, seen, given], axis=-1)


def one_class(rng: Rng, skills: Skills) -> Any:  # noqa: ANN401 an array
    rows = classes(rng, skills)
    return rows[..., 2::3]


def texts(rng: Rng, skills: Skills) -> Any:  # noqa: ANN401 an array
    """Log-likelihood in nats, bytes and words of texts whose lengths differ a hundredfold."""
    size = np.ceil(rng.lognormal(5, 0.8, size=SIZE))[:, None].repeat(len(skills), axis=1)
    rate = np.exp(0.3 * (difficulty(rng, skills, clustered=False) - 0.5)) * rng.gamma(20, 1 / 20, size=(SIZE, 1))
    return np.stack([-rate * size, size, np.ceil(size / 6)], axis=-1)


def spans(rng: Rng, skills: Skills) -> Any:  # noqa: ANN401 an array
    """Entities right, said and meant; most sentences have none or one."""
    meant = rng.poisson(0.9, size=SIZE)[:, None].repeat(len(skills), axis=1)
    right = rng.binomial(meant, 1 - 0.7 * difficulty(rng, skills, clustered=False))
    return np.stack([right, right + rng.poisson(0.3, size=right.shape), meant], axis=-1).astype(float)


def errors(rng: Rng, skills: Skills) -> Any:  # noqa: ANN401 an array
    length = 1 + rng.poisson(12, size=SIZE)[:, None].repeat(len(skills), axis=1)
    return np.stack([rng.binomial(length, 0.3 * difficulty(rng, skills, clustered=False)), length], axis=-1).astype(
        float
    )


def similarity(rng: Rng, skills: Skills, *, noise: float = 1.0) -> Any:  # noqa: ANN401 an array
    gold = rng.normal(size=SIZE)[:, None].repeat(len(skills), axis=1)
    return np.stack([gold + noise / np.asarray(skills) * rng.normal(size=gold.shape), gold], axis=-1)


def ranked(rng: Rng, skills: Skills) -> Any:  # noqa: ANN401 an array
    """Probabilities of three classes, the truth's place."""
    truth = rng.integers(0, 3, size=SIZE)
    signal = 2.5 * np.asarray(skills)[None, :, None] * np.eye(3)[truth][:, None]
    scores = rng.normal(size=(SIZE, len(skills), 3)) + rng.normal(size=(SIZE, 1, 3)) + signal
    shares = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
    return np.concatenate([shares, truth[:, None, None].repeat(len(skills), axis=1)], axis=-1)


ACC, MACRO, MCC = (built(Kind.CLASSIFY, name) for name in ("acc", "macro_f1", "mcc"))
SPEARMAN, NDCG = built(Kind.EMBED, "spearman"), built(Kind.RANK, "ndcg_10")
FAMILIES: dict[str, tuple[Measure, Callable[[Rng, Skills], Any], bool]] = {
    "proportion 0.8": (ACC, proportion, False),
    "proportion 0.95": (ACC, lambda rng, skills: proportion(rng, skills, share=0.95), False),
    "mean": (NDCG, mean, False),
    "macro F1": (MACRO, classes, False),
    "F1 of a class": (built(Kind.CLASSIFY, "f1", classes=["c"]), one_class, False),
    "span F1": (built(Kind.TAG, "span_f1"), spans, False),
    "MCC": (MCC, classes, False),
    "perplexity": (built(Kind.ROLLING, "byte_perplexity"), texts, False),
    "word errors": (built(Kind.TRANSCRIBE, "wer"), errors, False),
    "Spearman 0.7": (SPEARMAN, similarity, False),
    "Spearman 0.95": (SPEARMAN, lambda rng, skills: similarity(rng, skills, noise=0.3), False),
    "AUROC": (built(Kind.CLASSIFY, "auroc"), ranked, False),
    "proportion, clusters": (ACC, lambda rng, skills: proportion(rng, skills, clustered=True), True),
    "mean, clusters": (NDCG, lambda rng, skills: mean(rng, skills, clustered=True), True),
    "macro F1, clusters": (MACRO, lambda rng, skills: classes(rng, skills, clustered=True), True),
}


def population(name: str, rng: Rng, skills: Skills = (1.0,)) -> Population:
    measure, rows, clustered = FAMILIES[name]
    return Population(name=name, measure=measure, rows=rows(rng, skills), clustered=clustered)
