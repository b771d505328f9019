"""An embedder that has learned nothing: what a trained one must beat."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landbridge_baselines.features import text_of
from landbridge_plugins import Role

WIDTH = 512


class HashedChars:
    """Counts of character n-grams 2-4 within words, hashed, as 1 + log(count) with the hash's sign."""

    def embed(self, items: Sequence[Any], role: Role) -> NDArray[np.float32]:  # noqa: ARG002 all roles look alike to it
        from sklearn.feature_extraction.text import HashingVectorizer

        hashing = HashingVectorizer(
            analyzer="char_wb", ngram_range=(2, 4), n_features=WIDTH, norm=None, dtype=np.float32
        )
        counts = hashing.transform([text_of(item) for item in items])
        counts.data = np.sign(counts.data) * (1 + np.log(np.maximum(np.abs(counts.data), 1)))
        return np.ascontiguousarray(counts.toarray(), np.float32)
