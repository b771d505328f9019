"""Metrics: sums over items, and what the sums mean. Corpus metrics are never averages of items."""

from landbridge_evaluation.metrics.base import Context, Measure
from landbridge_evaluation.metrics.catalog import BUILT_IN, measures_of, metric_names
from landbridge_evaluation.metrics.compare import Column, column, compare
from landbridge_evaluation.metrics.estimate import Estimate, estimate

__all__ = [
    "BUILT_IN",
    "Column",
    "Context",
    "Estimate",
    "Measure",
    "column",
    "compare",
    "estimate",
    "measures_of",
    "metric_names",
]
