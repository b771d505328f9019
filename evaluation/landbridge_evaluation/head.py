"""A linear head on frozen features, fitted outside the child: the model gives features, and never sees a label."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

GRID = (0.1, 1.0, 10.0, 100.0, 1000.0)  # inverse regularization
ITERATIONS = 2000
Prepare = Callable[[Any], Any]
HELD_OUT = 0.1  # of train, where there is no validation split


@dataclass(frozen=True, slots=True)
class Head:
    """A fitted head: probabilities in the order of the task's labels."""

    model: Any
    labels: tuple[str, ...]
    c: float
    prepare: Prepare

    def probabilities(self, features: Any) -> Any:  # noqa: ANN401 arrays
        """Shape (n, labels). A label that training never showed has probability 0."""
        places = {name: place for place, name in enumerate(self.labels)}
        out = np.zeros((len(features), len(self.labels)))
        columns = [places[name] for name in self.model.classes_]
        out[:, columns] = self.model.predict_proba(self.prepare(features))
        return out


def unit(features: Any) -> Any:  # noqa: ANN401 arrays
    """Rows of length 1, in the precision that features travel in."""
    array = np.asarray(features, dtype=np.float32)
    lengths = np.linalg.norm(array, axis=1, keepdims=True)
    return array / np.where(lengths > 0, lengths, np.float32(1))


def as_it_is(features: Any) -> Any:  # noqa: ANN401 arrays
    return np.asarray(features, dtype=np.float32)


def fit(  # noqa: PLR0913 each by name
    train: tuple[Any, Sequence[str]],
    validation: tuple[Any, Sequence[str]] | None,
    *,
    labels: tuple[str, ...],
    c: float | None = None,
    seed: int = 0,
    prepare: Prepare | None = None,
) -> Head:
    """Choose C by validation log-loss unless it is given, and fit on all of train.

    ``prepare`` is done to features first: of texts their length is made 1, those of words stay as they are.
    """
    prepare = prepare or unit
    features, targets = prepare(train[0]), np.asarray(train[1])
    if len(set(train[1])) < 2:  # noqa: PLR2004 nothing to tell apart
        return Head(OneClass(str(targets[0])), labels, 0.0, prepare)
    if c is not None:
        return Head(regression(features, targets, c, seed), labels, c, prepare)
    if validation is not None and len(validation[1]):
        fitted = {value: regression(features, targets, value, seed) for value in GRID}
        losses = {value: loss(model, prepare(validation[0]), validation[1]) for value, model in fitted.items()}
        chosen = min(GRID, key=lambda value: losses[value])
        return Head(fitted[chosen], labels, chosen, prepare)
    kept, held = parted(len(targets), seed)
    losses = {
        value: loss(regression(features[kept], targets[kept], value, seed), features[held], targets[held].tolist())
        for value in GRID
    }
    chosen = min(GRID, key=lambda value: losses[value])
    return Head(regression(features, targets, chosen, seed), labels, chosen, prepare)


def regression(features: Any, targets: Any, c: float, seed: int) -> Any:  # noqa: ANN401 scikit-learn's own types
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return LogisticRegression(C=c, max_iter=ITERATIONS, random_state=seed).fit(features, targets)


def loss(model: Any, features: Any, targets: Sequence[str]) -> float:  # noqa: ANN401 scikit-learn's own types
    """Mean log-loss; a label that training never showed counts as the smallest probability."""
    shares = model.predict_proba(features)
    places = {name: place for place, name in enumerate(model.classes_)}
    smallest = np.finfo(np.float64).eps
    own = [shares[row, places[name]] if name in places else 0.0 for row, name in enumerate(targets)]
    return float(-np.log(np.clip(own, smallest, 1.0)).mean())


def parted(count: int, seed: int) -> tuple[Any, Any]:
    """(kept, held out) places."""
    order = np.random.Generator(np.random.Philox(key=seed)).permutation(count)
    held = max(1, round(HELD_OUT * count))
    return np.sort(order[held:]), np.sort(order[:held])


@dataclass(frozen=True, slots=True)
class OneClass:
    """Where training shows one label only, that is the answer."""

    label: str

    @property
    def classes_(self) -> list[str]:
        return [self.label]

    def predict_proba(self, features: Any) -> Any:  # noqa: ANN401 arrays
        return np.ones((len(features), 1))
