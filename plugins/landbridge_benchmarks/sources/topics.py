"""Python's own language reference, as ``pydoc`` carries it: text for language models."""

from collections.abc import Iterator
from functools import lru_cache, partial

from landbridge_benchmarks.sources.base import Row, Source, card, split_by, string

CUTS = {"validation": (0.6, 0.7), "test": (0.8, 1.0)}
PASSAGE = 1000  # characters; a paragraph is never cut
BODY = """
The topics of Python's language reference (`pydoc_data.topics`, PSF-2.0), cut into passages of about 1,000 characters at
blank lines. Topics are split by the hash of their name. Topics quote each other, so a paragraph that stands in the test
split is taken out of the others, and one of the validation split out of train: no paragraph is in two splits.
The text changes with the version of Python.
"""


@lru_cache(maxsize=1)
def passages() -> dict[str, list[Row]]:
    """The passages of each split; the order of claiming keeps repeated paragraphs out of the later ones."""
    from pydoc_data.topics import topics

    claimed: set[str] = set()
    splits: dict[str, list[Row]] = {}
    for split in ("test", "validation", "train"):
        splits[split] = []
        for topic in sorted(name for name in topics if split_by(name, CUTS) == split):
            fresh = [part for part in dict.fromkeys(topics[topic].split("\n\n")) if part.strip() not in claimed]
            claimed |= {part.strip() for part in fresh}
            splits[split] += [{"text": text, "topic": topic} for text in packed(fresh)]
    return splits


def packed(paragraphs: list[str]) -> Iterator[str]:
    held: list[str] = []
    for paragraph in paragraphs:
        held.append(paragraph)
        if sum(map(len, held)) >= PASSAGE:
            yield "\n\n".join(held)
            held = []
    if any(part.strip() for part in held):
        yield "\n\n".join(held)


def rows(split: str) -> Iterator[Row]:
    yield from passages()[split]


def open_topics(config: str) -> Source:
    title = "Topics of Python's reference"
    return Source(
        ref="bundled:pydoc_topics",
        config=config,
        title=title,
        license="PSF-2.0",
        commercial=True,
        languages=("en",),
        splits={split: partial(rows, split) for split in ("train", "validation", "test")},
        features={"text": string(), "topic": string()},
        label_columns=("topic",),
        readme=card(title=title, license="PSF-2.0", languages=("en",), task="text-generation", body=BODY),
    )
