"""Models side by side on the same items: exact where there is a form, else one paired bootstrap for all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from landbridge_evaluation import statistics
from landbridge_evaluation.metrics.base import Measure
from landbridge_evaluation.metrics.estimate import row_draws, value_of
from landbridge_evaluation.statistics import Difference, Joint, Place
from landbridge_plugins import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One metric over several models: their places, and each pair's difference with its p adjusted after Holm."""

    places: Mapping[str, Place]
    differences: Mapping[tuple[str, str], Difference]
    adjusted: Mapping[tuple[str, str], float]


def compare(  # noqa: PLR0913 what is drawn has defaults
    measures: Sequence[Measure],
    left: Mapping[str, Any],
    right: Mapping[str, Any],
    *,
    key: str,
    clusters: Sequence[str] | None = None,
    draws: int = statistics.DRAWS,
) -> dict[str, Difference]:
    """Left minus right for each metric; the statistics by name, (items, width), row by row of the same items."""
    found: dict[str, Difference] = {}
    summed = []
    for one in measures:
        mine, theirs = np.asarray(left[one.name]), np.asarray(right[one.name])
        if mine.shape != theirs.shape:
            raise ValueError(f"{one.name}: the two sides have {len(mine)} and {len(theirs)} items; give common ones.")
        exact = closed(one, mine, theirs, clusters)
        if exact is not None:
            found[one.name] = exact
        elif one.value is None:
            pair = drawn_rows(one, [mine, theirs], key, clusters)
            found[one.name] = differing(pair, 0, 1, len(mine))
        else:
            summed.append(one)
    if summed:
        blocks = [np.asarray(side[one.name]) for one in summed for side in (left, right)]
        values = [one.value for one in summed for _ in range(2) if one.value is not None]
        many = statistics.joint(blocks, values, key=key, clusters=clusters, draws=draws)
        for place, one in enumerate(summed):
            found[one.name] = differing(many, 2 * place, 2 * place + 1, len(blocks[0]))
    return {one.name: found[one.name] for one in measures}


def column(
    measure: Measure,
    stats: Mapping[str, Any],
    *,
    key: str,
    clusters: Sequence[str] | None = None,
    draws: int = statistics.DRAWS,
) -> Column:
    """A board's column: all pairs from the same draws, Holm over all of them, then ranks, rank intervals and tiers."""
    names, blocks = list(stats), [np.asarray(one, dtype=np.float64) for one in stats.values()]
    if len({one.shape for one in blocks}) > 1:
        raise ValueError(f"{measure.name}: models of a column share their items.")
    many = drawn_together(measure, blocks, key, clusters, draws)
    pairs = list(combinations(range(len(names)), 2))
    found = {}
    for one, other in pairs:
        exact = closed(measure, blocks[one], blocks[other], clusters)
        found[one, other] = exact or differing(many, one, other, len(blocks[one]))
    adjusted = dict(zip(pairs, statistics.holm([found[pair].p for pair in pairs]), strict=True))
    sign = 1 if measure.higher_is_better else -1
    won = beaten(len(names), sign, found, adjusted)
    return Column(
        places=dict(zip(names, statistics.places(sign * many.center, won, sign * many.drawn), strict=True)),
        differences={(names[one], names[other]): found[one, other] for one, other in pairs},
        adjusted={(names[one], names[other]): adjusted[one, other] for one, other in pairs},
    )


def drawn_together(
    measure: Measure, blocks: Sequence[Any], key: str, clusters: Sequence[str] | None, draws: int
) -> Joint:
    value = measure.value
    if measure.influence is not None:
        blocks, value = [linear(measure, one) for one in blocks], lambda sums: sums[..., 0] / sums[..., 1]
    if value is None:
        return drawn_rows(measure, blocks, key, clusters)
    return statistics.joint(blocks, [value] * len(blocks), key=key, clusters=clusters, draws=draws)


def linear(measure: Measure, stats: Any) -> Any:  # noqa: ANN401 arrays
    """(n, 2): a metric as a mean, to the first order: value plus influence of each row, and one."""
    assert measure.influence is not None  # noqa: S101 asked before
    value, parts = measure.influence(stats)
    return np.stack([value + parts, np.ones(len(parts))], axis=1)


def beaten(
    count: int, sign: int, found: Mapping[tuple[int, int], Difference], adjusted: Mapping[tuple[int, int], float]
) -> Any:  # noqa: ANN401 an array (M, M) of bool
    effects, ps = np.zeros((count, count)), np.ones((count, count))
    for (one, other), difference in found.items():
        effects[one, other], effects[other, one] = sign * difference.effect, -sign * difference.effect
        ps[one, other] = ps[other, one] = adjusted[one, other]
    return statistics.beats(effects, ps)


def closed(
    measure: Measure,
    left: Any,  # noqa: ANN401 an array
    right: Any,  # noqa: ANN401 an array
    clusters: Sequence[str] | None,
) -> Difference | None:
    """Proportions: exact mid-p McNemar. Means: paired t; areas: DeLong's. Clusters: t. None: by draws."""
    if measure.influence is not None:
        return statistics.paired_means(linear(measure, left)[:, 0], linear(measure, right)[:, 0], clusters)
    if measure.value is None or measure.interval not in (Interval.WILSON, Interval.T):
        return None
    if measure.interval is Interval.WILSON and clusters is None:
        return statistics.paired_proportions(left[:, 0], right[:, 0])
    return statistics.paired_means(left[:, 0], right[:, 0], clusters)


def differing(many: Joint, left: int, right: int, n: int) -> Difference:
    effect, low, high, p = statistics.contrast(many, left, right)
    return Difference(effect=effect, low=low, high=high, p=p, n=n, method="paired_bootstrap")


def drawn_rows(measure: Measure, blocks: Sequence[Any], key: str, clusters: Sequence[str] | None) -> Joint:
    """As ``joint``, for a metric that is no function of sums."""
    assert measure.rows is not None  # noqa: S101 a metric has one of the two
    count = len(blocks[0])
    drawn = [[measure.rows(one, index) for one in blocks] for index in row_draws(count, key, clusters)]
    return Joint(
        drawn=np.asarray(drawn),
        center=np.asarray([value_of(measure, one) for one in blocks]),
        count=count if clusters is None else len(set(clusters)),
    )
