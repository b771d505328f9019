"""Our decoder scoring against a harness that pads: one thread, CPU time, marginal (N items minus 2), interleaved.

The other is lm_eval's HFLM where it is installed, else the same work as it does it: sorted by length, padded on the
right, logits and log-softmax of every place, requests with the same tokens grouped, argmax and sum of each request's
places; at its best batch size of a sweep.
"""

import importlib.util
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from random import Random
from statistics import median
from typing import Any

import numpy as np

from tests.bench.rows import Row

VOCABULARY, WIDTH, LAYERS = 50_000, 512, 8
SIZES = (1, 4, 16)  # batch sizes of the other
ROUNDS = 3
Items = Sequence[list[Any]]  # per item, its windows
Score = Callable[[Items], Any]


def run() -> list[Row]:
    import torch  # noqa: PLC0415 other benches need none

    torch.set_num_threads(1)
    module, chance = decoder(), Random(0)  # noqa: S311 no secret
    return [
        compared(module, "four choices after a long context", long_choices(chance, 6), 4.5),
        compared(module, "5-shot letters", letters(chance, 10), 6.0),
        compared(module, "rolling, 18 to 1,387 tokens", documents(chance, 8), 1.3),
    ]


def compared(module: Any, what: str, items: Items, bar: float) -> Row:  # noqa: ANN401 a model of any class
    other = peer(module)
    costs = {size: seconds(other(size), items[:3]) for size in SIZES}
    best = min(costs, key=costs.__getitem__)
    found, want = ours(module)(items), other(best)(items)
    apart = float(np.abs(found - want).max())
    assert apart <= 1e-4 * max(1.0, float(np.abs(want).max()) / 100), f"the two give the same numbers: {apart}"
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for place, score in enumerate((ours(module), other(best))):
            times[place].append(seconds(score, items) - seconds(score, items[:2]))
    mine, theirs = median(times[0]), median(times[1])
    count = len(items) - 2
    return Row(
        f"{what}, decoder {WIDTH}x{LAYERS}",
        f"{count / mine:.2f} items/s",
        f"{other.__name__}, batch {best}: {count / theirs:.2f} items/s",
        theirs / mine,
        bar,
    )


def seconds(score: Score, items: Items) -> float:
    started = time.process_time()
    score(items)
    return time.process_time() - started


def ours(module: Any) -> Score:  # noqa: ANN401 a model of any class
    """With the self-check of a new model in each run."""
    from landbridge_evaluation.scheduler.driver import Driver  # noqa: PLC0415
    from landbridge_evaluation.scheduler.scorer import Scorer  # noqa: PLC0415

    def score(items: Items) -> Any:  # noqa: ANN401 numpy's own types
        windows = [window for item in items for window in item]
        return np.array([one.logprob for one in Scorer(Driver.of(module, 0), 512, {}).score(windows, len(windows))])

    return score


def peer(module: Any) -> Callable[[int], Score]:  # noqa: ANN401 a model of any class
    if importlib.util.find_spec("lm_eval") is None:

        def padded(size: int) -> Score:
            return lambda items: in_batches(module, [window for item in items for window in item], size)

        return padded

    def hflm(size: int) -> Score:
        return lambda items: by_hflm(module, [window for item in items for window in item], size)

    return hflm


def in_batches(module: Any, windows: Sequence[Any], size: int) -> Any:  # noqa: ANN401 torch's own types
    import torch  # noqa: PLC0415

    groups = defaultdict[tuple[int, ...], list[Any]](list)
    for window in windows:
        groups[tuple(window.tokens)].append(window)
    rows, out = sorted(groups, key=lambda row: (-len(row), row)), np.zeros(len(windows))
    for first in range(0, len(rows), size):
        some = rows[first : first + size]
        width = len(some[0])
        ids = torch.tensor([[*row, *[0] * (width - len(row))] for row in some])
        mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in some])
        with torch.inference_mode():
            logprobs = module(input_ids=ids, attention_mask=mask, use_cache=False).logits.log_softmax(-1)
            for row, values in zip(some, logprobs, strict=True):
                for window in groups[row]:
                    aim, some_rows = torch.tensor(window.targets), values[window.begin : len(row)]
                    bool((some_rows.argmax(-1) == aim).all())
                    out[window.request] = float(some_rows.gather(1, aim[:, None]).double().sum())
    return out


def by_hflm(module: Any, windows: Sequence[Any], size: int) -> Any:  # noqa: ANN401 lm_eval's own types
    """HFLM with tokens in place of texts."""
    import torch  # noqa: PLC0415
    from lm_eval.models.huggingface import HFLM  # type: ignore[import-not-found]  # noqa: PLC0415
    from transformers import PreTrainedTokenizerFast  # noqa: PLC0415

    made: Any = PreTrainedTokenizerFast  # without types
    tokenizer = made(tokenizer_object=numbers(), pad_token="0", eos_token="0")  # noqa: S106 a token
    model = HFLM(pretrained=module, tokenizer=tokenizer, batch_size=size, max_length=2048, device="cpu")
    requests = [
        (("", ""), window.tokens[: window.begin + 1], [*window.tokens[window.begin + 1 :], window.targets[-1]])
        for window in windows
    ]
    with torch.inference_mode():
        return np.array([one[0] for one in model._loglikelihood_tokens(requests, disable_tqdm=True)])


def numbers() -> Any:  # noqa: ANN401 tokenizers' own type
    from tokenizers import Tokenizer, models  # noqa: PLC0415

    return Tokenizer(models.WordLevel({str(one): one for one in range(VOCABULARY)}, unk_token="0"))  # noqa: S106


def decoder() -> Any:  # noqa: ANN401 a model of any class
    import torch  # noqa: PLC0415
    import transformers  # noqa: PLC0415

    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=WIDTH,
        intermediate_size=4 * WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=8,
        max_position_embeddings=2048,
    )
    made: Any = transformers.LlamaForCausalLM(config)
    return made.eval()


def drawn(chance: Random, least: int, most: int) -> list[int]:
    return [chance.randrange(1, VOCABULARY) for _ in range(chance.randint(least, most))]


def asked(place: int, context: list[int], answer: list[int]) -> Any:  # noqa: ANN401 imported late
    from landbridge_evaluation.scheduler.windows import Window  # noqa: PLC0415

    return Window(place, [*context, *answer][:-1], answer)


def long_choices(chance: Random, count: int) -> Items:
    contexts = [drawn(chance, 150, 350) for _ in range(count)]
    return [
        [asked(4 * place + one, context, drawn(chance, 3, 12)) for one in range(4)]
        for place, context in enumerate(contexts)
    ]


def letters(chance: Random, count: int) -> Items:
    shots = drawn(chance, 450, 450)
    contexts = [[*shots, *drawn(chance, 50, 110)] for _ in range(count)]
    return [[asked(4 * place + one, context, [40 + one]) for one in range(4)] for place, context in enumerate(contexts)]


def documents(chance: Random, count: int) -> Items:
    """Lengths evenly on a logarithmic scale, each document one window."""
    lengths = [round(18 * (1387 / 18) ** (one / (count - 1))) for one in range(count)]
    chance.shuffle(lengths)
    return [[asked(place, [0], drawn(chance, length, length))] for place, length in enumerate(lengths)]
