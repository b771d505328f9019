"""Scores over packed batches equal plain forwards, whatever the model, the order and the budget; counters say so."""

import functools
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")
hf = pytest.importorskip("transformers")

from landbridge_evaluation.child.causal import DrivenCausalLM  # noqa: E402 after the skip
from landbridge_evaluation.errors import PluginFault  # noqa: E402 after the skip
from landbridge_evaluation.scheduler import attention, head, packed, padded  # noqa: E402 after the skip
from landbridge_evaluation.scheduler.driver import Driver  # noqa: E402 after the skip
from landbridge_evaluation.scheduler.record import told  # noqa: E402 after the skip
from landbridge_evaluation.scheduler.scorer import Scorer  # noqa: E402 after the skip
from landbridge_evaluation.scheduler.windows import Window  # noqa: E402 after the skip
from landbridge_plugins import Limits, TorchCausalLM  # noqa: E402 after the skip
from tests.evaluation.test_scheduler import byte_tokenizer  # noqa: E402 after the skip

SMALL: dict[str, Any] = {"vocab_size": 300, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2,
         "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 512}  # fmt: skip
MODELS: dict[str, Callable[[], Any]] = {
    "llama": lambda: hf.LlamaForCausalLM(hf.LlamaConfig(**SMALL)),
    "gemma2": lambda: hf.Gemma2ForCausalLM(
        hf.Gemma2Config(**SMALL, head_dim=8, sliding_window=16, attn_logit_softcapping=2.0, final_logit_softcapping=3.0)
    ),
    "qwen2": lambda: hf.Qwen2ForCausalLM(
        hf.Qwen2Config(**SMALL, use_sliding_window=True, sliding_window=16, max_window_layers=1)
    ),
    "gpt2": lambda: hf.GPT2LMHeadModel(hf.GPT2Config(vocab_size=300, n_embd=32, n_layer=2, n_head=4, n_positions=512)),
    "granite": lambda: hf.GraniteForCausalLM(hf.GraniteConfig(**SMALL, logits_scaling=4.0, attention_multiplier=0.2)),
    "bloom": lambda: hf.BloomForCausalLM(hf.BloomConfig(vocab_size=300, hidden_size=32, n_layer=2, n_head=4)),
    "mamba": lambda: hf.MambaForCausalLM(hf.MambaConfig(vocab_size=300, hidden_size=32, num_hidden_layers=2)),
}
PACKED = ["llama", "gemma2", "qwen2", "gpt2", "granite"]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Models this small are slower on two."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def module(kind: str = "llama") -> Any:  # noqa: ANN401 transformers has no narrower type
    return made(kind)


@cache
def made(kind: str) -> Any:  # noqa: ANN401 transformers has no narrower type
    torch.manual_seed(3)
    one = MODELS[kind]().eval()
    with torch.no_grad():
        for weights in one.parameters():
            weights.mul_(3)  # so that what is wrong shows
    return one


def driver(kind: str = "llama") -> Driver:
    return Driver.of(module(kind), 0)


def choices(count: int, seed: int = 0) -> list[Window]:
    """``count`` questions after a common beginning, each with four answers that begin alike."""
    chance = Random(seed)  # noqa: S311 no secret
    shots = [chance.randrange(300) for _ in range(40)]
    found = list[Window]()
    for _ in range(count):
        question = [*shots, *(chance.randrange(300) for _ in range(chance.randrange(5, 40)))]
        stem = [chance.randrange(300) for _ in range(chance.choice([1, 9]))]
        for _ in range(4):
            answer = [*stem, *(chance.randrange(300) for _ in range(chance.randrange(1, 12)))]
            found.append(Window(len(found), [*question, *answer][:-1], answer))
    return found


def prefixes(windows: Sequence[Window]) -> int:
    return len({tuple(one.tokens[:end]) for one in windows for end in range(1, len(one.tokens) + 1)})


def rows(windows: Sequence[Window]) -> int:
    return len({tuple(one.tokens[: end + 1]) for one in windows for end in range(one.begin, len(one.tokens))})


def sums(values: Any, windows: Sequence[Window]) -> Any:  # noqa: ANN401 numpy's own types
    return np.add.reduceat(values, np.cumsum([0, *(len(one.targets) for one in windows)])[:-1])


@pytest.mark.parametrize("kind", [*PACKED, "bloom", "mamba"])
def test_scores_equal_plain_forwards_or_the_fallback_is_recorded(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    windows = choices(5)
    counters: dict[str, float] = {}
    found = Scorer(driver(kind), 128, counters).score(windows, len(windows))
    want = padded.plain(driver(kind), windows, {})
    np.testing.assert_allclose([one.logprob for one in found], sums(want.logprobs, windows), atol=1e-4)
    assert [one.greedy for one in found] == (sums(~want.greedy, windows) == 0).tolist()
    record = told({"a_task": counters})
    assert record["path"] == ("packed_shared" if kind in PACKED else "length_sorted")
    assert (kind in PACKED) == (not capsys.readouterr().err) == ("not packed" not in record["reason"])
    assert record["self_check"]["a_task"]["checks"] == 1


@settings(max_examples=25, deadline=None)
@given(st.data(), st.integers(min_value=16, max_value=120), st.sampled_from(PACKED))
def test_deep_tries_in_any_order_and_budget(data: Any, budget: int, kind: str) -> None:  # noqa: ANN401 hypothesis
    pieces = [[3] * 9, list(range(40, 52)), [7, 8], list(range(200, 230)), [5]]
    count = st.lists(st.sampled_from(pieces), min_size=1, max_size=5)
    drawn = [sum(one, [2]) for one in data.draw(st.lists(count, min_size=4, max_size=9))]
    windows = [Window(place, one, [*one[1:], 9][-1 - place :]) for place, one in enumerate(drawn)]
    found = packed.run(driver(kind), windows, budget, {}, share=True)
    want = padded.plain(driver(kind), windows, {})
    np.testing.assert_allclose(found.logprobs, want.logprobs, atol=1e-4)


def test_a_hundred_orders_and_budgets_change_no_answer() -> None:
    windows = choices(6, seed=1)
    want = sums(padded.plain(driver(), windows, {}).logprobs, windows).reshape(-1, 4)
    chance = Random(4)  # noqa: S311 no secret
    spread = 0.0
    for _ in range(100):
        order = chance.sample(range(len(windows)), len(windows))
        mixed = [windows[place] for place in order]
        found = packed.run(driver(), mixed, chance.randrange(16, 600), {}, share=chance.random() < 0.9)
        back = np.empty(len(windows))
        back[order] = sums(found.logprobs, mixed)
        assert (back.reshape(-1, 4).argmax(1) == want.argmax(1)).all()
        spread = max(spread, float(np.abs(back.reshape(-1, 4) - want).max()))
    assert spread < 1e-4


def test_counters_are_at_the_floor(monkeypatch: pytest.MonkeyPatch) -> None:
    copies, cpu = list[int](), torch.Tensor.cpu

    def counted(tensor: Any) -> Any:  # noqa: ANN401 a tensor
        copies.append(tensor.numel())
        return cpu(tensor)

    monkeypatch.setattr(torch.Tensor, "cpu", counted)
    windows = choices(30)
    counters: dict[str, float] = {}
    packed.run(driver(), windows, 256, counters, share=True)
    scored = sum(len(one.targets) for one in windows)
    assert counters["tokens_unique"] == prefixes(windows)
    assert counters["tokens_run"] / counters["tokens_unique"] <= 1.05
    assert counters["head_rows"] <= 1.05 * rows(windows) <= 1.05 * scored
    assert len(copies) == counters["copies"] <= counters["batches"]
    assert sum(copies) == 2 * scored  # a log-probability and a first choice each, nothing else


def test_letters_after_one_question_need_one_row() -> None:
    question = list(range(50))
    counters: dict[str, float] = {}
    packed.run(driver(), [Window(place, question, [60 + place]) for place in range(4)], 512, counters, share=True)
    assert counters == {"tokens_unique": 50, "tokens_run": 50, "head_rows": 1, "batches": 1, "copies": 1}


@pytest.mark.parametrize("fused", [True, False])
def test_no_more_than_a_chunk_of_logits_is_ever_whole(fused: bool) -> None:  # noqa: FBT001 a parameter
    one, seen, tokens = driver(), list[int](), [place % 300 for place in range(700)]
    one.fused = fused
    windows = [Window(0, tokens[first : first + 400], tokens[first + 1 : first + 401]) for first in (0, 150, 299)]
    want = padded.plain(one, windows, {}).logprobs
    watch = module().get_output_embeddings().register_forward_hook(
        lambda _module, given, _out: seen.append(given[0].shape[-2])
    )  # fmt: skip
    found = packed.run(one, windows, 1024, {}, share=True)
    watch.remove()
    assert 0 < max(seen) <= head.ROWS
    np.testing.assert_allclose(found.logprobs, want, atol=1e-4)


@pytest.mark.parametrize("kind", ["llama", "gemma2"])
def test_documents_of_any_length_equal_a_plain_windowed_run(kind: str) -> None:
    texts = ["short", "0123456789" * 25, "the same beginning " * 3, "the same beginning " * 9, "x" * 97]
    model = TorchCausalLM(module=module(kind), tokenizer=byte_tokenizer(), max_length=96, prefix_token_id=256)
    found = DrivenCausalLM(model, Limits(), 64, {}).loglikelihood_rolling(texts)
    for text, score in zip(texts, found, strict=True):
        tokens = byte_tokenizer()(text, add_special_tokens=False)["input_ids"]
        total = 0.0
        for done in range(0, len(tokens), 96):
            end = min(done + 96, len(tokens))
            fed = [256, *tokens[: end - 1]] if not done else tokens[end - 97 : end - 1]
            with torch.inference_mode():
                logits = module(kind)(torch.tensor([fed])).logits[0, done - end :].double().log_softmax(-1)
            total += float(logits.gather(1, torch.tensor(tokens[done:end])[:, None]).sum())
        assert score.tokens == len(tokens) and score.logprob == pytest.approx(total, rel=1e-6, abs=1e-4)


def wrapped(one: Any, monkeypatch: pytest.MonkeyPatch, act: Callable[[dict[str, Any]], None]) -> None:  # noqa: ANN401
    own = one.forward

    @functools.wraps(own)
    def forward(*given: Any, **named: Any) -> Any:  # noqa: ANN401 a forward of any class
        act(named)
        return own(*given, **named)

    monkeypatch.setattr(one, "forward", forward)


def test_out_of_memory_halves_the_batch_repeats_it_and_never_grows_again(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = list[int]()

    def scarce(named: dict[str, Any]) -> None:
        sizes.append(named["input_ids"].shape[1])
        if sizes[-1] > 70:
            raise torch.OutOfMemoryError

    windows = choices(10)
    want = padded.plain(driver(), windows, {}).logprobs
    wrapped(module(), monkeypatch, scarce)
    counters: dict[str, float] = {}
    found = packed.run(driver(), windows, 256, counters, share=True)
    np.testing.assert_allclose(found.logprobs, want, atol=1e-4)
    first = next(place for place, size in enumerate(sizes) if size <= 70)
    assert counters["halvings"] == first and max(sizes[first:]) <= 70
    assert counters["tokens_run"] == sum(sizes[first:])
    assert module().config._attn_implementation != attention.NAME


def test_a_small_batch_that_does_not_fit_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(_named: dict[str, Any]) -> None:
        raise torch.OutOfMemoryError

    wrapped(module(), monkeypatch, none)
    with pytest.raises(PluginFault, match="tokens does not fit"):
        packed.run(driver(), choices(2), 300, {}, share=True)
    assert module().config._attn_implementation != attention.NAME


def test_a_model_that_ignores_positions_steps_down_and_says_why(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrapped(module(), monkeypatch, lambda named: named.pop("position_ids", None))
    wrapped(module().model, monkeypatch, lambda named: named.pop("position_ids", None))
    counters: dict[str, float] = {}
    Scorer(driver(), 64, counters).score(choices(3), 12)
    record = told({"a_task": counters})
    assert record["path"] == "length_sorted" and "differs from a plain forward" in capsys.readouterr().err
    assert record["self_check"]["a_task"]["refused"] == {"packed_shared": "differs", "packed": "differs"}


def test_a_logit_that_is_no_number_fails_and_names_its_item() -> None:
    torch.manual_seed(0)
    broken = MODELS["llama"]().eval()
    with torch.no_grad():
        broken.get_input_embeddings().weight[299] = float("nan")
    windows = [Window(place, [1, 2, 3, *range(20 + place, 40)], [5]) for place in range(6)]
    windows[4] = Window(4, [1, 2, 3, *range(24, 34), 299, 4, 5], [5])
    with pytest.raises(PluginFault, match=r"Item 4 of .*NaN"):
        Scorer(Driver.of(broken, 0), 512, {}).score(windows, 6)


def test_longer_windows_are_checked_anew() -> None:
    counters: dict[str, float] = {}
    scorer = Scorer(driver(), 64, counters)
    for size in (10, 10, 90):
        scorer.score([Window(0, list(range(size)), [1])], 1)
    assert counters["self_checks"] == 2


def test_one_dense_call_gives_what_calls_by_node_give(monkeypatch: pytest.MonkeyPatch) -> None:
    """The way that is taken on a GPU, held here on a CPU."""
    windows = choices(6)
    want = {kind: padded.plain(driver(kind), windows, {}).logprobs for kind in PACKED}
    monkeypatch.setattr(attention, "by_node", attention.dense)
    for kind in PACKED:
        found = packed.run(driver(kind), windows, 96, {}, share=True)
        np.testing.assert_allclose(found.logprobs, want[kind], atol=1e-4)


def test_narrow_dtypes_pass_by_their_own_noise() -> None:
    torch.manual_seed(0)
    narrow = MODELS["llama"]().to(torch.bfloat16).eval()
    counters: dict[str, float] = {}
    Scorer(Driver.of(narrow, 0), 64, counters).score(choices(2), 8)
    assert told({"a_task": counters})["path"] in {"packed_shared", "packed", "length_sorted", "plain"}


def test_what_a_process_says_of_its_path_is_read_by_fixed_names_only() -> None:
    record = told(
        {"a": {"path_packed_shared": 2.0, "self_checks": 1.0, "self_check_delta": 1e-6}, "b": {"path_x": 1.0}}
    )
    assert record["path"] == "packed_shared" and set(record["self_check"]) == {"a"}
    assert told({"b": {}})["path"] == "length_sorted"
