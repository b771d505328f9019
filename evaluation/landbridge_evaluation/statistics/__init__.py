"""Intervals of 95 %, paired tests and boards: every number that leaves the engine has an interval."""

from landbridge_evaluation.statistics.areas import logit_area, midranks, placements
from landbridge_evaluation.statistics.boards import ALPHA, Place, beats, drawn_ranks, holm, places, tiers
from landbridge_evaluation.statistics.bootstrap import DRAWS, bootstrap, generator, resampled
from landbridge_evaluation.statistics.intervals import bonett_wright, clopper_pearson, cluster_mean, mean_t, wilson
from landbridge_evaluation.statistics.jackknife import log_jackknife
from landbridge_evaluation.statistics.joint import Joint, contrast, joint
from landbridge_evaluation.statistics.pairs import (
    Difference,
    bonett_price,
    mcnemar_mid_p,
    noninferior,
    paired_means,
    paired_proportions,
    sign_test,
)

__all__ = [
    "ALPHA",
    "DRAWS",
    "Difference",
    "Joint",
    "Place",
    "beats",
    "bonett_price",
    "bonett_wright",
    "bootstrap",
    "clopper_pearson",
    "cluster_mean",
    "contrast",
    "drawn_ranks",
    "generator",
    "holm",
    "joint",
    "log_jackknife",
    "logit_area",
    "mcnemar_mid_p",
    "mean_t",
    "midranks",
    "noninferior",
    "paired_means",
    "paired_proportions",
    "placements",
    "places",
    "resampled",
    "sign_test",
    "tiers",
    "wilson",
]
