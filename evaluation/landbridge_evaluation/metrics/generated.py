"""Metrics over generated text beside chrF: BLEU and TER of sacrebleu from sums, ROUGE-L."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from landbridge_evaluation.metrics.base import Context, Measure, mean
from landbridge_evaluation.metrics.labels import ratio
from landbridge_evaluation.predictions import Prediction

ORDER = 4
WITHOUT_SPACES = {"zh": "zh", "ja": "char", "th": "char"}  # of languages written without them: sacrebleu's tokenizer
WORD = re.compile(r"[^\W_]+")
IDEOGRAPH = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")


@cache
def bleu_scorer(tokenize: str) -> Any:  # noqa: ANN401 sacrebleu's own type
    from sacrebleu.metrics.bleu import BLEU

    return BLEU(tokenize=tokenize)


@cache
def ter_scorer(*, asian: bool) -> Any:  # noqa: ANN401 sacrebleu's own type
    from sacrebleu.metrics.ter import TER

    return TER(normalized=asian, asian_support=asian)


def written(prediction: Prediction) -> str:
    return "" if prediction.fault else prediction.text


def script(context: Context) -> str:
    return context.languages[0].split("-")[0] if context.languages else ""


def bleu(context: Context) -> Measure:
    """BLEU (0 to 100; Papineni et al. 2002) of sacrebleu, exponential smoothing, from the summed counts of n-grams."""
    scorer = bleu_scorer(str(context.params.get("tokenize", WITHOUT_SPACES.get(script(context), "13a"))))

    def item(prediction: Prediction, targets: Sequence[str]) -> tuple[float, ...]:
        counts = scorer._extract_corpus_statistics([written(prediction)], [[one] for one in targets])[0]  # noqa: SLF001 it has no public way to counts
        return tuple(float(one) for one in counts)

    return Measure(name="bleu", item=item, value=bleu_of, range=(0.0, 100.0))


def bleu_of(sums: Any) -> Any:  # noqa: ANN401 arrays
    """From (length, length of the reference, right n-grams of 4 orders, n-grams of 4 orders), in the last axis."""
    sums = np.asarray(sums, dtype=np.float64)
    said, meant, right, given = sums[..., 0], sums[..., 1], sums[..., 2 : 2 + ORDER], sums[..., 2 + ORDER :]
    missing = (right == 0) & (given > 0)
    smoothed = ratio(np.where(missing, 0.5 ** np.cumsum(missing, axis=-1), right), given)
    with np.errstate(divide="ignore"):
        height = np.exp(np.log(smoothed).mean(axis=-1)) * (right > 0).any(axis=-1)
    brevity = np.exp(np.minimum(0.0, 1 - ratio(meant, said))) * (said > 0)
    return 100 * height * brevity


def ter(context: Context) -> Measure:
    """Translation edit rate (0 to 100 and more; Snover et al. 2006) of sacrebleu: summed edits over summed lengths."""
    scorer = ter_scorer(asian=script(context) in WITHOUT_SPACES)

    def item(prediction: Prediction, targets: Sequence[str]) -> tuple[float, ...]:
        edits, length = scorer._extract_corpus_statistics([written(prediction)], [[one] for one in targets])[0]  # noqa: SLF001 it has no public way to counts
        return float(edits), float(length)

    return Measure(
        name="ter",
        item=item,
        value=lambda sums: 100 * ratio(sums[..., 0], sums[..., 1]),
        higher_is_better=False,
        range=(0.0, None),
    )


def rouge_l(context: Context) -> Measure:
    """ROUGE-L (0 to 1; Lin 2004): F1 of the longest common subsequence, the best of the references, mean over rows.

    Tokens are words in lower case, for Chinese and Japanese characters; no stemming.
    """
    split = characters if script(context) in WITHOUT_SPACES else words

    def score(prediction: Prediction, targets: Sequence[str]) -> float:
        said = split(prediction.text)
        return max((subsequence_f1(said, split(one)) for one in targets), default=0.0)

    return mean("rouge_l", score)


def words(text: str) -> list[str]:
    return WORD.findall(text.lower())


def characters(text: str) -> list[str]:
    """Each ideograph or kana by itself; what stands between them, words."""
    return words(IDEOGRAPH.sub(lambda found: f" {found[0]} ", text))


def subsequence_f1(said: Sequence[str], meant: Sequence[str]) -> float:
    return 2 * common_subsequence(said, meant) / (len(said) + len(meant)) if said and meant else 0.0


def common_subsequence(one: Sequence[str], other: Sequence[str]) -> int:
    """The length of the longest common subsequence, a row of the table in one integer (Hyyrö 2004)."""
    where: dict[str, int] = {}
    for place, token in enumerate(one):
        where[token] = where.get(token, 0) | 1 << place
    full = (1 << len(one)) - 1
    row = full
    for token in other:
        both = row & where.get(token, 0)
        row = ((row + both) | (row - both)) & full
    return len(one) - row.bit_count()
