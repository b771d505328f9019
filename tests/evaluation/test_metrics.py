"""Metrics equal their reference libraries; corpus metrics come from sums."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from sacrebleu.metrics.chrf import CHRF
from scipy import stats
from sklearn import metrics as reference

from landbridge_evaluation.metrics import BUILT_IN, Context, Estimate, estimate, measures_of
from landbridge_evaluation.metrics.spans import entities
from landbridge_evaluation.metrics.texts import edits
from landbridge_evaluation.predictions import Prediction
from landbridge_plugins import Kind, SpecError, TaskSpec

LABELS = ("a", "b", "c", "d")


def answers(n: int = 400) -> tuple[list[Prediction], list[str], Any]:
    rng = np.random.default_rng(5)
    truth = rng.choice(LABELS[:3], size=n, p=[0.6, 0.3, 0.1]).tolist()
    logits = rng.normal(size=(n, 4)) + 1.5 * np.array([[label == one for label in LABELS] for one in truth])
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    said = [
        Prediction(label=LABELS[row.argmax()], probabilities=dict(zip(LABELS, row.tolist(), strict=True)))
        for row in shares
    ]
    return said, truth, shares


def measure(kind: Kind, name: str, said: Sequence[Prediction], truth: Sequence[Any], context: Context) -> Estimate:
    one = BUILT_IN[kind][name](context)
    rows = [one.item(prediction, target) for prediction, target in zip(said, truth, strict=True)]
    found = estimate(one, np.asarray(rows), key="test")
    assert found.low <= found.value <= found.high and found.n == len(rows)
    return found


@pytest.mark.parametrize("name", ["acc", "macro_f1", "balanced_acc", "mcc", "brier", "log_loss", "ece"])
def test_a_metric_over_labels_equals_scikit_learn(name: str) -> None:
    said, truth, shares = answers()
    labels = [one.label for one in said]
    onehot = np.array([[label == one for label in LABELS] for one in truth], dtype=float)
    sure, right = shares.max(1), np.array(labels) == np.array(truth)
    bins = np.clip(np.ceil(sure * 10).astype(int) - 1, 0, 9)
    gaps = [abs(sure[bins == one].sum() - right[bins == one].sum()) for one in range(10)]
    expected: Callable[[], float] = {
        "acc": lambda: reference.accuracy_score(truth, labels),
        "macro_f1": lambda: reference.f1_score(truth, labels, average="macro", zero_division=0),
        "balanced_acc": lambda: reference.recall_score(truth, labels, average="macro", labels=sorted(set(truth))),
        "mcc": lambda: reference.matthews_corrcoef(truth, labels),
        "brier": lambda: ((shares - onehot) ** 2).sum(1).mean(),
        "log_loss": lambda: reference.log_loss(truth, shares, labels=list(LABELS)),
        "ece": lambda: sum(gaps) / len(truth),
    }[name]
    assert measure(Kind.CLASSIFY, name, said, truth, Context(labels=LABELS)).value == pytest.approx(
        expected(), abs=1e-12
    )


def test_a_faulty_row_counts_as_wrong() -> None:
    said = [Prediction(label="a"), Prediction(label="a", fault=True)]
    assert measure(Kind.CLASSIFY, "acc", said, ["a", "a"], Context(labels=LABELS)).value == 0.5


def test_chrf_equals_sacrebleu_with_several_references_and_without_text() -> None:
    said = ["ein kleiner Test", "", "völlig anders", "Übung macht den Meister", "x"]
    meant = [["ein großer Test", "ein Test"], ["nichts"], ["etwas"], ["Übung macht den Meister"], ["y", "x"]]
    found = measure(Kind.GENERATE, "chrf", [Prediction(text=one) for one in said], meant, Context())
    scorer = CHRF(word_order=0)
    counts = [
        scorer._extract_corpus_statistics([one], [[ref] for ref in refs])[0]
        for one, refs in zip(said, meant, strict=True)
    ]
    assert found.value == pytest.approx(scorer._compute_f_score(np.sum(counts, axis=0).tolist()), abs=1e-9)
    single = [[one[0]] for one in meant]
    found = measure(Kind.GENERATE, "chrf", [Prediction(text=one) for one in said], single, Context())
    assert found.value == pytest.approx(scorer.corpus_score(said, [[one[0] for one in meant]]).score, abs=1e-9)


def test_bits_per_byte_is_a_ratio_of_sums() -> None:
    said = [Prediction(logprobs=(-10.0,), text="中文"), Prediction(logprobs=(-5.0,), text="two words")]
    found = measure(Kind.ROLLING, "bits_per_byte", said, [None, None], Context())
    assert found.value == pytest.approx(15 / (15 * math.log(2)))
    assert measure(Kind.ROLLING, "byte_perplexity", said, [None] * 2, Context()).value == pytest.approx(math.e)
    assert measure(Kind.ROLLING, "word_perplexity", said, [None] * 2, Context()).value == pytest.approx(math.exp(5))


def test_choices_are_normalized_by_characters_and_by_bytes() -> None:
    said = Prediction(logprobs=(-4.0, -5.0, -6.0), choices=("ab", "abcdef", "中文"))
    found = {name: measure(Kind.LOGLIKELIHOOD, name, [said], [one], Context()).value
             for name, one in (("acc", 0), ("acc_norm", 1), ("acc_bytes", 1))}  # fmt: skip
    assert found == {"acc": 1.0, "acc_norm": 1.0, "acc_bytes": 1.0}
    tie = Prediction(logprobs=(-2.0, -2.0), choices=("a", "b"))
    assert measure(Kind.LOGLIKELIHOOD, "acc", [tie], [0], Context()).value == 1.0  # ties go to the lowest place


def test_entities_follow_the_conll_script() -> None:
    assert entities(["B-X", "I-X", "O", "I-Y", "I-Y", "B-Y", "I-X"]) == {
        ("X", 0, 1), ("Y", 3, 4), ("Y", 5, 5), ("X", 6, 6),
    }  # fmt: skip
    assert entities(["B-creative-work", "I-creative-work"]) == {("creative-work", 0, 1)}


def test_span_f1_is_micro() -> None:
    said = [Prediction(tags=("B-X", "O")), Prediction(tags=("B-X", "I-X"))]
    truth = [["B-X", "B-X"], ["B-X", "O"]]
    assert measure(Kind.TAG, "span_f1", said, truth, Context()).value == pytest.approx(2 * 1 / (2 + 3))
    assert measure(Kind.TAG, "token_acc", said, truth, Context()).value == 0.5
    nothing = [Prediction(tags=("O",))]
    assert measure(Kind.TAG, "span_f1", nothing, [["O"]], Context()).value == 0.0


def test_answers_are_normalized_as_squad_and_cmrc_have_it() -> None:
    said = [Prediction(text="The  Cat!")]
    assert measure(Kind.EXTRACT_SPAN, "exact_match", said, [["cat"]], Context()).value == 1.0
    half = [Prediction(text="black cat")]
    assert measure(Kind.EXTRACT_SPAN, "f1", half, [["cat", "dog"]], Context()).value == pytest.approx(2 / 3)
    chinese = Context(languages=("zh-Hans",))
    assert measure(Kind.EXTRACT_SPAN, "f1", [Prediction(text="北京市")], [["北京"]], chinese).value == pytest.approx(
        0.8
    )


def test_errors_of_words_and_characters_are_edits_over_length() -> None:
    assert edits("kitten", "sitting") == 3 and edits("", "abc") == 3 and edits("abc", "") == 3
    said = [Prediction(text="The cat sat"), Prediction(text="on mat")]
    found = measure(Kind.TRANSCRIBE, "wer", said, ["the cat sat", "on the mat"], Context())
    assert found.value == pytest.approx(1 / 6)
    assert measure(Kind.TRANSCRIBE, "cer", [Prediction(text="北 京")], ["北京市"], Context()).value == pytest.approx(
        1 / 3
    )


def test_ranks_are_scored_against_the_ideal_order() -> None:
    said = [Prediction(hits=(False, True, False, True), relevant=2)]
    gain = (1 / math.log2(3) + 1 / math.log2(5)) / (1 + 1 / math.log2(3))
    assert measure(Kind.RANK, "ndcg_10", said, [None], Context()).value == pytest.approx(gain)
    assert measure(Kind.RANK, "mrr_10", said, [None], Context()).value == 0.5
    relevance, scores = [[0, 1, 0, 1]], [[4, 3, 2, 1]]
    assert gain == pytest.approx(reference.ndcg_score(relevance, scores, k=10))


def test_spearman_equals_scipy() -> None:
    rng = np.random.default_rng(1)
    gold = rng.normal(size=80).round(1)
    near = gold + rng.normal(size=80)
    said = [Prediction(similarity=float(one)) for one in near]
    found = measure(Kind.EMBED, "spearman", said, gold.tolist(), Context())
    assert found.value == pytest.approx(stats.spearmanr(near, gold).statistic)


def test_aliases_are_accepted_and_never_written() -> None:
    task = TaskSpec.from_json(
        {
            "name": "aliases",
            "kind": "classify",
            "dataset": {"ref": "file:x", "split": "test"},
            "prompt": {"input": "x", "target": {"column": "y"}},
            "metrics": ["accuracy", "f1_macro"],
        }
    )
    assert [one.name for one in measures_of(task, LABELS)] == ["acc", "macro_f1"]


def test_a_metric_that_is_not_there_is_answered_with_the_nearest() -> None:
    task = TaskSpec.from_json(
        {
            "name": "unknown",
            "kind": "classify",
            "dataset": {"ref": "file:x", "split": "test"},
            "prompt": {"input": "x", "target": {"column": "y"}},
            "metrics": ["acc", "macro_f2"],
        }
    )
    with pytest.raises(SpecError, match="macro_f1") as caught:
        measures_of(task, LABELS)
    assert caught.value.pointer == "/metrics/1/name"
