"""What a model can do, by its list of files alone; how a task reaches it; how work is cut."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest

from landbridge_evaluation.capabilities import Capabilities, capabilities_of
from landbridge_evaluation.planning import Route, plan_shards, route_for, why_not
from landbridge_plugins import Modality, ModelSpec, TaskSpec

Json = dict[str, Any] | None
BERT = ("config.json", "model.safetensors", "tokenizer.json")


def task_of(kind: str = "classify", *, train: bool = True, **more: object) -> TaskSpec:
    prompts = {
        "classify": {"input": "x", "target": {"column": "y"}},
        "tag": {"tokens": {"column": "x"}, "tags": {"column": "y"}},
        "loglikelihood_rolling": {"text": {"column": "x"}},
    }
    metrics = {"classify": "acc", "tag": "span_f1", "loglikelihood_rolling": "bits_per_byte"}
    dataset = {"ref": "file:x", "split": "test"} | (
        {"train_split": "train", "validation_split": "validation"} if train else {}
    )
    return TaskSpec.from_json(
        {"name": "planned", "kind": kind, "dataset": dataset, "prompt": prompts[kind], "metrics": [metrics[kind]],
         "adaptation": {"method": "head" if train else "none"}, **more}
    )  # fmt: skip


@pytest.mark.parametrize(
    ("architecture", "model_type", "kinds", "modality"),
    [
        ("BertModel", "bert", ("embed",), "text"),
        ("BertForMaskedLM", "bert", ("embed",), "text"),
        ("DistilBertForSequenceClassification", "distilbert", ("classify", "embed"), "text"),
        ("BertForTokenClassification", "bert", ("tag", "embed"), "text"),
        ("BertForQuestionAnswering", "bert", ("extract_span", "embed"), "text"),
        ("GPT2LMHeadModel", "gpt2", ("loglikelihood", "loglikelihood_rolling", "generate"), "text"),
        ("LlamaForCausalLM", "llama", ("loglikelihood", "loglikelihood_rolling", "generate"), "text"),
        ("ViTForImageClassification", "vit", ("classify", "embed"), "image"),
        ("Wav2Vec2ForCTC", "wav2vec2", ("transcribe",), "audio"),
        ("WhisperForConditionalGeneration", "whisper", ("transcribe",), "audio"),
    ],
)
def test_an_architecture_says_what_it_answers(
    architecture: str, model_type: str, kinds: tuple[str, ...], modality: str
) -> None:
    config = {"architectures": [architecture], "model_type": model_type, "id2label": {"0": "a", "1": "b"}}
    found = capabilities_of(BERT, config, None, {})
    assert (found.kinds, found.modality, found.slug) == (kinds, modality, "huggingface")
    assert found.labels == (("a", "b") if kinds[0] in ("classify", "tag") else ())
    assert Capabilities.from_json(found.to_json()) == found


@pytest.mark.parametrize(
    ("paths", "config", "marker", "words"),
    [
        ((), None, None, "neither config.json nor landbridge.json"),
        (("config.json", "tokenizer.json"), {"architectures": ["BertModel"]}, None, "no *.safetensors"),
        (("config.json", "m.safetensors"), {"architectures": ["BertModel"]}, None, "no tokenizer"),
        (BERT, {"architectures": ["OddThing"]}, None, "no known request kind"),
        (
            ("landbridge.json",),
            None,
            {"schema": "landbridge.model/1", "slug": "nobody"},
            'registers the model "nobody"',
        ),
        (("landbridge.json",), None, {"slug": "majority"}, "must say"),
    ],
)
def test_a_folder_that_can_do_nothing_says_why(paths: Sequence[str], config: Json, marker: Json, words: str) -> None:
    found = capabilities_of(paths, config, marker, {})
    assert found.kinds == () and words in found.reason
    assert words in why_not(task_of(), found) and route_for(task_of(), found) is None


def test_a_marked_folder_does_what_its_plugin_says() -> None:
    spec = ModelSpec(slug="a-b", title="A", modality=Modality.IMAGE, license="MIT", kinds=("classify",), adapts=True)
    found = capabilities_of(("landbridge.json",), None, {"schema": "landbridge.model/1", "slug": "a-b"}, {"a-b": spec})
    assert found == Capabilities(kinds=("classify",), modality="image", slug="a-b", adapts=True)


@pytest.mark.parametrize(
    ("kinds", "adapts", "train", "route"),
    [
        (("classify",), False, True, Route.NATIVE),
        (("embed",), False, True, Route.HEAD),
        (("embed",), False, False, None),
        (("classify",), True, True, Route.ADAPT),
        (("classify",), True, False, Route.NATIVE),
        ((), True, True, Route.ADAPT),
        (("generate",), True, True, None),
        (("generate",), False, True, None),
    ],
)
def test_the_route_follows_from_what_both_can_do(
    kinds: tuple[str, ...],
    adapts: bool,  # noqa: FBT001 a column of the table
    train: bool,  # noqa: FBT001 a column of the table
    route: Route | None,
) -> None:
    able = Capabilities(kinds=kinds, adapts=adapts, slug="x")
    task = task_of(train=train)
    assert route_for(task, able) is route
    assert bool(why_not(task, able)) is (route is None)


def test_a_head_with_other_labels_gives_its_features_instead() -> None:
    able = Capabilities(kinds=("classify", "embed"), slug="huggingface", labels=("POSITIVE", "NEGATIVE"))
    assert route_for(task_of(), able, ("a", "b")) is Route.HEAD
    assert route_for(task_of(), able, ("POSITIVE", "NEGATIVE")) is Route.NATIVE


def test_a_model_of_another_modality_is_told_so() -> None:
    able = Capabilities(kinds=("classify",), modality="image", slug="x")
    assert route_for(task_of(), able) is None and "the model is about image" in why_not(task_of(), able)


def test_shards_cover_every_row_once_and_the_head_needs_all_splits() -> None:
    counts = {"train": 3000, "validation": 770, "test": 1540}
    native = plan_shards(task_of(), counts, Route.NATIVE, first_index=7)
    assert [(one.index, one.start, one.stop) for one in native] == [(7, 0, 1024), (8, 1024, 1540)]
    head = plan_shards(task_of(), counts, Route.HEAD)
    assert head[-1].stop == 5310 and all(one.stop == two.start for one, two in pairwise(head))
    assert plan_shards(task_of(), counts, Route.NATIVE, limit=100)[-1].stop == 100
    assert plan_shards(task_of("tag"), {"train": 600, "test": 20}, Route.HEAD)[0].stop == 128
