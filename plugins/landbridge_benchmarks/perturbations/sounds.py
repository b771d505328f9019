"""Disturbed sounds: float32 arrays of shape (samples,), mono, 16 kHz, from -1 to 1, as models get them."""

import inspect
from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from landbridge_plugins import Modality, PerturbationSpec, Perturbed

if TYPE_CHECKING:
    from landbridge_benchmarks.perturbations.base import Rng

RATE = 16_000  # Hz
Change = Callable[[Any, "Rng", int], Any]


def of_sound(name: str, change: Change, strengths: int = 3) -> PerturbationSpec:
    """The perturbation that ``change`` makes of a sound in float64; its docstring is the description."""

    def apply(item: Any, rng: "Rng", strength: int) -> Perturbed:  # noqa: ANN401 the hook's own signature
        import numpy as np

        sound = np.asarray(item, dtype=np.float32)
        if not strength or not sound.size:
            return Perturbed(sound)
        return Perturbed(np.ascontiguousarray(change(sound.astype(np.float64), rng, strength), dtype=np.float32))

    said = " ".join((inspect.getdoc(change) or "").split())
    return PerturbationSpec(name=name, apply=apply, modalities=(Modality.AUDIO,), strengths=strengths, description=said)


def noise(sound: Any, rng: "Rng", strength: int) -> Any:  # noqa: ANN401 arrays
    """White noise at a signal-to-noise ratio of 20, 10 or 5 dB."""
    import numpy as np

    ratio = 10 ** ((20, 10, 5)[strength - 1] / 10)
    return sound + rng.normal(0.0, np.sqrt(np.mean(sound * sound) / ratio), sound.shape)


def speed(sound: Any, rng: "Rng", strength: int) -> Any:  # noqa: ANN401 arrays
    """Played 1.1 times as fast (1), or 0.9 times (2); the pitch moves with it."""
    from scipy.signal import resample_poly

    factor = Fraction((11, 9)[strength - 1], 10)
    return resample_poly(sound, factor.denominator, factor.numerator)


def gain(sound: Any, rng: "Rng", strength: int) -> Any:  # noqa: ANN401 arrays
    """6, 12 or 20 dB quieter."""
    return sound * 10 ** (-(6, 12, 20)[strength - 1] / 20)


def band(sound: Any, rng: "Rng", strength: int) -> Any:  # noqa: ANN401 arrays
    """As over a line of 8 kHz: up to 4 kHz; from 2 on from 300 to 3,400 Hz; at 3 also in 8 bits of µ-law."""
    import numpy as np
    from scipy.signal import butter, resample_poly, sosfiltfilt

    heard = resample_poly(resample_poly(sound, 1, 2), 2, 1)[: len(sound)]
    if strength > 1:
        heard = sosfiltfilt(butter(4, (300, 3400), "bandpass", fs=RATE, output="sos"), heard, padlen=0)
    if strength > 2:  # noqa: PLR2004 the strongest
        law = np.sign(heard) * np.log1p(FULL * np.minimum(np.abs(heard), 1)) / np.log1p(FULL)
        coded = np.rint(law * 127) / 127
        heard = np.sign(coded) * np.expm1(np.abs(coded) * np.log1p(FULL)) / FULL
    return heard


FULL = 255.0  # µ of G.711


def clipping(sound: Any, rng: "Rng", strength: int) -> Any:  # noqa: ANN401 arrays
    """Cut off at 50, 25 or 10 % of its peak."""
    import numpy as np

    peak = float(np.abs(sound).max()) * (0.5, 0.25, 0.1)[strength - 1]
    return np.clip(sound, -peak, peak)


SPECS = (
    of_sound("audio_noise", noise),
    of_sound("audio_speed", speed, strengths=2),
    of_sound("audio_gain", gain),
    of_sound("audio_band", band),
    of_sound("audio_clipping", clipping),
)
