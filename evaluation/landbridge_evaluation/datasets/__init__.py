"""Datasets in their sealed form: inputs and labels in files of their own, pinned by digests."""

from landbridge_evaluation.datasets.seal import seal
from landbridge_evaluation.datasets.sealed import MANIFEST, SCHEMA, SealedDataset, open_sealed

__all__ = ["MANIFEST", "SCHEMA", "SealedDataset", "open_sealed", "seal"]
