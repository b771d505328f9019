"""What learns to choose among labels. All answer unnormalized log-probabilities, float32, columns as ``labels``."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landbridge_baselines.features import Features, Matrix, text_of

Floats = NDArray[np.float32]
Items = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Constant:
    """The same answer whatever is asked."""

    labels: tuple[str, ...]
    answer: Floats

    def classify(self, items: Items) -> Floats:
        return np.tile(self.answer, (len(items), 1))


def fit_majority(items: Items, labels: Sequence[str]) -> Constant:
    counts = Counter(labels)
    names = tuple(sorted(counts))
    shares = np.array([counts[name] for name in names], np.float32) / len(labels)
    return Constant(names, np.log(shares))


@dataclass(frozen=True, slots=True)
class Linear:
    """Scores that are linear in the features."""

    labels: tuple[str, ...]
    features: Features
    weights: Floats  # (features, labels)
    bias: Floats

    def classify(self, items: Items) -> Floats:
        return np.ascontiguousarray(self.features.rows(items) @ self.weights + self.bias, np.float32)


def fit_linear(features: Features, items: Items, labels: Sequence[str], *, c: float) -> Linear | Constant:
    """Logistic regression with inverse regularization ``c``."""
    from sklearn.linear_model import LogisticRegression

    if len(set(labels)) == 1:
        return fit_majority(items, labels)
    fitted = LogisticRegression(C=c, max_iter=2000).fit(features.fit(items), np.array(labels))
    names = tuple(str(name) for name in fitted.classes_)
    weights, bias = fitted.coef_.T, fitted.intercept_
    if len(names) == 2:  # noqa: PLR2004 two labels share one row: the log-odds of the second
        weights, bias = np.hstack([np.zeros_like(weights), weights]), np.array([0, bias[0]])
    return Linear(names, features, weights.astype(np.float32), bias.astype(np.float32))


def fit_centroids(features: Features, items: Items, labels: Sequence[str]) -> Linear:
    """Cosine to the mean row of each label; its sharpness is the one that suits the training rows best."""
    rows = unit(features.fit(items))
    names = tuple(sorted(set(labels)))
    own = np.array([names.index(label) for label in labels])
    means = unit(np.stack([np.asarray(rows[own == index].mean(axis=0)).ravel() for index in range(len(names))]))
    cosines = np.asarray(rows @ means.T)
    sharpness = min((5.0, 10.0, 20.0, 40.0, 80.0), key=lambda one: log_loss(one * cosines, own))
    bias = np.zeros(len(names), np.float32)
    return Linear(names, Unit(features), (sharpness * means.T).astype(np.float32), bias)


@dataclass(frozen=True, slots=True)
class Unit:
    """Rows of length 1."""

    inner: Features

    def fit(self, items: Items) -> Matrix:
        return unit(self.inner.fit(items))

    def rows(self, items: Items) -> Matrix:
        return unit(self.inner.rows(items))


def unit(rows: Matrix) -> Matrix:
    from sklearn.preprocessing import normalize

    return normalize(rows)


def log_loss(scores: NDArray[np.floating[Any]], own: NDArray[np.int_]) -> float:
    from scipy.special import log_softmax

    return float(-log_softmax(scores, axis=1)[np.arange(len(own)), own].mean())


@dataclass(frozen=True, slots=True)
class NaiveBayes:
    """Multinomial naive Bayes on counts of character n-grams."""

    labels: tuple[str, ...]
    vectorizer: Any
    weights: Floats
    prior: Floats

    def classify(self, items: Items) -> Floats:
        counts = self.vectorizer.transform([text_of(item) for item in items])
        return np.ascontiguousarray(counts @ self.weights + self.prior, np.float32)


def fit_naive_bayes(items: Items, labels: Sequence[str]) -> NaiveBayes:
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.naive_bayes import MultinomialNB

    vectorizer = CountVectorizer(analyzer="char_wb", ngram_range=(1, 3), dtype=np.float32)
    counts = vectorizer.fit_transform([text_of(item) for item in items])
    fitted = MultinomialNB(alpha=0.05).fit(counts, np.array(labels))
    names = tuple(str(name) for name in fitted.classes_)
    weights, prior = fitted.feature_log_prob_.T, fitted.class_log_prior_
    return NaiveBayes(names, vectorizer, weights.astype(np.float32), prior.astype(np.float32))
