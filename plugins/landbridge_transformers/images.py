"""Images to tensors as ``preprocessor_config.json`` says: resize, crop, rescale, normalize. No torchvision."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landbridge_transformers.folder import read_json

BILINEAR = 2
RGB = 3


@dataclass(frozen=True, slots=True)
class Preparation:
    """Callable: uint8 images (height, width, 1 or 3) to float32 (n, channels, height, width)."""

    channels: int
    resize: tuple[int, int] | int | None  # height and width; or the shorter edge
    crop: tuple[int, int] | None
    resample: int
    scale: float
    mean: tuple[float, ...]
    deviation: tuple[float, ...]

    def __call__(self, images: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        return np.stack([self.one(np.asarray(image)) for image in images])

    def one(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        image = with_channels(image, self.channels)
        if self.resize is not None:
            image = resized(image, self.resize, self.resample)
        if self.crop is not None:
            image = cropped(image, self.crop)
        pixels = image.astype(np.float32) * np.float32(self.scale) - np.array(self.mean, np.float32)
        pixels /= np.array(self.deviation, np.float32)
        return np.ascontiguousarray(pixels.transpose(2, 0, 1))


def preparation_of(files: Path, config: Mapping[str, Any]) -> Preparation:
    told = read_json(files / "preprocessor_config.json")
    side = config.get("image_size", 224)
    size = told.get("size", side)
    crop = told.get("crop_size")
    return Preparation(
        channels=int(config.get("num_channels", RGB)),
        resize=edges(size) if told.get("do_resize", True) else None,
        crop=both(crop if crop is not None else side) if told.get("do_center_crop", False) else None,
        resample=int(told.get("resample", BILINEAR)),
        scale=float(told.get("rescale_factor", 1 / 255)) if told.get("do_rescale", True) else 1.0,
        mean=tuple(told.get("image_mean", (0.5,))) if told.get("do_normalize", True) else (0.0,),
        deviation=tuple(told.get("image_std", (0.5,))) if told.get("do_normalize", True) else (1.0,),
    )


def edges(size: Any) -> tuple[int, int] | int:  # noqa: ANN401 a number, a pair or an object
    if isinstance(size, Mapping) and "shortest_edge" in size:
        return int(size["shortest_edge"])
    return both(size)


def both(size: Any) -> tuple[int, int]:  # noqa: ANN401 as above
    if isinstance(size, Mapping):
        return int(size["height"]), int(size["width"])
    height, width = size if isinstance(size, (list, tuple)) else (size, size)
    return int(height), int(width)


def with_channels(image: NDArray[np.uint8], channels: int) -> NDArray[np.uint8]:
    """Gray is repeated, color is averaged."""
    image = image[..., None] if image.ndim == 2 else image  # noqa: PLR2004 height and width only
    if image.shape[2] == channels:
        return image
    if channels == 1:
        gray: NDArray[np.uint8] = image.mean(axis=2, keepdims=True).round().astype(np.uint8)
        return gray
    return np.repeat(image[..., :1], channels, axis=2)


def resized(image: NDArray[np.uint8], size: tuple[int, int] | int, resample: int) -> NDArray[np.uint8]:
    from PIL import Image

    height, width = image.shape[:2]
    if isinstance(size, int):
        short = min(height, width)
        size = (round(height * size / short), round(width * size / short))
    if (height, width) == size:
        return image
    picture = Image.fromarray(image[..., 0] if image.shape[2] == 1 else image)
    scaled = np.asarray(picture.resize((size[1], size[0]), Image.Resampling(resample)))
    return scaled[..., None] if scaled.ndim == 2 else scaled  # noqa: PLR2004 gray


def cropped(image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """The middle; a smaller image is framed in black."""
    missing = [max(0, wanted - there) for wanted, there in zip(size, image.shape, strict=False)]
    image = np.pad(image, [(gap // 2, gap - gap // 2) for gap in missing] + [(0, 0)])
    top, left = (image.shape[0] - size[0]) // 2, (image.shape[1] - size[1]) // 2
    return image[top : top + size[0], left : left + size[1]]
