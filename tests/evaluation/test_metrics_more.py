"""Metrics of classes, of confidence and of generated text equal their reference libraries, in Chinese too."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.ter import TER
from scipy import stats
from sklearn import metrics as reference

from landbridge_evaluation import statistics
from landbridge_evaluation.metrics import BUILT_IN, Context, Estimate, Measure, column, compare, estimate, measures_of
from landbridge_evaluation.metrics.classes import per_class
from landbridge_evaluation.metrics.generated import characters, common_subsequence, words
from landbridge_evaluation.metrics.labels import by_class
from landbridge_evaluation.predictions import Prediction
from landbridge_plugins import Kind, SpecError, TaskSpec

LABELS = ("a", "b", "c", "d")


def answers(n: int = 400, labels: Sequence[str] = LABELS, seed: int = 5) -> tuple[list[Prediction], list[str], Any]:
    rng = np.random.default_rng(seed)
    truth = rng.choice(list(labels), size=n).tolist()
    logits = rng.normal(size=(n, len(labels))) + 1.2 * np.array([[one == label for label in labels] for one in truth])
    shares = (np.exp(logits) / np.exp(logits).sum(1, keepdims=True)).round(2)  # rounded: there are ties
    said = [
        Prediction(label=labels[int(row.argmax())], probabilities=dict(zip(labels, row.tolist(), strict=True)))
        for row in shares
    ]
    return said, truth, shares


def rows_of(
    kind: Kind, name: str, context: Context, said: Sequence[Prediction], truth: Sequence[Any]
) -> tuple[Measure, Any]:
    one = BUILT_IN[kind][name](context)
    return one, np.asarray([one.item(prediction, target) for prediction, target in zip(said, truth, strict=True)])


def measured(kind: Kind, name: str, context: Context, said: Sequence[Prediction], truth: Sequence[Any]) -> Estimate:
    one, rows = rows_of(kind, name, context, said, truth)
    found = estimate(one, rows, key="test")
    assert found.low <= found.value <= found.high and found.n == len(rows)
    return found


# Named classes.


@pytest.mark.parametrize("classes", [["c"], ["a", "d"]])
@pytest.mark.parametrize("name", ["precision", "recall", "f1"])
def test_named_classes_equal_scikit_learn(name: str, classes: list[str]) -> None:
    said, truth, _ = answers()
    score = {"precision": reference.precision_score, "recall": reference.recall_score, "f1": reference.f1_score}[name]
    wanted = score(truth, [one.label for one in said], labels=classes, average="micro")
    found = measured(Kind.CLASSIFY, name, Context(labels=LABELS, params={"classes": classes}), said, truth)
    assert found.value == pytest.approx(wanted, abs=1e-12)
    assert found.method == ("bootstrap_bca" if name == "f1" and len(classes) > 1 else found.method)


def test_the_recall_of_a_rare_class_has_the_interval_of_its_own_rows() -> None:
    said = [Prediction(label="oos")] * 6 + [Prediction(label="in")] * 94
    truth = ["oos"] * 8 + ["in"] * 92
    found = measured(Kind.CLASSIFY, "recall", Context(labels=("in", "oos"), params={"classes": ["oos"]}), said, truth)
    assert (found.low, found.high) == pytest.approx(statistics.wilson(6, 8)) and found.method == "wilson"


def test_a_faulty_row_is_missed_and_nothing_is_said_of_it() -> None:
    said = [Prediction(label="a"), Prediction(label="a", fault=True)]
    context = Context(labels=("a", "b"), params={"classes": ["a"]})
    assert measured(Kind.CLASSIFY, "recall", context, said, ["a", "a"]).value == 0.5
    assert measured(Kind.CLASSIFY, "precision", context, said, ["a", "a"]).value == 1.0


def test_every_class_that_occurs_has_its_scores() -> None:
    said, truth, _ = answers()
    item = by_class(Context(labels=LABELS))
    rows = [item(one, target) for one, target in zip(said, truth, strict=True)]
    found = per_class((*LABELS, "unseen"), np.hstack([np.insert(part, 4, 0, axis=1) for part in np.split(
        np.asarray(rows), 3, axis=1)]), key="k")  # fmt: skip
    precision, recall, f1, _ = reference.precision_recall_fscore_support(
        truth, [one.label for one in said], labels=list(LABELS)
    )
    assert set(found) == set(LABELS)
    for place, label in enumerate(LABELS):
        values = [found[label][name].value for name in ("precision", "recall", "f1")]
        assert values == pytest.approx([precision[place], recall[place], f1[place]], abs=1e-12)


def spec(params: dict[str, Any]) -> TaskSpec:
    return TaskSpec.from_json(
        {
            "name": "classes",
            "kind": "classify",
            "dataset": {"ref": "file:x", "split": "test"},
            "prompt": {"input": "x", "target": {"column": "y"}},
            "metrics": [{"name": "acc", "primary": True}, {"name": "recall", "params": params}],
        }
    )


def test_the_name_of_a_class_is_part_of_the_metrics_name() -> None:
    task = spec({"classes": ["c"]})
    assert [one.name for one in measures_of(task, LABELS)] == ["acc", "recall_c"]


@pytest.mark.parametrize("params", [{}, {"classes": ["z"]}])
def test_a_class_that_is_no_label_is_answered_with_a_pointer(params: dict[str, Any]) -> None:
    with pytest.raises(SpecError) as caught:
        measures_of(spec(params), LABELS)
    assert caught.value.pointer == "/metrics/1/params"


def test_span_scores_by_type() -> None:
    said, truth = [Prediction(tags=("B-X", "B-Y", "O"))], [["B-X", "O", "B-Y"]]
    only = Context(params={"types": ["X"]})
    assert measured(Kind.TAG, "span_f1", only, said, truth).value == 1.0
    assert measured(Kind.TAG, "span_f1", Context(), said, truth).value == 0.5
    assert rows_of(Kind.TAG, "recall", only, said, truth)[0].name == "recall_X"


# Confidence.


@pytest.mark.parametrize("labels", [("no", "yes"), LABELS, ("是", "否")])
def test_areas_equal_scikit_learn(labels: tuple[str, ...]) -> None:
    said, truth, shares = answers(labels=labels)
    onehot = np.array([[one == label for label in labels] for one in truth])
    asked = [1] if len(labels) == 2 else list(range(len(labels)))
    for name, score in (("auroc", reference.roc_auc_score), ("ap", reference.average_precision_score)):
        wanted = np.mean([score(onehot[:, place], shares[:, place]) for place in asked])
        found = measured(Kind.CLASSIFY, name, Context(labels=labels), said, truth)
        assert found.value == pytest.approx(wanted, abs=1e-12)


def test_the_positive_class_can_be_named() -> None:
    said, truth, shares = answers(labels=("no", "yes"))
    context = Context(labels=("no", "yes"), params={"positive": "no"})
    wanted = reference.roc_auc_score([one == "no" for one in truth], shares[:, 0])
    assert measured(Kind.CLASSIFY, "auroc", context, said, truth).value == pytest.approx(wanted)


def test_delongs_error_is_that_of_its_definition() -> None:
    rng = np.random.default_rng(0)
    positive = rng.random(150) < 0.3
    scores = (rng.normal(size=150) + positive).round(1)
    area, influence = statistics.placements(scores, positive)
    ups, downs = scores[positive], scores[~positive]
    kernel = (ups[:, None] > downs) + (ups[:, None] == downs) / 2
    wanted = kernel.mean(1).var(ddof=1) / len(ups) + kernel.mean(0).var(ddof=1) / len(downs)
    assert area == pytest.approx(kernel.mean()) and influence.mean() == pytest.approx(0, abs=1e-12)
    assert influence.var(ddof=1) / 150 == pytest.approx(wanted, rel=0.02)


def test_a_perfect_order_is_bounded_by_the_rule_of_three() -> None:
    said = [Prediction(label="y", probabilities={"n": 1 - one, "y": one}) for one in (0.1, 0.2, 0.8, 0.9)]
    found = measured(Kind.CLASSIFY, "auroc", Context(labels=("n", "y")), said, ["n", "n", "y", "y"])
    assert (found.value, found.low, found.high) == (1.0, 0.25, 1.0)


def test_an_area_without_both_classes_is_no_number() -> None:
    said, _, _ = answers(n=40, labels=("n", "y"))
    one, rows = rows_of(Kind.CLASSIFY, "auroc", Context(labels=("n", "y")), said, ["y"] * 40)
    assert np.isnan(estimate(one, rows, key="k").value)
    one, rows = rows_of(Kind.CLASSIFY, "ap", Context(labels=("n", "y")), said, ["y"] * 40)
    assert np.isnan(estimate(one, rows, key="k").value)


def test_two_areas_are_compared_by_their_paired_errors() -> None:
    context = Context(labels=("n", "y"))
    said, truth, _ = answers(n=500, labels=("n", "y"))
    rng = np.random.default_rng(1)
    noise = [Prediction(label="n", probabilities={"n": 1 - one, "y": one}) for one in rng.random(500)]
    one, rows = rows_of(Kind.CLASSIFY, "auroc", context, said, truth)
    _, other = rows_of(Kind.CLASSIFY, "auroc", context, noise, truth)
    found = compare([one], {"auroc": rows}, {"auroc": other}, key="k")["auroc"]
    values = [estimate(one, each, key="k").value for each in (rows, other)]
    assert found.effect == pytest.approx(values[0] - values[1]) and found.p < 1e-6 and found.low > 0
    places = column(one, {"said": rows, "noise": other}, key="k").places
    assert (places["said"].tier, places["noise"].tier, places["said"].drawn) == (1, 2, (1, 1))


def test_risk_over_coverage_is_what_it_says() -> None:
    sure, right = [0.9, 0.8, 0.7, 0.6, 0.5], [1, 0, 1, 1, 0]
    said = [
        Prediction(label="a" if one else "b", probabilities={"a": p, "b": 1 - p})
        for p, one in zip(sure, right, strict=True)
    ]
    wanted = np.mean([0, 1 / 2, 1 / 3, 1 / 4, 2 / 5])
    assert measured(Kind.CLASSIFY, "aurc", Context(), said, ["a"] * 5).value == pytest.approx(wanted)
    assert measured(Kind.CLASSIFY, "acc_80", Context(), said, ["a"] * 5).value == 0.75


def test_equally_sure_rows_have_no_order() -> None:
    said = [Prediction(label=one, probabilities={"a": 0.5, "b": 0.5}) for one in "abab"]
    values = [measured(Kind.CLASSIFY, "aurc", Context(), part, ["a"] * 4).value for part in (said, said[::-1])]
    assert values == [0.5, 0.5]


def test_calibration_in_bins_of_equal_mass() -> None:
    said, truth, shares = answers()
    order = np.argsort(-shares.max(1), kind="stable")
    right = np.array([one.label == target for one, target in zip(said, truth, strict=True)], dtype=float)
    found = measured(Kind.CLASSIFY, "ece_mass", Context(), said, truth).value
    parts = np.array_split((shares.max(1) - right)[order], 10)
    assert found == pytest.approx(sum(abs(part.sum()) for part in parts) / 400, abs=0.02)  # ties are shared out


# Generated text.

Texts = tuple[list[str], list[list[str]]]
ENGLISH: Texts = (
    ["the cat sat on the mat today", "hello there general", "", "one"],
    [
        ["the cat sat on a mat", "a cat sat on the mat"],
        ["hello there general kenobi"] * 2,
        ["nothing"] * 2,
        ["two"] * 2,
    ],
)
CHINESE: Texts = (
    ["今天天气很好，我们去公园。", "机器学习是人工智能的分支", "完全不同"],  # noqa: RUF001 Chinese marks are meant
    [["今天天气真好，我们去公园玩。"], ["机器学习是人工智能的一个分支。"], ["毫无关系的句子"]],  # noqa: RUF001 likewise
)


@pytest.mark.parametrize(("language", "tokenize", "texts"), [("en", "13a", ENGLISH), ("zh-Hans", "zh", CHINESE)])
def test_bleu_and_ter_equal_sacrebleu(language: str, tokenize: str, texts: Texts) -> None:
    said, meant = texts
    streams = [list(one) for one in zip(*meant, strict=True)]
    context, given = Context(languages=(language,)), [Prediction(text=one) for one in said]
    found = measured(Kind.GENERATE, "bleu", context, given, meant)
    assert found.value == pytest.approx(BLEU(tokenize=tokenize).corpus_score(said, streams).score, abs=1e-9)
    asian = language != "en"
    found = measured(Kind.GENERATE, "ter", context, given, meant)
    assert found.value == pytest.approx(TER(normalized=asian, asian_support=asian).corpus_score(said, streams).score)


@given(st.lists(st.integers(0, 9), min_size=10, max_size=10))
def test_bleu_of_any_counts_equals_sacrebleu(raw: list[int]) -> None:
    total = raw[6:]
    right = [min(one, most) for one, most in zip(raw[2:6], total, strict=True)]
    wanted = BLEU.compute_bleu(list(right), list(total), raw[0], raw[1], smooth_method="exp").score
    value = BUILT_IN[Kind.GENERATE]["bleu"](Context()).value
    assert value is not None
    sums = np.array([raw[0], raw[1], *right, *total], dtype=float)
    assert float(value(np.stack([sums, sums]))[1]) == pytest.approx(wanted, abs=1e-9)


def table(one: Sequence[str], other: Sequence[str]) -> int:
    """The longest common subsequence by the textbook's table."""
    found = np.zeros((len(one) + 1, len(other) + 1), dtype=int)
    for row, mine in enumerate(one):
        for place, theirs in enumerate(other):
            both = found[row, place] + 1 if mine == theirs else 0
            found[row + 1, place + 1] = max(found[row, place + 1], found[row + 1, place], both)
    return int(found[-1, -1])


@given(st.text("abc中", max_size=20), st.text("abc中", max_size=20))
def test_the_common_subsequence_is_that_of_the_textbook(one: str, other: str) -> None:
    assert common_subsequence(one, other) == table(one, other)


def test_rouge_l_has_the_published_value_and_counts_chinese_by_character() -> None:
    # Lin (2004), section 3: against "police killed the gunman"
    for text, wanted in (("police kill the gunman", 0.75), ("the gunman kill police", 0.5)):
        found = measured(
            Kind.GENERATE, "rouge_l", Context(), [Prediction(text=text)], [["Police killed the gunman.", "no"]]
        )
        assert found.value == pytest.approx(wanted)
    chinese = Context(languages=("zh",))
    found = measured(Kind.GENERATE, "rouge_l", chinese, [Prediction(text="北京市")], [["北京"]])
    assert found.value == pytest.approx(0.8)
    assert characters("用GPT-4写的诗。") == ["用", "gpt", "4", "写", "的", "诗"]
    assert words("Don't stop, naïve_one!") == ["don", "t", "stop", "naïve", "one"]


def test_average_precision_of_ranks_equals_scikit_learn() -> None:
    hits = (False, True, False, True, True)
    found = measured(Kind.RANK, "map", Context(), [Prediction(hits=hits, relevant=3)], [None])
    assert found.value == pytest.approx(reference.average_precision_score(hits, [5, 4, 3, 2, 1]))
    assert stats.rankdata([2, 1, 2]).tolist() == statistics.midranks(np.array([2, 1, 2])).tolist()
