"""Sound models: one sound at a time, so that no padding changes an answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landbridge_plugins import Array, Role
from landbridge_transformers.folder import labels_of

Floats = NDArray[np.float32]
RATE = 16_000
LONGEST = 225  # tokens that whisper writes for its 30 seconds


@dataclass(frozen=True, slots=True)
class Ears:
    """A module and what turns samples into its input."""

    module: Any
    extractor: Any

    def run(self, sound: Array) -> Any:  # noqa: ANN401 a module's own output
        import torch

        with torch.inference_mode():
            return self.module(**self.inputs(sound))

    def inputs(self, sound: Array) -> dict[str, Any]:
        """What the module reads; only this one sound, so no mask is needed."""
        heard = self.extractor(np.asarray(sound, np.float32), sampling_rate=RATE, return_tensors="pt")
        name = next(key for key in ("input_values", "input_features") if key in heard)
        return {name: heard[name].to(self.module.device, self.module.dtype)}


class SoundEncoder(Ears):
    """An ``Embedder``: the mean of the last layer over time."""

    def embed(self, items: Sequence[Array], role: Role) -> Floats:  # noqa: ARG002 sounds have no role
        return np.stack([self.mean_of(item) for item in items])

    def mean_of(self, sound: Array) -> Floats:
        import torch

        with torch.inference_mode():
            hidden = self.module.base_model(**self.inputs(sound)).last_hidden_state
        mean: Floats = hidden[0].float().mean(dim=0).cpu().numpy()
        return mean


class SoundClassifier(SoundEncoder):
    """A ``Classifier``, too."""

    @property
    def labels(self) -> tuple[str, ...]:
        return labels_of(self.module.config.to_dict())

    def classify(self, items: Sequence[Array]) -> Floats:
        return np.stack([self.run(item).logits[0].float().cpu().numpy() for item in items])


@dataclass(frozen=True, slots=True)
class CtcTranscriber(Ears):
    """A ``Transcriber``: the likeliest symbol of each frame, repeats and blanks taken out."""

    tokenizer: Any

    def transcribe(self, sounds: Sequence[Array]) -> list[str]:
        return [self.tokenizer.decode(self.run(sound).logits[0].argmax(dim=-1)) for sound in sounds]


@dataclass(frozen=True, slots=True)
class Whisper(Ears):
    """A ``Transcriber``; greedy."""

    tokenizer: Any

    def transcribe(self, sounds: Sequence[Array]) -> list[str]:
        return [self.write(sound) for sound in sounds]

    def write(self, sound: Array) -> str:
        import torch

        with torch.inference_mode():
            tokens = self.module.generate(**self.inputs(sound), do_sample=False, max_new_tokens=LONGEST)
        return str(self.tokenizer.decode(tokens[0], skip_special_tokens=True)).strip()


def extractor_of(files: Path) -> Any:  # noqa: ANN401 transformers' classes are made at run time
    from transformers import AutoFeatureExtractor

    return AutoFeatureExtractor.from_pretrained(files, trust_remote_code=False, local_files_only=True)  # type: ignore[no-untyped-call]


def tokenizer_of(files: Path) -> Any:  # noqa: ANN401 as above
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(files, trust_remote_code=False, local_files_only=True)


def encoder(files: Path, config: Mapping[str, Any], module: Any) -> SoundEncoder:  # noqa: ANN401 as above
    return SoundEncoder(module, extractor_of(files))


def classifier(files: Path, config: Mapping[str, Any], module: Any) -> SoundClassifier:  # noqa: ANN401 as above
    return SoundClassifier(module, extractor_of(files))


def ctc(files: Path, config: Mapping[str, Any], module: Any) -> CtcTranscriber:  # noqa: ANN401 as above
    return CtcTranscriber(module, extractor_of(files), tokenizer_of(files))


def whisper(files: Path, config: Mapping[str, Any], module: Any) -> Whisper:  # noqa: ANN401 as above
    return Whisper(module, extractor_of(files), tokenizer_of(files))
