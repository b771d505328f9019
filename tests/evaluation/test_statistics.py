"""Intervals equal their published formulas and references, and cover what they promise."""

import math

import numpy as np
import pytest
from scipy import stats

from landbridge_evaluation.statistics import bonett_wright, bootstrap, cluster_mean, log_jackknife, mean_t, wilson
from landbridge_evaluation.statistics.bootstrap import widened


@pytest.mark.parametrize(("right", "n"), [(8, 10), (0, 20), (20, 20), (1390, 1540)])
def test_wilson_equals_scipy(right: int, n: int) -> None:
    wanted = stats.binomtest(right, n).proportion_ci(0.95, method="wilson")
    assert wilson(right, n) == pytest.approx((wanted.low, wanted.high), abs=1e-9)


def test_the_mean_has_students_interval() -> None:
    values = np.random.default_rng(0).normal(3, 2, size=25)
    wanted = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert mean_t(values) == pytest.approx((wanted.low, wanted.high), abs=1e-9)
    assert mean_t([5.0]) == (5.0, 5.0)


def test_clusters_of_one_row_each_give_students_interval() -> None:
    values = np.random.default_rng(0).normal(size=40)
    names = [str(one) for one in range(40)]
    assert cluster_mean(values, names) == pytest.approx(mean_t(values), abs=1e-9)


def test_rows_that_repeat_each_other_count_as_one() -> None:
    values = np.random.default_rng(0).normal(size=40)
    repeated, names = np.repeat(values, 5), [str(one) for one in np.repeat(np.arange(40), 5)]
    assert cluster_mean(repeated, names) == pytest.approx(mean_t(values), abs=1e-9)


def test_spearmans_interval_is_that_of_bonett_and_wright() -> None:
    # rho = 0.9079, n = 375: the published anchor's interval
    low, high = bonett_wright(0.9079, 375)
    half = 1.959963984540054 * math.sqrt((1 + 0.9079**2 / 2) / 372)
    assert (math.atanh(high) - math.atanh(low)) / 2 == pytest.approx(half, abs=1e-12)
    assert (round(low, 3), round(high, 3)) == (0.884, 0.927)
    assert bonett_wright(1.0, 50) == (1.0, 1.0)


def test_the_bootstrap_is_close_to_scipys_bca() -> None:
    rng = np.random.default_rng(2)
    above, below = rng.gamma(2, 1, size=300), rng.gamma(3, 1, size=300) + 1
    sums = np.stack([above, below], axis=1)
    low, high, method = bootstrap(sums, lambda one: one[..., 0] / one[..., 1], key="k")
    wanted = stats.bootstrap(
        (above, below), lambda a, b, axis: a.sum(axis) / b.sum(axis), paired=True, vectorized=True, n_resamples=10_000,
        method="BCa", rng=np.random.default_rng(3),
    ).confidence_interval  # fmt: skip
    width = wanted.high - wanted.low
    assert method == "bootstrap_bca"
    assert abs(low - wanted.low) < 0.05 * width and abs(high - wanted.high) < 0.05 * width


def test_few_distinct_rows_and_many_give_the_same_distribution() -> None:
    rng = np.random.default_rng(4)
    ones = (rng.random(500) < 0.7).astype(float)
    few = np.stack([ones, np.ones(500)], axis=1)
    many = np.stack([ones + rng.random(500) * 1e-9, np.ones(500)], axis=1)  # no two rows are alike
    ratio = lambda one: one[..., 0] / one[..., 1]  # noqa: E731 the metric's own form
    assert bootstrap(few, ratio, key="k")[:2] == pytest.approx(bootstrap(many, ratio, key="k")[:2], abs=0.005)


def test_draws_hang_on_the_key_alone() -> None:
    sums = np.stack([np.arange(50.0), np.ones(50)], axis=1)
    ratio = lambda one: one[..., 0] / one[..., 1]  # noqa: E731 the metric's own form
    assert bootstrap(sums, ratio, key="a") == bootstrap(sums, ratio, key="a") != bootstrap(sums, ratio, key="b")


def test_what_cannot_vary_gets_a_point_and_no_error() -> None:
    low, high, method = bootstrap(np.ones((30, 2)), lambda one: one[..., 0] / one[..., 1], key="k")
    assert (low, high, method) == (1.0, 1.0, "bootstrap_percentile")


@pytest.mark.parametrize("n", [1, 2, 3, 5, 10])
def test_few_units_reach_further_and_stay_among_the_draws(n: int) -> None:
    sums = np.stack([np.arange(1.0, n + 1) ** 3, np.ones(n)], axis=1)  # skewed
    low, high, _ = bootstrap(sums, lambda one: one[..., 0] / one[..., 1], key="k", draws=1000)
    assert 1 <= low <= sums[:, 0].mean() <= high <= n**3


def test_how_far_a_bootstrap_reaches_is_hesterbergs() -> None:
    for n in (10, 50, 1000):
        assert widened(n) == pytest.approx(stats.t.ppf(0.975, n - 1) * math.sqrt(n / (n - 1)))
    assert widened(1) == pytest.approx(stats.norm.ppf(0.975))


def test_the_jackknife_of_a_mean_has_students_error_on_the_logarithm() -> None:
    values = np.random.default_rng(0).normal(50, 1, size=200)  # the logarithm is a straight line here
    low, high = log_jackknife(np.stack([values, np.ones(200)], axis=1), lambda one: one[..., 0] / one[..., 1])
    assert (low, high) == pytest.approx(mean_t(values), abs=1e-3)
    assert log_jackknife(np.array([[2.0, 1.0]]), lambda one: one[..., 0] / one[..., 1]) == (2.0, 2.0)


def test_clusters_widen_an_interval_that_would_be_too_narrow() -> None:
    """Clusters of 5 from Beta(4, 1): plain Wilson covers 87 to 88 %, cluster t 94 to 95 %."""
    rng, hits, plain = np.random.default_rng(7), 0, 0
    runs, clusters = 300, 60
    names = [str(one) for one in np.repeat(np.arange(clusters), 5)]
    for _ in range(runs):
        values = (rng.random(5 * clusters) < np.repeat(rng.beta(4, 1, size=clusters), 5)).astype(float)
        low, high = cluster_mean(values, names)
        hits += low <= 0.8 <= high
        low, high = wilson(values.sum(), values.size)
        plain += low <= 0.8 <= high
    assert hits / runs > 0.91 and hits > plain


@pytest.mark.parametrize("n", [50, 200])
def test_a_bootstrapped_ratio_is_covered_as_promised(n: int) -> None:
    rng, hits, runs = np.random.default_rng(n), 0, 200
    for number in range(runs):
        said, meant = rng.poisson(3, size=n) + 1.0, rng.poisson(4, size=n) + 1.0
        sums = np.stack([said, meant], axis=1)
        low, high, _ = bootstrap(sums, lambda one: one[..., 0] / one[..., 1], key=str(number), draws=1000)
        hits += low <= 4 / 5 <= high
    assert 0.90 <= hits / runs <= 0.99
