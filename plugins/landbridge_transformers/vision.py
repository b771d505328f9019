"""Image models: pixels in, label scores or vectors out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landbridge_plugins import Role
from landbridge_transformers.folder import labels_of
from landbridge_transformers.images import Preparation, preparation_of

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ImageEncoder:
    """An ``Embedder``: the class token of transformers, the pooled map of convolutional networks."""

    module: Any
    prepare: Preparation
    batch: int = 64

    def embed(self, items: Sequence[Any], role: Role) -> Floats:  # noqa: ARG002 images have no role
        return self.run(items, lambda pixels: features(self.module.base_model(pixel_values=pixels)))

    def run(self, items: Sequence[Any], answer: Any) -> Floats:  # noqa: ANN401 a function of torch tensors
        import torch

        parts = []
        for start in range(0, len(items), self.batch):
            pixels = torch.from_numpy(self.prepare(items[start : start + self.batch]))
            with torch.inference_mode():
                parts.append(answer(pixels.to(self.module.device, self.module.dtype)).float().cpu().numpy())
        return np.ascontiguousarray(np.concatenate(parts))


@dataclass(frozen=True, slots=True)
class ImageClassifier(ImageEncoder):
    """A ``Classifier``, too."""

    labels: tuple[str, ...] = ()

    def classify(self, items: Sequence[Any]) -> Floats:
        return self.run(items, lambda pixels: self.module(pixel_values=pixels).logits)


def features(output: Any) -> Any:  # noqa: ANN401 torch tensors
    hidden = output.last_hidden_state
    if hidden.ndim == 4:  # noqa: PLR2004 a map: batch, channels, height, width
        return hidden.mean(dim=(2, 3))
    return hidden[:, 0]


def encoder(files: Path, config: Mapping[str, Any], module: Any) -> ImageEncoder:  # noqa: ANN401 transformers' classes are made at run time
    return ImageEncoder(module, preparation_of(files, config))


def classifier(files: Path, config: Mapping[str, Any], module: Any) -> ImageClassifier:  # noqa: ANN401 as above
    return ImageClassifier(module, preparation_of(files, config), labels=labels_of(module.config.to_dict()))
