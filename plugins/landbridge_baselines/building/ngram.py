"""Byte n-gram models, counted on the training passages of Python's reference."""

from functools import partial
from pathlib import Path

from landbridge_baselines.building.cards import write_marked
from landbridge_baselines.building.data import training_rows
from landbridge_baselines.ngrams import count, save_ngrams
from landbridge_baselines.specs import ORDERS


def build_ngrams(files: Path, *, slug: str) -> None:
    texts = [row["text"] for row in training_rows("bundled:pydoc_topics")]
    model = count(texts, ORDERS[slug])
    size = sum(len(text.encode()) for text in texts)
    kinds = sum(len(keys) for keys in model.keys.values())
    learned = f"Counted on {size:,} bytes of Python's language reference (`pydoc_data.topics`): {kinds:,} n-grams."
    write_marked(files, slug, learned)
    save_ngrams(model, files)


BUILDERS = {slug: partial(build_ngrams, slug=slug) for slug in ORDERS}
