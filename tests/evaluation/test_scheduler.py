"""Our schedulers give what plain forwards give, whatever the batches; the head is computed only where it is read."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors  # noqa: E402 after the skip

from landbridge_evaluation.child.causal import DrivenCausalLM  # noqa: E402 after the skip
from landbridge_evaluation.child.encoder import DrivenEncoder  # noqa: E402 after the skip
from landbridge_evaluation.errors import PluginFault  # noqa: E402 after the skip
from landbridge_plugins import Limits, Prompt, TorchCausalLM, TorchEncoder  # noqa: E402 after the skip

SPECIAL = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}
TEXTS = [
    "a",
    "the cat sat",
    "the cat sat on the mat and looked at the moon",
    "é 中文 x",
    "the cat",
    "zz top of the hill",
]


@cache
def byte_tokenizer() -> Any:  # noqa: ANN401 transformers has no narrower type
    """Every byte is a token; 256 begins a text, 257 ends it, 258 pads."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: number for number, letter in enumerate(letters)} | {"<s>": 256, "</s>": 257, "<pad>": 258}
    made = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A </s> $B", special_tokens=[("<s>", 256), ("</s>", 257)]
    )
    return transformers.PreTrainedTokenizerFast(tokenizer_object=made, **SPECIAL)


@cache
def decoder(kind: str = "llama") -> Any:  # noqa: ANN401 transformers has no narrower type
    torch.manual_seed(0)
    small = {"vocab_size": 259, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
             "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 256}  # fmt: skip
    if kind == "gpt2":
        config = transformers.GPT2Config(vocab_size=259, n_embd=32, n_layer=2, n_head=4, n_positions=256,
                                         bos_token_id=256, eos_token_id=257)  # fmt: skip
        return transformers.GPT2LMHeadModel(config).eval()
    if kind == "gemma2":
        config = transformers.Gemma2Config(**small, head_dim=8, sliding_window=16, final_logit_softcapping=5.0)
        return transformers.Gemma2ForCausalLM(config).eval()
    return transformers.LlamaForCausalLM(transformers.LlamaConfig(**small)).eval()


def driven(kind: str = "llama", budget: int | None = None, limits: Limits | None = None) -> DrivenCausalLM:
    model = TorchCausalLM(module=decoder(kind), tokenizer=byte_tokenizer(), max_length=64, prefix_token_id=256)
    return DrivenCausalLM(model, limits or Limits(), budget, {})


def plain(kind: str, tokens: Sequence[int], targets: int) -> tuple[float, bool]:
    with torch.inference_mode():
        rows = decoder(kind)(torch.tensor([tokens[:-1]])).logits[0, -targets:].double().log_softmax(-1)
    aim = torch.tensor(tokens[-targets:])
    return float(rows.gather(1, aim[:, None]).sum()), bool((rows.argmax(-1) == aim).all())


@pytest.mark.parametrize("kind", ["llama", "gpt2", "gemma2"])
@pytest.mark.parametrize("budget", [16, 64, 512])
def test_choices_get_the_log_likelihood_of_a_plain_forward(kind: str, budget: int) -> None:
    requests = [(one, f" {other}") for one in TEXTS for other in ("yes", "no way")]
    scores = driven(kind, budget).loglikelihood(requests)
    for (context, said), score in zip(requests, scores, strict=True):
        whole = byte_tokenizer()(context + said)["input_ids"]
        total, _ = plain(kind, whole, len(said.encode()))
        assert score.logprob == pytest.approx(total, abs=1e-4) and score.tokens == len(said.encode())


def test_an_empty_context_is_the_prefix_token() -> None:
    (score,) = driven().loglikelihood([("", "abc")])
    assert score.logprob == pytest.approx(
        plain("llama", [256, *byte_tokenizer()("abc")["input_ids"][1:]], 3)[0], abs=1e-4
    )


def test_a_long_text_is_scored_whole_each_token_once_in_windows() -> None:
    text = "0123456789" * 20
    (score,) = driven(limits=Limits(max_length=64)).loglikelihood_rolling([text])
    tokens = byte_tokenizer()(text, add_special_tokens=False)["input_ids"]
    total = plain("llama", [256, *tokens[:64]], 64)[0]
    for done in (64, 128):
        total += plain("llama", tokens[done - 1 : done + 64], 64)[0]
    total += plain("llama", tokens[200 - 65 : 200], 8)[0]
    assert score.tokens == 200 and score.logprob == pytest.approx(total, abs=1e-3)


def test_short_texts_need_the_head_only_where_a_token_is_scored() -> None:
    one = driven(budget=4096)
    one.loglikelihood([("the same long context " * 2, " a"), ("the same long context " * 2, " b")])
    assert one.counters["positions_scored"] == 4 and one.counters["head_rows"] == 2


def test_batches_of_any_size_agree() -> None:
    requests = [(one, " end") for one in TEXTS * 5]
    runs = [[score.logprob for score in driven(budget=budget).loglikelihood(requests)] for budget in (8, 100, 5000)]
    assert np.ptp(np.array(runs), axis=0).max() < 1e-4


def test_what_is_cut_is_counted_or_refused() -> None:
    one = driven(limits=Limits(max_length=10))
    one.loglikelihood([("a long context that does not fit", " x"), ("a", " x")])
    assert one.counters["truncated"] == 1
    strict = Limits.from_json({"max_length": 10, "overflow": "error"})
    with pytest.raises(PluginFault, match="longer than 10"):
        driven(limits=strict).loglikelihood([("a long context that does not fit", " x")])


def test_text_is_continued_greedily_and_cut_at_the_stop() -> None:
    one = driven("gpt2")
    made = one.generate([Prompt(text="the cat", max_tokens=12), Prompt(text="a", max_tokens=5)])
    assert [answer.tokens for answer in made] <= [12, 5]
    again = one.generate([Prompt(text="a", max_tokens=5), Prompt(text="the cat", max_tokens=12)])
    assert [answer.text for answer in again] == [made[1].text, made[0].text]
    if made[0].text:
        stop = made[0].text[0]
        assert one.generate([Prompt(text="the cat", max_tokens=12, stop=(stop,))])[0].text == ""


@cache
def bert() -> Any:  # noqa: ANN401 transformers has no narrower type
    torch.manual_seed(1)
    config = transformers.BertConfig(vocab_size=259, hidden_size=32, intermediate_size=48, num_hidden_layers=2,
                                     num_attention_heads=4, max_position_embeddings=128)  # fmt: skip
    return transformers.BertModel(config).eval()


def encoder(budget: int | None = None, limits: Limits | None = None, **more: object) -> DrivenEncoder:
    given: dict[str, Any] = {"module": bert(), "tokenizer": byte_tokenizer(), "max_length": 64, **more}
    return DrivenEncoder(TorchEncoder(**given), limits or Limits(), budget, {})


@pytest.mark.parametrize("budget", [8, 100, 5000])
@pytest.mark.parametrize("pooling", ["mean", "cls", "last"])
def test_vectors_equal_those_of_one_text_at_a_time(budget: int, pooling: str) -> None:
    found = encoder(budget, pooling=pooling).embed(TEXTS, "none")
    for text, row in zip(TEXTS, found, strict=True):
        with torch.inference_mode():
            hidden = bert()(
                **byte_tokenizer()(text, return_tensors="pt", return_token_type_ids=False)
            ).last_hidden_state[0]
        wanted = {"mean": hidden.mean(0), "cls": hidden[0], "last": hidden[-1]}[pooling]
        np.testing.assert_allclose(row, wanted.numpy(), atol=1e-5)


def test_a_role_puts_its_prefix_before_the_text() -> None:
    asked = encoder(prefixes=(("query", "q: "),))
    np.testing.assert_allclose(asked.embed(["x"], "query"), encoder().embed(["q: x"], "none"), atol=1e-6)
    np.testing.assert_allclose(asked.embed(["x"], "passage"), encoder().embed(["x"], "none"), atol=1e-6)


def test_a_word_gets_the_row_of_its_first_token() -> None:
    words = ["the", "cat", "中文"]
    (found,) = encoder().embed_words([words])
    encoded = byte_tokenizer()(words, is_split_into_words=True)
    first = [encoded.word_ids().index(place) for place in range(3)]
    with torch.inference_mode():
        hidden = bert()(torch.tensor([encoded["input_ids"]])).last_hidden_state[0]
    np.testing.assert_allclose(found, hidden[first].numpy(), atol=1e-5)


def test_a_text_longer_than_the_model_is_cut_and_counted() -> None:
    one = encoder(limits=Limits(max_length=16))
    one.embed(["x" * 50, "y"], "none")
    assert one.counters["truncated"] == 1 and one.counters["tokens_run"] == 16 + 2


def test_a_head_on_texts_answers_log_probabilities() -> None:
    torch.manual_seed(2)
    config = transformers.BertConfig(vocab_size=259, hidden_size=32, intermediate_size=48, num_hidden_layers=1,
                                     num_attention_heads=4, max_position_embeddings=128, num_labels=3)  # fmt: skip
    module = transformers.BertForSequenceClassification(config).eval()
    one = encoder(module=module, head="text", labels=("a", "b", "c"))
    np.testing.assert_allclose(np.exp(one.classify(TEXTS)).sum(1), 1, atol=1e-6)
    assert one.embed(TEXTS, "none").shape == (len(TEXTS), 32)
    with pytest.raises(PluginFault, match="needs a head"):
        one.tag([["a"]])
