"""Our scheduler for decoders: texts become windows for the scorer, prompts are continued one by one."""

from collections.abc import Callable, MutableMapping, Sequence

import torch

from landbridge_evaluation.child import batches
from landbridge_evaluation.errors import PluginFault
from landbridge_evaluation.scheduler.driver import Driver
from landbridge_evaluation.scheduler.scorer import Scorer
from landbridge_evaluation.scheduler.windows import Window
from landbridge_plugins import Finish, Generation, Limits, Overflow, Prompt, Score, TorchCausalLM

TAIL = 4  # tokens that a character may be cut into


class DrivenCausalLM:
    """``LogLikelihoodScorer`` and ``Generator``."""

    whole_shards = True

    def __init__(
        self, model: TorchCausalLM, limits: Limits, budget: int | None, counters: MutableMapping[str, float]
    ) -> None:
        self.model, self.limits, self.counters = model, limits, counters
        self.device = batches.place_of(model.module)
        self.budget = budget or (512 if self.device.type == "cpu" else 8192)
        self.longest = min(model.max_length, limits.max_length or model.max_length)
        self.pad = batches.pad_id(model.tokenizer)
        model.module.eval()
        self.scorer = Scorer(Driver.of(model.module, self.pad), self.budget, counters)

    def loglikelihood(self, requests: Sequence[tuple[str, str]]) -> list[Score]:
        windows = [self.pair(place, *request) for place, request in enumerate(requests)]
        return self.scorer.score(windows, len(requests))

    def loglikelihood_rolling(self, texts: Sequence[str]) -> list[Score]:
        windows = [window for place, text in enumerate(texts) for window in self.windows(place, text)]
        return self.scorer.score(windows, len(texts))

    def generate(self, prompts: Sequence[Prompt]) -> list[Generation]:
        tokens = [self.head(prompt) for prompt in prompts]
        out: list[Generation] = [Generation("", 0)] * len(prompts)

        def forward(places: list[int]) -> None:
            for place in places:  # one by one: no padding, so no difference between batches
                out[place] = self.continued(tokens[place], prompts[place])

        batches.run([len(row) for row in tokens], self.budget, forward, self.counters)
        return out

    def continued(self, tokens: Sequence[int], prompt: Prompt) -> Generation:
        ids = torch.tensor([list(tokens)], device=self.device)
        room = max(1, min(prompt.max_tokens, self.longest - len(tokens)))
        choice = {"do_sample": True, "temperature": prompt.temperature} if prompt.temperature else {"do_sample": False}
        torch.manual_seed(prompt.seed)
        made = self.model.module.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=room,
            pad_token_id=self.pad,
            stopping_criteria=[self.stopped(prompt, len(tokens))],
            **choice,
        )
        new = made[0, ids.shape[1] :].tolist()
        text = self.model.tokenizer.decode(new, skip_special_tokens=True)
        cuts = [place for place in (text.find(stop) for stop in prompt.stop) if place >= 0]
        if cuts:
            return Generation(text[: min(cuts)], len(new), Finish.STOP)
        return Generation(text, len(new), Finish.LENGTH if len(new) >= room else Finish.EOS)

    def head(self, prompt: Prompt) -> list[int]:
        """The prompt's last tokens, as many as leave room for the answer, or at least half of the model's places."""
        kept = max(self.longest - prompt.max_tokens, self.longest // 2, 1)
        return self.encode(prompt.text, special=True)[-kept:] or [self.prefix()]

    def stopped(self, prompt: Prompt, start: int) -> Callable[..., torch.Tensor]:
        """True for a row once one of the prompt's stop strings stands in its newest tokens."""
        reach = TAIL + max((len(stop.encode()) for stop in prompt.stop), default=0)  # a token is a byte at least

        def check(ids: torch.Tensor, _scores: object, **_more: object) -> torch.Tensor:
            tail = self.model.tokenizer.decode(ids[0, max(start, ids.shape[1] - reach) :])
            return torch.tensor([any(stop in tail for stop in prompt.stop)] * len(ids), device=ids.device)

        return check

    # From texts to windows.

    def encode(self, text: str, *, special: bool) -> list[int]:
        """Token ids; special tokens by the tokenizer's default, off if the text already starts with BOS."""
        bos = getattr(self.model.tokenizer, "bos_token", None)
        add = special and not (bos and text.startswith(bos))
        return list(self.model.tokenizer(text, add_special_tokens=add, verbose=False)["input_ids"])

    def prefix(self) -> int:
        if self.model.prefix_token_id is None:
            raise PluginFault("The tokenizer has neither BOS nor EOS to stand for an empty context.", code="no_prefix")
        return self.model.prefix_token_id

    def pair(self, place: int, context: str, continuation: str) -> Window:
        """The continuation's tokens are what context + continuation has beyond the context's own length."""
        if context:
            whole, head = self.encode(context + continuation, special=True), self.encode(context, special=True)
            start, targets = whole[: len(head)], whole[len(head) :]
        else:
            targets = self.encode(continuation, special=False)
            start = [self.prefix()]
            if targets[:1] == start:
                targets = targets[1:]
        if not targets:
            raise PluginFault(f"The continuation {continuation!r} gives no tokens.", code="empty_continuation")
        start = start or [self.prefix()]  # a context may be a text without tokens
        tokens = (start + targets)[-(self.longest + 1) :][:-1]
        if len(tokens) < len(start + targets) - 1:
            self.overflowed()
        return Window(place, tokens, targets[-len(tokens) :])

    def windows(self, place: int, text: str) -> list[Window]:
        """Disjoint windows that score each token once, with as much before it as fits; one token of context each."""
        tokens, length = self.encode(text, special=False), self.longest
        if not tokens:
            raise PluginFault(f"A text gives no tokens: {text[:40]!r}.", code="empty_text")
        first = tokens[:length]
        made = [Window(place, [self.prefix(), *first[:-1]], first)]
        for done in range(length, len(tokens), length):
            end = min(done + length, len(tokens))
            made.append(Window(place, tokens[end - length - 1 : end - 1], tokens[done:end]))
        return made

    def overflowed(self) -> None:
        if self.limits.overflow is Overflow.ERROR:
            raise PluginFault(f"An item is longer than {self.longest} tokens.", code="too_long")
        self.counters["truncated"] = self.counters.get("truncated", 0) + 1
