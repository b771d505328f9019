"""Metrics over generated, extracted and transcribed text."""

import re
import string
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from landbridge_evaluation.metrics.base import Context, Measure, mean, proportion
from landbridge_evaluation.metrics.labels import ratio
from landbridge_evaluation.predictions import Prediction

ARTICLES = re.compile(r"\b(a|an|the)\b")
PUNCTUATION = frozenset(string.punctuation + "，。：？！“”；’《》……·、「」（）－～『』‘")  # noqa: RUF001 Chinese marks are meant
BETA = 2.0  # chrF weighs recall twice


def exact_match(_context: Context) -> Measure:
    return proportion("exact_match", lambda prediction, targets: prediction.text in targets)


@cache
def chrf_scorer(word_order: int) -> Any:  # noqa: ANN401 sacrebleu's own type
    from sacrebleu.metrics.chrf import CHRF

    return CHRF(word_order=word_order)


def chrf(context: Context) -> Measure:
    """ChrF (0 to 100) of sacrebleu, from the summed counts of n-grams; of several references the nearest."""
    scorer = chrf_scorer(int(str(context.params.get("word_order", 0))))
    width = 3 * scorer.order

    def item(prediction: Prediction, targets: Sequence[str]) -> tuple[float, ...]:
        said = "" if prediction.fault else prediction.text
        counts = scorer._extract_corpus_statistics([said], [[one] for one in targets])[0]  # noqa: SLF001 it has no public way to counts
        return tuple(float(one) for one in counts)

    def value(sums: Any) -> Any:  # noqa: ANN401 arrays
        counts = np.asarray(sums).reshape(*np.shape(sums)[:-1], width // 3, 3)
        said, meant, match = counts[..., 0], counts[..., 1], counts[..., 2]
        both = (said > 0) & (meant > 0)
        orders = both.sum(-1)
        precision = ratio((ratio(match, said) * both).sum(-1), orders)
        recall = ratio((ratio(match, meant) * both).sum(-1), orders)
        return 100 * ratio((1 + BETA**2) * precision * recall, BETA**2 * precision + recall)

    return Measure(name="chrf", item=item, value=value, range=(0.0, 100.0))


def normalized(text: str) -> str:
    """SQuAD's normalization: lower case, no punctuation, no articles, single spaces."""
    bare = "".join(one for one in text.lower() if one not in PUNCTUATION)
    return " ".join(ARTICLES.sub(" ", bare).split())


def pieces(text: str, *, chinese: bool) -> list[str]:
    """Words; for Chinese, as CMRC has it, characters."""
    bare = normalized(text)
    return list(bare.replace(" ", "")) if chinese else bare.split()


def overlap(said: list[str], meant: list[str]) -> float:
    if not said or not meant:
        return float(said == meant)
    common = sum((Counter(said) & Counter(meant)).values())
    return 2 * common / (len(said) + len(meant))


def span_exact(_context: Context) -> Measure:
    def right(prediction: Prediction, targets: Sequence[str]) -> bool:
        return normalized(prediction.text) in {normalized(one) for one in targets or [""]}

    return proportion("exact_match", right)


def span_overlap(context: Context) -> Measure:
    def score(prediction: Prediction, targets: Sequence[str]) -> float:
        said = pieces(prediction.text, chinese=context.chinese)
        return max(overlap(said, pieces(one, chinese=context.chinese)) for one in targets or [""])

    return mean("f1", score)


def edits(said: Sequence[str], meant: Sequence[str]) -> int:
    """Levenshtein's distance."""
    row = list(range(len(meant) + 1))
    for number, one in enumerate(said, 1):
        before, row[0] = row[0], number
        for place, other in enumerate(meant, 1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (one != other))
    return row[-1]


def error_rate(name: str, split: Callable[[str], list[str]]) -> Measure:
    def item(prediction: Prediction, target: str) -> tuple[float, ...]:
        meant = split(target)
        return float(edits(split(prediction.text), meant)), float(len(meant))

    return Measure(
        name=name,
        item=item,
        value=lambda sums: sums[..., 0] / sums[..., 1],
        higher_is_better=False,
        range=(0.0, None),
    )


def wer(_context: Context) -> Measure:
    return error_rate("wer", lambda text: text.lower().split())


def cer(_context: Context) -> Measure:
    return error_rate("cer", lambda text: list("".join(text.lower().split())))
