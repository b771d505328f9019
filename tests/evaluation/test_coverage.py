"""Intervals cover what they promise, and equal models are not called better: by simulation, each family and size.

500 draws each. In CI a tenth (200 simulations a cell) with a tolerance for chance; whole with ``PROOF_SCALE=1``.
"""

import functools
import math
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from landbridge_evaluation import statistics
from landbridge_evaluation.metrics import column, compare, estimate
from landbridge_evaluation.statistics import Difference
from tests.evaluation.populations import FAMILIES, Population, population
from tests.faults.scale import seed, size, tell

SIZES = (50, 200, 1000)
RUNS, PAIR_RUNS, WHOLE = 200, 100, 2000
LEVEL, ALPHA, FLOOR = 0.95, 0.05, 0.90
EQUAL, UNEQUAL = (1.0, 1.0), (1.0, 0.85)
ESTIMATE = sys.modules[estimate.__module__]  # the package names a function as the module
covered: dict[str, float] = {}


def slack(share: float, runs: int, cells: int = 1) -> float:
    """What chance alone may take away of an average over ``cells`` of ``runs``: nothing is given at full size."""
    return 3.5 * math.sqrt(share * (1 - share) / (runs * cells)) if runs < WHOLE else 0.0


@pytest.fixture(scope="module")
def start() -> int:
    found = seed()
    tell(f"coverage: PROOF_SEED={found}")
    return found


@pytest.fixture(autouse=True)
def fewer_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer draws than a result has: quantiles and errors are a little rougher, which hides nothing."""
    monkeypatch.setattr(statistics, "bootstrap", functools.partial(statistics.bootstrap, draws=500))
    monkeypatch.setattr(ESTIMATE, "ROW_DRAWS", 200)


def share_covered(found: Population, n: int, runs: int, rng: np.random.Generator) -> float:
    true, hits = found.true(), 0
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
    assert not {cell: share for cell, share in covered.items() if share < FLOOR - slack(FLOOR, runs)}
    give = slack(LEVEL, runs, len(covered))
    assert LEVEL - 0.02 - give <= average <= LEVEL + 0.02 + give


def pairs(found: Population, n: int, runs: int, rng: np.random.Generator) -> Iterator[Difference]:
    name = found.measure.name
    for number in range(runs):
        rows, clusters = found.sample(rng, n)
        sides = ({name: rows[:, 0]}, {name: rows[:, 1]})
        yield compare([found.measure], *sides, key=str(number), clusters=clusters, draws=500)[name]


def fewer_by_rows(found: Population, runs: int) -> int:
    """Where each draw sorts anew, a quarter."""
    return runs // 4 if found.measure.value is None and found.measure.influence is None else runs


def test_differences_are_covered_too(start: int) -> None:
    runs = size(PAIR_RUNS // 2, WHOLE)
    shares: dict[str, float] = {}
    for place, name in enumerate(FAMILIES):
        rng = np.random.default_rng([start, 300 + place])
        found = population(name, rng, UNEQUAL)
        gap, many = found.true(0) - found.true(1), fewer_by_rows(found, runs)
        shares[name] = sum(one.low <= gap <= one.high for one in pairs(found, 100, many, rng)) / many
        tell(f"differences | {name} | {100 * shares[name]:.1f} |")
    average = sum(shares.values()) / len(shares)
    tell(f"differences: mean {100 * average:.2f} % over {len(shares)} cells of {runs}")
    assert not {name: share for name, share in shares.items() if share < FLOOR - slack(FLOOR, runs // 4)}
    give = slack(LEVEL, runs, len(shares) // 2)
    assert LEVEL - 0.02 - give <= average <= LEVEL + 0.02 + give


def test_equal_models_are_rarely_told_apart(start: int) -> None:
    runs = size(PAIR_RUNS, WHOLE)
    false: dict[str, float] = {}
    for place, name in enumerate(FAMILIES):
        rng = np.random.default_rng([start, 100 + place])
        found = population(name, rng, EQUAL)
        many = fewer_by_rows(found, runs)
        shares = [sum(one.p < ALPHA for one in pairs(found, n, many, rng)) / many for n in SIZES[:2]]
        false.update({f"{name}, n {n}": share for n, share in zip(SIZES, shares, strict=False)})
        tell(f"equal models | {name} | {' | '.join(f'{100 * one:.1f}' for one in shares)} |")
    average = sum(false.values()) / len(false)
    tell(f"equal models: {100 * average:.2f} % told apart over {len(false)} cells of {runs}")
    assert average <= ALPHA + slack(ALPHA, runs, len(false))


def test_boards_of_equal_models_call_none_better(start: int) -> None:
    runs = size(PAIR_RUNS, WHOLE)
    false: dict[str, float] = {}
    for place, name in enumerate(("proportion 0.8", "mean", "macro F1", "perplexity", "macro F1, clusters")):
        rng = np.random.default_rng([start, 200 + place])
        found, wrong = population(name, rng, (1.0,) * 5), 0
        for number in range(runs):
            rows, clusters = found.sample(rng, 100)
            models = {str(one): rows[:, one] for one in range(5)}
            made = column(found.measure, models, key=str(number), clusters=clusters, draws=500)
            wrong += min(made.adjusted.values()) < ALPHA
        false[name] = wrong / runs
        tell(f"boards of equal models | {name} | {100 * wrong / runs:.1f} |")
    average = sum(false.values()) / len(false)
    tell(f"boards of equal models: {100 * average:.2f} % have a pair told apart, of {len(false)} times {runs}")
    assert average <= ALPHA + slack(ALPHA, runs, len(false))
