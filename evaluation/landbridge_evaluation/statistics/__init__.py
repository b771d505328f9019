"""Intervals of 95 %: every number that leaves the engine has one."""

from landbridge_evaluation.statistics.bootstrap import DRAWS, bootstrap, generator, resampled
from landbridge_evaluation.statistics.intervals import bonett_wright, cluster_mean, mean_t, wilson

__all__ = ["DRAWS", "bonett_wright", "bootstrap", "cluster_mean", "generator", "mean_t", "resampled", "wilson"]
