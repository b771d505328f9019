"""Folders in the Hugging Face form, held against plain forwards of tiny random models."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers, processors

import landbridge_transformers
from landbridge_evaluation.child.causal import DrivenCausalLM
from landbridge_plugins import (
    Classifier,
    Embedder,
    Finish,
    Generator,
    Limits,
    Modality,
    ModelSpec,
    Prompt,
    TorchCausalLM,
    TorchEncoder,
    Transcriber,
)
from landbridge_transformers.folder import FolderRefused
from landbridge_transformers.images import Preparation

Model = Any  # transformers makes its classes at run time
Settings = dict[str, Any]
hf: Model = transformers
SPEC = ModelSpec(slug="huggingface", title="", modality=Modality.TEXT, license="Apache-2.0")
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "bank", "card", "is", "lost", "where", "my", "?"]
UNKNOWN: Settings = {"unk_token": "[UNK]"}
SPECIAL: Settings = {**UNKNOWN, "pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
SMALL: Settings = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
BERT: Settings = {**SMALL, "vocab_size": len(WORDS), "max_position_embeddings": 32}
LABELS: Settings = {"id2label": {0: "fee", 1: "loss", 2: "other"}, "label2id": {"fee": 0, "loss": 1, "other": 2}}
VIT: Settings = {**SMALL, "image_size": 8, "patch_size": 4, "num_channels": 1}
WAV: Settings = {**SMALL, "conv_dim": (8, 8), "conv_kernel": (10, 3), "conv_stride": (5, 2),
       "num_feat_extract_layers": 2, "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 2}  # fmt: skip


def save_tokenizer(files: Path) -> None:
    words = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, **UNKNOWN))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    hf.PreTrainedTokenizerFast(tokenizer_object=words, **SPECIAL).save_pretrained(files)


def save(model: Model, files: Path) -> Model:
    model.eval().save_pretrained(files)
    return model


def load(files: Path) -> Model:
    return landbridge_transformers.load_model(SPEC, files, "cpu", "float32")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    save_tokenizer(tmp_path)
    return tmp_path


@pytest.fixture
def sounds(folder: Path) -> list[Any]:
    hf.Wav2Vec2FeatureExtractor(do_normalize=True).save_pretrained(folder)
    dice = np.random.default_rng(0)
    return [dice.standard_normal(size).astype(np.float32) for size in (1600, 2400)]


def test_a_bert_folder_is_an_encoder_with_mean_pooling_and_the_same_hidden_states(folder: Path) -> None:
    plain = save(hf.BertModel(hf.BertConfig(**BERT)), folder)
    model = load(folder)
    assert isinstance(model, TorchEncoder)
    assert (model.pooling, model.head, model.max_length) == ("mean", "", 32)
    inputs = model.tokenizer("where is my card ?", return_tensors="pt")
    with torch.inference_mode():
        assert torch.equal(model.module(**inputs).last_hidden_state, plain(**inputs).last_hidden_state)


@pytest.mark.parametrize(("mode", "pooling"), [("cls_token", "cls"), ("mean_tokens", "mean"), ("lasttoken", "last")])
def test_what_sentence_transformers_declares_is_honored(mode: str, pooling: str, folder: Path) -> None:
    save(hf.BertModel(hf.BertConfig(**BERT)), folder)
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({f"pooling_mode_{mode}": True}))
    (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 16}')
    (folder / "config_sentence_transformers.json").write_text('{"prompts": {"query": "query: ", "document": "text: "}}')
    model = load(folder)
    assert (model.pooling, model.max_length) == (pooling, 16)
    assert model.prefixes == (("query", "query: "), ("passage", "text: "))


def test_a_masked_language_model_gives_its_encoder(folder: Path) -> None:
    save(hf.BertForMaskedLM(hf.BertConfig(**BERT)), folder)
    model = load(folder)
    assert isinstance(model, TorchEncoder)
    assert model.head == ""


@pytest.mark.parametrize(
    ("kind", "head", "labels"),
    [
        (hf.BertForSequenceClassification, "text", ("fee", "loss", "other")),
        (hf.BertForTokenClassification, "tokens", ("fee", "loss", "other")),
        (hf.BertForQuestionAnswering, "span", ()),
    ],
)
def test_a_head_keeps_its_labels_in_order(kind: type[Model], head: str, labels: tuple[str, ...], folder: Path) -> None:
    plain = save(kind(hf.BertConfig(**BERT, **(LABELS if labels else {}))), folder)
    model = load(folder)
    assert isinstance(model, TorchEncoder)
    assert (model.head, model.labels) == (head, labels)
    inputs = model.tokenizer("my card is lost", return_tensors="pt")
    with torch.inference_mode():
        assert torch.allclose(model.module(**inputs)[0], plain(**inputs)[0], atol=1e-6)


def test_a_decoder_is_handed_over_with_what_stands_for_an_empty_context(decoder: TorchCausalLM) -> None:
    assert (decoder.max_length, decoder.prefix_token_id) == (24, 3)


@pytest.fixture
def decoder(folder: Path) -> TorchCausalLM:
    save(hf.GPT2LMHeadModel(hf.GPT2Config(vocab_size=12, n_positions=24, n_embd=16, n_layer=1, n_head=2)), folder)
    tokenizer = hf.AutoTokenizer.from_pretrained(folder)
    tokenizer.add_special_tokens({"eos_token": "[SEP]"})
    tokenizer.save_pretrained(folder)
    model = load(folder)
    assert isinstance(model, TorchCausalLM)
    return model


def test_a_prompt_longer_than_the_model_still_gets_an_answer(decoder: TorchCausalLM) -> None:
    driven = DrivenCausalLM(decoder, Limits(), None, {})
    (answer,) = driven.generate([Prompt(text="where is my card " * 20, max_tokens=100)])
    assert 1 <= answer.tokens <= 12


def test_writing_ends_at_a_stop_string_which_is_cut_off(decoder: TorchCausalLM) -> None:
    driven = DrivenCausalLM(decoder, Limits(), None, {})
    chance: Settings = {"text": "where is my", "max_tokens": 10, "temperature": 1.0}
    drawn = {seed: driven.generate([Prompt(**chance, seed=seed)])[0] for seed in range(10)}
    seed, free = next((seed, one) for seed, one in drawn.items() if len(set(one.text.split())) >= 3)
    stop = free.text.split()[1]
    (stopped,) = driven.generate([Prompt(**chance, seed=seed, stop=(stop,))])
    assert stop not in stopped.text
    assert free.text.startswith(stopped.text)
    assert (stopped.finish, stopped.tokens < free.tokens) == (Finish.STOP, True)


def test_an_encoder_decoder_writes_what_plain_generation_writes_and_stops(folder: Path) -> None:
    config = hf.T5Config(
        vocab_size=12, d_model=16, d_kv=8, d_ff=32, num_layers=1, num_heads=2, decoder_start_token_id=0, eos_token_id=3
    )
    plain = save(hf.T5ForConditionalGeneration(config), folder)
    tokenizer = hf.AutoTokenizer.from_pretrained(folder)
    tokenizer.add_special_tokens({"eos_token": "[SEP]"})
    tokenizer.save_pretrained(folder)
    model = load(folder)
    assert isinstance(model, Generator)
    long, short = model.generate([Prompt(text="my card", max_tokens=6), Prompt(text="the bank is lost", max_tokens=2)])
    with torch.inference_mode():
        tokens = plain.generate(**tokenizer("my card", return_tensors="pt"), max_new_tokens=6, do_sample=False)[0]
    assert long.text == tokenizer.decode(tokens[1:], skip_special_tokens=True)
    assert short.tokens <= 2


def test_an_image_classifier_prepares_pixels_as_its_folder_says(folder: Path) -> None:
    plain = save(hf.ViTForImageClassification(hf.ViTConfig(**VIT, **LABELS)), folder)
    (folder / "preprocessor_config.json").write_text(
        json.dumps(
            {"size": {"height": 8, "width": 8}, "rescale_factor": 1 / 16, "image_mean": [0.5], "image_std": [0.5]}
        )
    )
    model = load(folder)
    assert isinstance(model, Classifier)
    assert isinstance(model, Embedder)
    images = list(np.random.default_rng(0).integers(0, 17, (3, 8, 8, 1), dtype=np.uint8))
    pixels = torch.tensor(np.stack(images).transpose(0, 3, 1, 2) / 8 - 1, dtype=torch.float32)
    with torch.inference_mode():
        told = plain(pixel_values=pixels, output_hidden_states=True)
        hidden = plain.base_model(pixel_values=pixels).last_hidden_state[:, 0]
    assert model.labels == ("fee", "loss", "other")
    assert np.allclose(np.asarray(model.classify(images)), told.logits.numpy(), atol=1e-5)
    assert np.allclose(np.asarray(model.embed(images, "none")), hidden.numpy(), atol=1e-5)


def test_a_bare_image_encoder_embeds(folder: Path) -> None:
    save(hf.ViTModel(hf.ViTConfig(**VIT)), folder)
    model = load(folder)
    assert isinstance(model, Embedder)
    assert not isinstance(model, Classifier)
    assert np.asarray(model.embed([np.zeros((28, 28, 3), np.uint8)], "none")).shape == (1, 16)


def test_images_are_resized_cropped_and_given_their_channels() -> None:
    prepare = Preparation(channels=3, resize=8, crop=(6, 6), resample=2, scale=1 / 255, mean=(0.5,), deviation=(0.5,))
    pixels = prepare([np.full((16, 24, 1), 255, np.uint8)])
    assert pixels.shape == (1, 3, 6, 6)
    assert np.allclose(pixels, 1)
    gray = Preparation(channels=1, resize=None, crop=(4, 4), resample=2, scale=1, mean=(0,), deviation=(1,))
    framed = gray([np.full((2, 2, 3), 9, np.uint8)])
    assert framed.sum() == 4 * 9


def test_speech_is_transcribed_as_plain_argmax_decodes_it(folder: Path, sounds: list[Any]) -> None:
    letters, special = {"<pad>": 0, "<unk>": 1, "|": 2, "A": 3, "B": 4}, {"pad_token": "<pad>", "unk_token": "<unk>"}
    (folder / "vocab.json").write_text(json.dumps(letters))
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).unlink()
    tokenizer = hf.Wav2Vec2CTCTokenizer(folder / "vocab.json", **special)
    tokenizer.save_pretrained(folder)
    plain = save(hf.Wav2Vec2ForCTC(hf.Wav2Vec2Config(**WAV, vocab_size=5)), folder)
    model = load(folder)
    assert isinstance(model, Transcriber)
    for sound, text in zip(sounds, model.transcribe(sounds), strict=True):
        values = torch.tensor((sound - sound.mean()) / np.sqrt(sound.var() + 1e-7))[None]
        with torch.inference_mode():
            assert text == tokenizer.decode(plain(input_values=values).logits[0].argmax(-1))


def test_sounds_are_classified_and_embedded_one_by_one(folder: Path, sounds: list[Any]) -> None:
    config = hf.Wav2Vec2Config(**WAV, **LABELS, classifier_proj_size=8)
    plain = save(hf.Wav2Vec2ForSequenceClassification(config), folder)
    settings = json.loads((folder / "config.json").read_text())
    assert settings["architectures"] == ["Wav2Vec2ForSequenceClassification"]
    model = load(folder)
    assert isinstance(model, Classifier)
    assert isinstance(model, Embedder)
    assert model.labels == ("fee", "loss", "other")
    values = torch.tensor((sounds[1] - sounds[1].mean()) / np.sqrt(sounds[1].var() + 1e-7))[None]
    with torch.inference_mode():
        told = plain(input_values=values).logits.numpy()
    assert np.allclose(np.asarray(model.classify(sounds))[1:], told, atol=1e-4)
    assert np.asarray(model.embed(sounds, "none")).shape == (2, 16)


def test_whisper_writes_text(folder: Path) -> None:
    config = hf.WhisperConfig(
        vocab_size=12, d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=32, decoder_ffn_dim=32, num_mel_bins=80, max_target_positions=448,
        pad_token_id=0, bos_token_id=2, eos_token_id=3, decoder_start_token_id=2, suppress_tokens=None,
        begin_suppress_tokens=None,
    )  # fmt: skip
    model = hf.WhisperForConditionalGeneration(config)
    model.generation_config.max_length = 8
    save(model, folder)
    hf.WhisperFeatureExtractor().save_pretrained(folder)
    loaded = load(folder)
    assert isinstance(loaded, Transcriber)
    (text,) = loaded.transcribe([np.zeros(16_000, np.float32)])
    assert set(text.split()) <= set(WORDS)


def damage_auto_map(files: Path) -> None:
    edit(files / "config.json", auto_map={"AutoModel": "evil.Model"})


def damage_tokenizer(files: Path) -> None:
    edit(files / "tokenizer_config.json", auto_map={"AutoTokenizer": ["evil.Tokenizer", None]})


def damage_kernel(files: Path) -> None:
    edit(files / "config.json", attn_implementation="somebody/kernel")


def damage_weights(files: Path) -> None:
    edit(files / "config.json", num_hidden_layers=3)


def damage_shape(files: Path) -> None:
    edit(files / "config.json", intermediate_size=64)


def damage_format(files: Path) -> None:
    (files / "model.safetensors").rename(files / "pytorch_model.bin")


def damage_architecture(files: Path) -> None:
    edit(files / "config.json", architectures=["BertForEverything"])


def edit(path: Path, **changes: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (damage_auto_map, "auto_map"),
        (damage_tokenizer, "auto_map"),
        (damage_kernel, "kernels are not fetched"),
        (damage_weights, "do not fit"),
        (damage_shape, "do not fit|mismatch"),
        (damage_format, "safetensors"),
        (damage_architecture, "BertForEverything"),
    ],
)
def test_a_folder_that_cannot_be_trusted_or_does_not_fit_is_refused(
    damage: Callable[[Path], None], said: str, folder: Path
) -> None:
    save(hf.BertModel(hf.BertConfig(**BERT)), folder)
    damage(folder)
    with pytest.raises((FolderRefused, RuntimeError), match=said):
        load(folder)


def test_a_marked_folder_is_left_to_its_own_plugin(folder: Path) -> None:
    other = ModelSpec(slug="majority", title="", modality=Modality.TEXT, license="Apache-2.0")
    assert landbridge_transformers.load_model(other, folder, "cpu", "float32") is None


def test_half_precision_is_loaded_as_asked(folder: Path) -> None:
    save(hf.BertModel(hf.BertConfig(**BERT)), folder)
    model: Any = landbridge_transformers.load_model(SPEC, folder, "cpu", "bfloat16")
    assert model.module.dtype is torch.bfloat16
    assert not any(weight.requires_grad for weight in model.module.parameters())
