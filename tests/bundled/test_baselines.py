"""Baselines on real data: each number in the band that the engine's specification gives."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

import landbridge_baselines
from landbridge_baselines.loading import Learner, NotAdapted
from landbridge_baselines.ngrams import NgramModel, count, load_ngrams, save_ngrams
from landbridge_baselines.specs import MODELS
from landbridge_baselines.translation import source_of
from landbridge_benchmarks.catalog import tasks
from landbridge_benchmarks.sources import open_source
from landbridge_plugins import (
    Classifier,
    Embedder,
    Generator,
    LoadedModel,
    LogLikelihoodScorer,
    Modality,
    ModelSpec,
    Prompt,
)

TASKS = {task.name: task for task in tasks()}
SPECS = {model.slug: model for model in MODELS}
NOWHERE = Path("/nonexistent")  # a learner's folder holds nothing to read
Rows = Callable[[str, str], list[tuple[object, str]]]
ACCURACY = [
    ("digits_linear", "majority-image", 0.102, 0.001),
    ("digits_linear", "nearest-centroid-image", 0.907, 0.01),
    ("digits_linear", "pixels-lr", 0.969, 0.005),
    ("django_langid", "majority", 0.05, 0.0),
    ("django_langid", "nearest-centroid", 0.906, 0.02),
    ("django_langid", "char-ngram", 0.925, 0.02),
    ("fashion_linear", "pixels-lr", 0.80, 0.02),
    ("fsdd_digits", "majority-audio", 0.1, 0.0),
    ("fsdd_digits", "logmel-lr", 0.97, 0.02),
    ("banking77", "majority", 0.013, 0.001),
    ("financial_phrasebank", "majority", 0.594, 0.001),
    ("financial_phrasebank", "tfidf-lr", 0.777, 0.005),
]


def learned(slug: str, task: str, rows: Rows) -> LoadedModel:
    model = landbridge_baselines.load_model(SPECS[slug], NOWHERE)
    assert model is not None
    fitted = landbridge_baselines.adapt_model(model, TASKS[task], rows(task, "train"))
    assert fitted is not None
    return fitted


@pytest.mark.parametrize(("task", "slug", "wanted", "within"), ACCURACY)
def test_a_classifier_reaches_its_accuracy(task: str, slug: str, wanted: float, within: float, rows: Rows) -> None:
    model = learned(slug, task, rows)
    assert isinstance(model, Classifier)
    test = rows(task, "test")
    scores = np.asarray(model.classify([item for item, _ in test]))
    assert scores.dtype == np.float32
    assert scores.shape == (len(test), len(model.labels))
    assert np.isfinite(scores).all()
    hits = [model.labels[best] == label for best, (_, label) in zip(scores.argmax(axis=1), test, strict=True)]
    assert np.mean(hits) == pytest.approx(wanted, abs=within + 1e-9)


def test_the_same_rows_give_the_same_classifier(rows: Rows) -> None:
    items = [item for item, _ in rows("digits_linear", "test")[:20]]
    first, second = (learned("pixels-lr", "digits_linear", rows) for _ in range(2))
    assert isinstance(first, Classifier)
    assert isinstance(second, Classifier)
    assert np.array_equal(np.asarray(first.classify(items)), np.asarray(second.classify(items)))


def test_two_labels_get_two_columns_and_one_label_gets_one() -> None:
    task = TASKS["django_langid"]
    model = landbridge_baselines.load_model(SPECS["tfidf-lr"], NOWHERE)
    assert model is not None
    train = [("very good work", "good"), ("a bad day", "bad"), ("good news", "good"), ("bad luck", "bad")]
    two = landbridge_baselines.adapt_model(model, task, train)
    one = landbridge_baselines.adapt_model(model, task, [("anything", "same")])
    assert isinstance(two, Classifier)
    assert isinstance(one, Classifier)
    assert two.labels == ("bad", "good")
    assert [two.labels[row] for row in np.asarray(two.classify(["good", "bad"])).argmax(axis=1)] == ["good", "bad"]
    assert np.asarray(one.classify(["x", "y"])).shape == (2, 1)


def test_chinese_is_read_by_characters_and_pairs_as_one_text() -> None:
    model = landbridge_baselines.load_model(SPECS["tfidf-lr"], NOWHERE)
    assert model is not None
    train = [
        (("很好的书", "我喜欢"), "好"),
        (("很差的书", "不喜欢"), "差"),
        (("好看", "推荐"), "好"),
        (("太差", "退货"), "差"),
    ]
    fitted = landbridge_baselines.adapt_model(model, TASKS["django_langid"], train)
    assert isinstance(fitted, Classifier)
    assert fitted.labels[int(np.asarray(fitted.classify([("差极了", "退货")])).argmax())] == "差"


def test_a_learner_that_has_seen_nothing_says_so() -> None:
    model = landbridge_baselines.load_model(SPECS["majority"], NOWHERE)
    assert isinstance(model, Learner)
    with pytest.raises(NotAdapted, match="training rows"):
        model.classify(["x"])
    with pytest.raises(ValueError, match="no training rows"):
        model.learn(TASKS["django_langid"], [])


def test_a_learner_leaves_other_kinds_of_task_and_other_models_alone() -> None:
    model = landbridge_baselines.load_model(SPECS["majority"], NOWHERE)
    assert model is not None
    assert landbridge_baselines.adapt_model(model, TASKS["pydoc_lm"], [("text", None)]) is None
    stranger = ModelSpec(slug="stranger", title="", modality=Modality.TEXT, license="MIT")
    assert landbridge_baselines.load_model(stranger, NOWHERE) is None


def bits_per_byte(model: LogLikelihoodScorer) -> float:
    texts = [row["text"] for row in open_source("bundled:pydoc_topics").splits["test"]()]
    nats = -sum(score.logprob for score in model.loglikelihood_rolling(texts))
    return float(nats / np.log(2) / sum(len(text.encode()) for text in texts))


@pytest.fixture(scope="module")
def language_models() -> dict[int, NgramModel]:
    texts = [row["text"] for row in open_source("bundled:pydoc_topics").splits["train"]()]
    return {order: count(texts, order) for order in (1, 3, 5)}


def test_longer_ngrams_predict_the_reference_better(language_models: dict[int, NgramModel]) -> None:
    bits = {order: bits_per_byte(model) for order, model in language_models.items()}
    assert bits[1] == pytest.approx(4.71, abs=0.1)
    assert bits[3] == pytest.approx(2.83, abs=0.1)
    assert bits[5] == pytest.approx(2.26, abs=0.1)


@pytest.mark.parametrize("order", [1, 3, 5])
def test_the_probabilities_of_the_next_byte_sum_to_one(order: int, language_models: dict[int, NgramModel]) -> None:
    for head in (b"", b"The value of", b"\xff\xfe never seen"):
        data = [np.frombuffer(head + bytes([byte]), np.uint8) for byte in range(256)]
        assert sum(language_models[order].probabilities(one)[-1] for one in data) == pytest.approx(1)


def test_a_context_and_its_continuation_weigh_as_much_as_the_whole(language_models: dict[int, NgramModel]) -> None:
    model = language_models[5]
    context, continuation = "The value ", "of the expression"
    head, whole = model.loglikelihood_rolling([context, context + continuation])
    (score,) = model.loglikelihood([(context, continuation)])
    assert score.logprob == pytest.approx(whole.logprob - head.logprob)
    assert score.tokens == len(continuation)


def test_greedy_is_true_where_each_byte_is_the_likeliest() -> None:
    model = count(["abababab"], 2)
    right, wrong = model.loglikelihood([("ab", "ab"), ("ab", "aa")])
    assert (right.greedy, wrong.greedy) == (True, False)


def test_ngrams_survive_safetensors_and_a_damaged_file_is_refused(tmp_path: Path) -> None:
    model = count(["to be or not to be", "grüße"], 3)
    save_ngrams(model, tmp_path)
    assert load_ngrams(tmp_path).loglikelihood_rolling(["be"]) == model.loglikelihood_rolling(["be"])
    save_file({"keys.1": np.array([2, 1]), "counts.1": np.array([1, 1])}, tmp_path / "model.safetensors")
    with pytest.raises(ValueError, match="sorted"):
        load_ngrams(tmp_path)
    save_file({"weights": np.zeros(3)}, tmp_path / "model.safetensors")
    with pytest.raises(ValueError, match="keys"):
        load_ngrams(tmp_path)


def prompt(source: str) -> str:
    template = TASKS["django_en_de"].prompt["input"]
    assert isinstance(template, str)
    return template.replace("{{ source }}", source)


@pytest.mark.parametrize("source", ["Welcome,", "Time: %(time)s", "A: B: C"])
def test_the_source_is_found_in_our_prompts(source: str) -> None:
    assert source_of(prompt(source)) == source


def test_a_translation_memory_knows_what_it_has_seen_and_copy_changes_nothing() -> None:
    rows = list(open_source("bundled:django_catalogs", "en-de").splits["train"]())
    model = landbridge_baselines.load_model(SPECS["translation-memory"], NOWHERE)
    assert model is not None
    train = [(prompt(row["source"]), row["target"]) for row in rows]
    memory = landbridge_baselines.adapt_model(model, TASKS["django_en_de"], train)
    copy = landbridge_baselines.load_model(SPECS["copy"], NOWHERE)
    assert isinstance(memory, Generator)
    assert isinstance(copy, Generator)
    asked = [Prompt(text=prompt(row["source"])) for row in rows[:20]]
    assert [one.text for one in memory.generate(asked)] == [row["target"] for row in rows[:20]]
    assert [one.text for one in copy.generate(asked)] == [row["source"] for row in rows[:20]]


def test_hashed_characters_find_most_translations_and_beat_chance_by_far() -> None:
    model = landbridge_baselines.load_model(SPECS["hashed-chars"], NOWHERE)
    assert isinstance(model, Embedder)
    rows = list(open_source("bundled:django_catalogs", "bitext-de").splits["test"]())
    left, right = (np.asarray(model.embed([row[column] for row in rows], "none")) for column in ("source", "target"))
    left, right = (side / np.linalg.norm(side, axis=1, keepdims=True) for side in (left, right))
    assert np.mean((left @ right.T).argmax(axis=1) == np.arange(len(rows))) == pytest.approx(0.68, abs=0.05)
