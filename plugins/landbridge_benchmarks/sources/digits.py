"""Handwritten digits, 8x8 pixels of 0 to 16, as scikit-learn carries them (UCI, Alpaydin and Kaynak 1998)."""

from collections.abc import Iterator
from functools import lru_cache, partial

from landbridge_benchmarks.sources.base import Row, Source, card, class_label

NAMES = tuple(str(digit) for digit in range(10))
TEST, VALIDATION = 450, 135
BODY = """
1,797 handwritten digits of 8x8 pixels with 17 gray levels (0 to 16, unscaled), from 43 writers: the test part of the
UCI set "Optical Recognition of Handwritten Digits" (E. Alpaydin, C. Kaynak, 1998, CC-BY-4.0), as scikit-learn has it.
Test: 450 digits, stratified, seed 0; of the rest, 135 are for validation. Writers are not named, so one writer's digits
may stand in several splits.
"""


@lru_cache(maxsize=1)
def parts() -> dict[str, list[int]]:
    """The rows of each split, by their place in scikit-learn's array."""
    import numpy as np
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    labels = load_digits().target
    rest, test = train_test_split(np.arange(len(labels)), test_size=TEST, stratify=labels, random_state=0)
    train, validation = train_test_split(rest, test_size=VALIDATION, stratify=labels[rest], random_state=0)
    return {"train": train.tolist(), "validation": validation.tolist(), "test": test.tolist()}


def rows(split: str) -> Iterator[Row]:
    from sklearn.datasets import load_digits

    digits = load_digits()
    for index in parts()[split]:
        yield {"image": digits.images[index].astype("uint8").tolist(), "label": NAMES[digits.target[index]]}


def open_digits(config: str) -> Source:
    title = "Handwritten digits"
    return Source(
        ref="bundled:digits",
        config=config,
        title=title,
        license="CC-BY-4.0",
        commercial=True,
        languages=("en",),
        splits={split: partial(rows, split) for split in ("train", "validation", "test")},
        features={
            "image": {"_type": "Array2D", "shape": [8, 8], "dtype": "uint8"},
            "label": class_label(NAMES),
        },
        label_columns=("label",),
        readme=card(title=title, license="CC-BY-4.0", languages=("en",), task="image-classification", body=BODY),
    )
