"""Disturbed pictures: uint8 arrays of shape (height, width, channels), as models get them."""

import inspect
import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from landbridge_plugins import Modality, PerturbationSpec, Perturbed

if TYPE_CHECKING:
    from landbridge_benchmarks.perturbations.base import Rng

DARK = 16  # the brightest value of scikit-learn's digits
FULL = 255
Change = Callable[[Any, "Rng", int], Any]  # an array of floats from 0 to 1, and back


def of_image(name: str, change: Change) -> PerturbationSpec:
    """The perturbation that ``change`` makes of a picture in floats from 0 to 1; its docstring is the description."""

    def apply(item: Any, rng: "Rng", strength: int) -> Perturbed:  # noqa: ANN401 the hook's own signature
        import numpy as np

        image = np.asarray(item, dtype=np.uint8)
        if not strength:
            return Perturbed(image)
        scale = DARK if image.size and image.max() <= DARK else FULL
        changed = change(np.minimum(image / scale, 1.0), rng, strength)
        return Perturbed(np.clip(np.rint(changed * scale), 0, scale).astype(np.uint8))

    said = " ".join((inspect.getdoc(change) or "").split())
    return PerturbationSpec(name=name, apply=apply, modalities=(Modality.IMAGE,), description=said)


def noise(image: Any, rng: "Rng", strength: int) -> Any:  # noqa: ANN401 arrays
    """Gaussian noise with a standard deviation of 5, 10 or 20 % of the range."""
    return image + rng.normal(0.0, (0.05, 0.1, 0.2)[strength - 1], image.shape)


def blur(image: Any, rng: "Rng", strength: int) -> Any:  # noqa: ANN401 arrays
    """Gaussian blur with a radius of 1, 2 or 4 % of the larger side, at least 0.5, 0.75 or 1 pixel."""
    from scipy.ndimage import gaussian_filter

    sigma = max((0.01, 0.02, 0.04)[strength - 1] * max(image.shape[:2]), (0.5, 0.75, 1.0)[strength - 1])
    return gaussian_filter(image, sigma=(sigma, sigma, 0), mode="nearest")


def brightness(image: Any, rng: "Rng", strength: int) -> Any:  # noqa: ANN401 arrays
    """10, 20 or 40 % of the range brighter or darker."""
    return image + side(rng) * (0.1, 0.2, 0.4)[strength - 1]


def contrast(image: Any, rng: "Rng", strength: int) -> Any:  # noqa: ANN401 arrays
    """Differences from the mean shrink to 75, 50 or 25 %."""
    return image.mean() + (image - image.mean()) * (0.75, 0.5, 0.25)[strength - 1]


def shift(image: Any, rng: "Rng", strength: int) -> Any:  # noqa: ANN401 arrays
    """Moved by 4, 8 or 12 % of each side, at least a pixel, in one of four diagonals; the edge is repeated."""
    import numpy as np

    share = (0.04, 0.08, 0.12)[strength - 1]
    steps = [round(side(rng)) * max(1, round(share * length)) for length in image.shape[:2]]
    rows, columns = (
        np.clip(np.arange(length) - step, 0, length - 1) for length, step in zip(image.shape[:2], steps, strict=True)
    )
    return image[rows][:, columns]


def rotate(image: Any, rng: "Rng", strength: int) -> Any:  # noqa: ANN401 arrays
    """Turned by 3, 6 or 10 degrees to either side, about the center; the edge is repeated."""
    from scipy.ndimage import rotate as turned

    return turned(image, side(rng) * (3, 6, 10)[strength - 1], axes=(0, 1), reshape=False, order=1, mode="nearest")


def jpeg(image: Any, rng: "Rng", strength: int) -> Any:  # noqa: ANN401 arrays
    """Stored as JPEG of quality 50, 25 or 10, and read again."""
    import numpy as np
    from PIL import Image

    bytes_, kept = io.BytesIO(), np.rint(image * FULL).astype(np.uint8)
    gray = kept.shape[2] == 1
    Image.fromarray(kept[:, :, 0] if gray else kept).save(bytes_, "JPEG", quality=(50, 25, 10)[strength - 1])
    read = np.asarray(Image.open(bytes_), dtype=np.float64)
    return read.reshape(image.shape) / FULL


def side(rng: "Rng") -> float:
    return 1.0 if rng.random() < 0.5 else -1.0  # noqa: PLR2004 one half


SPECS = tuple(
    of_image(f"image_{change.__name__}", change) for change in (noise, blur, brightness, contrast, shift, rotate, jpeg)
)
