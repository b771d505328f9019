"""Intervals cover what they promise, and equal models are not called better: by simulation, each family and size.

In CI a tenth (200 simulations a cell, 1,000 draws each) with a tolerance for chance; whole with ``PROOF_SCALE=1``.
"""

import functools
import math
from collections.abc import Iterator

import numpy as np
import pytest

from landbridge_evaluation import statistics
from landbridge_evaluation.metrics import column, compare, estimate
from tests.evaluation.populations import FAMILIES, Population, population
from tests.faults.scale import seed, size, tell

SIZES = (50, 200, 1000)
RUNS, WHOLE = 200, 2000
DRAWS = 1000
LEVEL, ALPHA = 0.95, 0.05
BY_ROWS = {"Spearman 0.7", "Spearman 0.95"}  # a thousand sorts for each pair
covered: dict[str, float] = {}


def slack(share: float, runs: int) -> float:
    """What chance alone may take away: nothing is given at full size."""
    return 3.5 * math.sqrt(share * (1 - share) / runs) if runs < WHOLE else 0.0


@pytest.fixture(scope="module")
def start() -> int:
    found = seed()
    tell(f"coverage: PROOF_SEED={found}")
    return found


@pytest.fixture(autouse=True)
def fewer_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of the draws: quantiles are a little rougher, which widens no interval."""
    monkeypatch.setattr(statistics, "bootstrap", functools.partial(statistics.bootstrap, draws=DRAWS))


def share_covered(found: Population, n: int, runs: int, rng: np.random.Generator) -> float:
    true, hits = found.true, 0
    for number in range(runs):
        rows, clusters = found.sample(rng, n)
        one = estimate(found.measure, rows[:, 0], key=str(number), clusters=clusters)
        hits += one.low <= true <= one.high
    return hits / runs


def test_intervals_cover_what_they_promise(start: int) -> None:
    runs = size(RUNS, WHOLE)
    for name in FAMILIES:
        rng = np.random.default_rng([start, len(covered)])
        found = population(name, rng)
        shares = [share_covered(found, n, runs, rng) for n in SIZES]
        covered.update({f"{name}, n {n}": share for n, share in zip(SIZES, shares, strict=True)})
        tell(f"coverage | {name} | {' | '.join(f'{100 * one:.1f}' for one in shares)} |")
    average = sum(covered.values()) / len(covered)
    tell(f"coverage: mean {100 * average:.2f} % over {len(covered)} cells of {runs}")
    few = {cell: share for cell, share in covered.items() if share < 0.90 - slack(0.90, runs)}
    assert not few
    give = slack(LEVEL, runs * len(covered)) if runs < WHOLE else 0.0
    assert 0.93 - give <= average <= 0.97 + give


def called(found: Population, n: int, runs: int, rng: np.random.Generator) -> Iterator[bool]:
    """Whether two equal models are told apart, run by run."""
    name = found.measure.name
    for number in range(runs):
        rows, clusters = found.sample(rng, n)
        sides = ({name: rows[:, 0]}, {name: rows[:, 1]})
        one = compare([found.measure], *sides, key=str(number), clusters=clusters, draws=DRAWS)[name]
        yield one.p < ALPHA


def test_equal_models_are_rarely_told_apart(start: int) -> None:
    runs = size(RUNS, WHOLE)
    false: dict[str, float] = {}
    for place, name in enumerate(FAMILIES):
        rng = np.random.default_rng([start, 100 + place])
        found = population(name, rng, 2)
        for n in (50,) if name in BY_ROWS else (50, 200):
            false[f"{name}, n {n}"] = float(np.mean(list(called(found, n, size(RUNS // 4, runs), rng))))
    for cell, share in false.items():
        tell(f"equal models | {cell} | {100 * share:.1f} |")
    average = sum(false.values()) / len(false)
    tell(f"equal models: mean {100 * average:.2f} % told apart")
    assert average <= ALPHA


def test_a_board_of_equal_models_has_one_tier(start: int) -> None:
    runs = size(RUNS, WHOLE)
    false: dict[str, float] = {}
    for place, name in enumerate(("proportion 0.8", "mean", "macro F1", "perplexity", "macro F1, clusters")):
        rng = np.random.default_rng([start, 200 + place])
        found, wrong = population(name, rng, 5), 0
        for number in range(runs):
            rows, clusters = found.sample(rng, 100)
            models = {str(one): rows[:, one] for one in range(5)}
            made = column(found.measure, models, key=str(number), clusters=clusters, draws=DRAWS)
            wrong += any(one < ALPHA for one in made.adjusted.values())
        false[name] = wrong / runs
        tell(f"boards of equal models | {name} | {100 * wrong / runs:.1f} |")
    average = sum(false.values()) / len(false)
    assert average <= ALPHA + slack(ALPHA, runs * len(false))
