"""A GPT of under half a million parameters, trained on the training passages of Python's reference in seconds."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from landbridge_baselines.building.cards import write_card
from landbridge_baselines.building.data import training_rows

if TYPE_CHECKING:
    import torch

END = "<|endoftext|>"
VOCABULARY, CONTEXT = 512, 128
STEPS, BATCH, RATE = 140, 8, 5e-3
BODY = """
A GPT-2 of 2 layers and width 128 with a byte-level BPE of 512 tokens and a context of 128.

Trained from scratch on the {passages} training passages of Python's language reference (`pydoc_data.topics`, PSF-2.0)
for {steps} steps of {batch} windows, on the computer that holds it; seed {seed}. It has seen no test passage. It models
the prose of a reference manual, and little else: byte 5-grams counted on the same text predict it better.
"""


def build_gpt(files: Path, *, seed: int = 0) -> None:
    import torch

    texts = [row["text"] for row in training_rows("bundled:pydoc_topics")]
    tokenizer = learn_tokenizer(texts)
    tokens = [
        token for text in texts for token in (tokenizer.bos_token_id, *tokenizer.backend_tokenizer.encode(text).ids)
    ]
    torch.manual_seed(seed)
    model = fresh(len(tokenizer))
    train(model, torch.tensor(tokens), torch.Generator().manual_seed(seed))
    model.eval().save_pretrained(files)
    tokenizer.save_pretrained(files)
    write_card(
        files,
        title="Tiny GPT on Python's reference",
        body=BODY.format(passages=len(texts), steps=STEPS, batch=BATCH, seed=seed),
        pipeline="text-generation",
        tags=["demo", "text", "gpt2"],
        library="transformers",
        languages=("en",),
    )


def learn_tokenizer(texts: list[str]) -> Any:  # noqa: ANN401 transformers' classes are made at run time
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        bos_token=END,
        eos_token=END,
        model_max_length=CONTEXT,
        clean_up_tokenization_spaces=False,
    )


def fresh(vocabulary: int) -> Any:  # noqa: ANN401 as above
    from transformers import GPT2Config, GPT2LMHeadModel

    config = GPT2Config(
        vocab_size=vocabulary,
        n_positions=CONTEXT,
        n_embd=128,
        n_layer=2,
        n_head=4,
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        initializer_range=0.06,  # the usual 0.02 is slow to start at this width
        bos_token_id=0,
        eos_token_id=0,
    )
    return GPT2LMHeadModel(config)


def train(model: Any, tokens: "torch.Tensor", dice: "torch.Generator") -> None:  # noqa: ANN401 as above
    import torch

    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.1, betas=(0.9, 0.95))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=STEPS, pct_start=0.1)
    model.train()
    for _ in range(STEPS):
        starts = torch.randint(0, len(tokens) - CONTEXT, (BATCH,), generator=dice).tolist()
        windows = torch.stack([tokens[start : start + CONTEXT] for start in starts])
        logits = model(input_ids=windows).logits[:, :-1]
        torch.nn.functional.cross_entropy(logits.flatten(0, 1), windows[:, 1:].flatten()).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
