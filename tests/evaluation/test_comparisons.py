"""Paired tests equal their exact references; boards call better only what is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from landbridge_evaluation import statistics
from landbridge_evaluation.metrics import BUILT_IN, Context, Measure, column, compare
from landbridge_evaluation.statistics import Difference
from landbridge_plugins import Kind

RATIO = Measure(name="ratio", item=lambda _p, _t: (), value=lambda sums: sums[..., 0] / sums[..., 1])


def pairs_of(only_left: int, only_right: int, both: int = 20) -> tuple[np.ndarray, np.ndarray]:
    left = np.repeat([1.0, 0.0, 1.0], [only_left, only_right, both])
    right = np.repeat([0.0, 1.0, 1.0], [only_left, only_right, both])
    return left, right


@pytest.mark.parametrize(("one", "other"), [(0, 0), (5, 5), (0, 7), (12, 3), (3, 12), (40, 61)])
def test_mcnemar_and_the_sign_test_are_exact(one: int, other: int) -> None:
    count, fewer = one + other, min(one, other)
    exact = float(stats.binomtest(fewer, count).pvalue) if count else 1.0
    assert statistics.sign_test(one, other) == pytest.approx(exact)
    mid = min(1.0, 2 * stats.binom.cdf(fewer, count, 0.5) - stats.binom.pmf(fewer, count, 0.5)) if count else 1.0
    assert statistics.mcnemar_mid_p(one, other) == pytest.approx(mid)


def test_mcnemar_by_mid_p_has_the_published_value() -> None:
    # Fagerland, Lydersen, Laake (2013), airway hyper-responsiveness: 1 and 7 discordant pairs, mid-p 0.039
    assert statistics.mcnemar_mid_p(1, 7) == pytest.approx(0.039, abs=5e-4)


@pytest.mark.parametrize(("right", "n"), [(0, 20), (20, 20), (3, 50), (97, 1000)])
def test_clopper_pearson_equals_scipy(right: int, n: int) -> None:
    wanted = stats.binomtest(right, n).proportion_ci(0.95, method="exact")
    assert statistics.clopper_pearson(right, n) == pytest.approx((wanted.low, wanted.high), abs=1e-9)


def test_paired_means_are_students() -> None:
    rng = np.random.default_rng(0)
    left, right = rng.normal(1, 1, size=40), rng.normal(0.8, 1, size=40)
    wanted = stats.ttest_rel(left, right)
    found = statistics.paired_means(left, right)
    assert found.p == pytest.approx(wanted.pvalue)
    assert (found.low, found.high) == pytest.approx(tuple(wanted.confidence_interval(0.95)))
    repeated = statistics.paired_means(np.repeat(left, 3), np.repeat(right, 3), [str(n // 3) for n in range(120)])
    assert (repeated.p, repeated.low) == pytest.approx((found.p, found.low))
    assert repeated.method == "paired_cluster_t"


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_holm_never_falls_below_p_and_keeps_its_order(raw: list[float]) -> None:
    adjusted = statistics.holm(raw)
    assert all(one <= other <= 1 for one, other in zip(raw, adjusted, strict=True))
    order = np.argsort(raw, kind="stable")
    assert np.all(np.diff(np.asarray(adjusted)[order]) >= 0)
    assert adjusted[order[0]] == pytest.approx(min(1.0, raw[order[0]] * len(raw)))


def test_holm_equals_the_textbook() -> None:
    assert statistics.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_the_next_tier_starts_at_the_first_left_out() -> None:
    better = np.zeros((4, 4), dtype=bool)
    better[0, 2] = better[0, 3] = True  # 1 is like 0, and like 2 and 3: tiers are told by their leader
    assert statistics.tiers([0.9, 0.8, 0.7, 0.6], better) == [1, 1, 2, 2]
    places = statistics.places([0.9, 0.8, 0.7, 0.6], better)
    assert [(one.rank, one.low, one.high) for one in places] == [(1, 1, 2), (2, 1, 4), (3, 2, 4), (4, 2, 4)]


def test_a_bound_above_the_margin_is_not_inferior() -> None:
    found = Difference(effect=-0.002, low=-0.009, high=0.005, p=0.6, n=100, method="paired_t")
    assert statistics.noninferior(found, 0.01)
    assert not statistics.noninferior(found, 0.005)
    assert statistics.noninferior(found, 0.006, higher_is_better=False)


def ratios(rng: np.random.Generator, n: int, gain: float) -> tuple[np.ndarray, np.ndarray]:
    hard = rng.gamma(2, 1, size=n) + 0.5
    below = rng.poisson(4, size=n) + 1.0
    left, right = hard + gain + rng.normal(0, 0.3, size=n), hard + rng.normal(0, 0.3, size=n)
    return np.stack([left, below], axis=1), np.stack([right, below], axis=1)


def test_a_pair_is_close_to_scipys_paired_bootstrap() -> None:
    left, right = ratios(np.random.default_rng(2), 300, 0.05)
    found = compare([RATIO], {"ratio": left}, {"ratio": right}, key="k")["ratio"]
    wanted = stats.bootstrap(
        (left[:, 0], right[:, 0], left[:, 1]), lambda a, b, c, axis: (a.sum(axis) - b.sum(axis)) / c.sum(axis),
        paired=True, vectorized=True, n_resamples=10_000, method="BCa", rng=np.random.default_rng(3),
    ).confidence_interval  # fmt: skip
    width = wanted.high - wanted.low
    assert abs(found.low - wanted.low) < 0.06 * width and abs(found.high - wanted.high) < 0.06 * width


@pytest.mark.parametrize("gain", [0.0, 0.03, 0.05, 0.08, 0.5])
def test_p_and_interval_never_disagree(gain: float) -> None:
    for seed in range(10):
        left, right = ratios(np.random.default_rng(seed), 80, gain)
        found = compare([RATIO], {"ratio": left}, {"ratio": right}, key="k", draws=2000)["ratio"]
        assert (found.p < 0.05) == (not found.low <= 0 <= found.high)


def test_tails_beyond_the_draws_are_told_apart() -> None:
    found = []
    for gain in (0.5, 1.0):
        left, right = ratios(np.random.default_rng(1), 200, gain)
        found.append(compare([RATIO], {"ratio": left}, {"ratio": right}, key="k", draws=1000)["ratio"].p)
    assert found[1] < found[0] < 1e-4  # enough for Holm over hundreds of pairs


def test_sides_turn_around() -> None:
    left, right = ratios(np.random.default_rng(5), 100, 0.1)
    one = compare([RATIO], {"ratio": left}, {"ratio": right}, key="k")["ratio"]
    other = compare([RATIO], {"ratio": right}, {"ratio": left}, key="k")["ratio"]
    assert one.effect == pytest.approx(-other.effect)
    assert (one.low, one.p) == pytest.approx((-other.high, other.p), rel=0.2, abs=0.02)


def test_a_model_against_itself_differs_by_nothing() -> None:
    left, _ = ratios(np.random.default_rng(5), 100, 0.1)
    found = compare([RATIO], {"ratio": left}, {"ratio": left}, key="k")["ratio"]
    assert (found.effect, found.low, found.high, found.p) == (0, 0, 0, 1)


def test_clusters_are_drawn_whole() -> None:
    left, right = ratios(np.random.default_rng(6), 60, 0.05)
    names = [str(one) for one in np.repeat(np.arange(60), 4)]
    apart = compare([RATIO], {"ratio": left}, {"ratio": right}, key="k")["ratio"]
    whole = compare(
        [RATIO], {"ratio": left.repeat(4, axis=0)}, {"ratio": right.repeat(4, axis=0)}, key="k", clusters=names
    )["ratio"]
    assert whole.high - whole.low == pytest.approx(apart.high - apart.low, rel=0.1)


def test_uncommon_items_are_refused() -> None:
    with pytest.raises(ValueError, match="common"):
        compare([RATIO], {"ratio": np.ones((3, 2))}, {"ratio": np.ones((4, 2))}, key="k")


def board(levels: list[float], n: int = 400) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(8)
    hard = rng.random(n)
    return {
        f"m{place}": np.stack([(hard + rng.normal(0, 0.15, size=n) < level).astype(float), np.ones(n)], axis=1)
        for place, level in enumerate(levels)
    }


def test_a_column_has_places_tiers_and_every_pair() -> None:
    accuracy = BUILT_IN[Kind.CLASSIFY]["acc"](Context(labels=("a",)))
    found = column(accuracy, board([0.9, 0.9, 0.7, 0.5]), key="k")
    assert len(found.differences) == len(found.adjusted) == 6
    assert [found.places[f"m{n}"].tier for n in range(4)] == [1, 1, 2, 3]
    for place in found.places.values():
        assert place.low <= place.rank <= place.high
        assert place.drawn is not None and place.drawn[0] <= place.rank <= place.drawn[1]
    assert {found.places["m0"].high, found.places["m2"].low, found.places["m3"].low} == {2, 3, 4}
    assert found.differences["m0", "m3"].method == "mcnemar_mid_p"


def test_where_less_is_better_the_lowest_leads() -> None:
    loss = Measure(name="loss", item=RATIO.item, value=RATIO.value, higher_is_better=False)
    found = column(loss, board([0.9, 0.5]), key="k")
    assert (found.places["m1"].rank, found.places["m1"].tier, found.places["m0"].tier) == (1, 1, 2)


def test_ranks_without_sums_are_paired_too() -> None:
    spearman = BUILT_IN[Kind.EMBED]["spearman"](Context())
    rng = np.random.default_rng(3)
    gold = rng.normal(size=120)
    sides = {
        name: np.stack([gold + rng.normal(0, noise, size=120), gold], axis=1)
        for name, noise in (("near", 0.3), ("also", 0.3), ("far", 3.0))
    }
    found = column(spearman, sides, key="k")
    assert {name: one.tier for name, one in found.places.items()} == {"near": 1, "also": 1, "far": 2}
