"""Text models: most are handed to the engine's own scheduler as a module and a tokenizer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from landbridge_plugins import Finish, Generation, Prompt, TorchCausalLM, TorchEncoder
from landbridge_transformers.folder import FolderRefused, labels_of, max_length_of, pooling_of, prefixes_of

Head = Literal["", "text", "tokens", "span"]
Pooling = Literal["mean", "cls", "last"]


def tokenizer_of(files: Path) -> Any:  # noqa: ANN401 transformers' classes are made at run time
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(files, trust_remote_code=False, local_files_only=True)
    if not tokenizer.is_fast:
        raise FolderRefused(
            "The folder holds no fast tokenizer. Save tokenizer.json: tokenizer.save_pretrained(folder)."
        )
    return tokenizer


def encoder(files: Path, config: Mapping[str, Any], module: Any, head: Head = "") -> TorchEncoder:  # noqa: ANN401 as above
    return TorchEncoder(
        module=module,
        tokenizer=tokenizer_of(files),
        max_length=max_length_of(files, config),
        pooling=cast("Pooling", pooling_of(files, config)),
        head=head,
        labels=labels_of(module.config.to_dict()) if head in ("text", "tokens") else (),
        prefixes=prefixes_of(files),
    )


def sequence_classifier(files: Path, config: Mapping[str, Any], module: Any) -> TorchEncoder:  # noqa: ANN401 as above
    return encoder(files, config, module, "text")


def token_classifier(files: Path, config: Mapping[str, Any], module: Any) -> TorchEncoder:  # noqa: ANN401 as above
    return encoder(files, config, module, "tokens")


def span_extractor(files: Path, config: Mapping[str, Any], module: Any) -> TorchEncoder:  # noqa: ANN401 as above
    return encoder(files, config, module, "span")


def causal(files: Path, config: Mapping[str, Any], module: Any) -> TorchCausalLM:  # noqa: ANN401 as above
    tokenizer = tokenizer_of(files)
    first = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id
    return TorchCausalLM(
        module=module, tokenizer=tokenizer, max_length=max_length_of(files, config), prefix_token_id=first
    )


@dataclass(frozen=True, slots=True)
class EncoderDecoder:
    """A ``Generator``: reads the prompt with the encoder, writes greedily with the decoder."""

    module: Any
    tokenizer: Any
    max_length: int
    batch: int = 8

    def generate(self, prompts: Sequence[Prompt]) -> list[Generation]:
        answers: list[Generation] = []
        for start in range(0, len(prompts), self.batch):
            answers += self._batch(prompts[start : start + self.batch])
        return answers

    def _batch(self, prompts: Sequence[Prompt]) -> list[Generation]:
        import torch

        texts = [prompt.text for prompt in prompts]
        inputs = self.tokenizer(
            texts, return_tensors="pt", padding=True, truncation=True, max_length=self.max_length
        ).to(self.module.device)
        with torch.inference_mode():
            rows = self.module.generate(
                **inputs, max_new_tokens=max(prompt.max_tokens for prompt in prompts), do_sample=False
            )
        return [self._answer(row.tolist()[1:], prompt) for row, prompt in zip(rows, prompts, strict=True)]

    def _answer(self, tokens: list[int], prompt: Prompt) -> Generation:
        end = self.tokenizer.eos_token_id
        kept = tokens[: tokens.index(end)] if end in tokens else tokens
        finish = Finish.EOS if end in tokens and len(kept) < prompt.max_tokens else Finish.LENGTH
        kept = kept[: prompt.max_tokens]
        text = self.tokenizer.decode(kept, skip_special_tokens=True)
        cuts = [text.index(stop) for stop in prompt.stop if stop in text]
        if cuts:
            text, finish = text[: min(cuts)], Finish.STOP
        return Generation(text, len(kept), finish)


def encoder_decoder(files: Path, config: Mapping[str, Any], module: Any) -> EncoderDecoder:  # noqa: ANN401 as above
    return EncoderDecoder(module, tokenizer_of(files), max_length_of(files, config))
