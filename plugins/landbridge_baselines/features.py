"""From items to numbers: each fits what it needs on the training rows, and says nothing about labels."""

import re
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Matrix = Any  # a numpy array or a scipy sparse matrix: scipy ships no types
HAN = re.compile(r"[\u3400-\u9fff]")
CHINESE = 0.3  # of the characters: then words are not told apart by spaces


class Features(Protocol):
    def fit(self, items: Sequence[Any]) -> Matrix:
        """Learn from the training items, and turn them into rows."""

    def rows(self, items: Sequence[Any]) -> Matrix: ...


def text_of(item: Any) -> str:  # noqa: ANN401 an item may be anything
    """A text, or the two of a pair with a mark between them."""
    return item if isinstance(item, str) else " \u241e ".join(item)


class WordsAndCharacters:
    """TF-IDF of words 1-2 and character n-grams 2-4 within words; of characters 1-3 for Chinese."""

    def fit(self, items: Sequence[Any]) -> Matrix:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.pipeline import make_union

        texts = [text_of(item) for item in items]
        everything = "".join(texts)
        chinese = len(HAN.findall(everything)) > CHINESE * max(1, len(everything))
        views = [("char", (1, 3))] if chinese else [("word", (1, 2)), ("char_wb", (2, 4))]
        self.union = make_union(
            *(
                TfidfVectorizer(analyzer=analyzer, ngram_range=span, sublinear_tf=True, dtype=np.float32)
                for analyzer, span in views
            )
        )
        return self.union.fit_transform(texts)

    def rows(self, items: Sequence[Any]) -> Matrix:
        return self.union.transform([text_of(item) for item in items])


class Characters:
    """TF-IDF of character n-grams 1-3 within words."""

    def fit(self, items: Sequence[Any]) -> Matrix:
        from sklearn.feature_extraction.text import TfidfVectorizer

        self.vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 3), sublinear_tf=True, dtype=np.float32)
        return self.vectorizer.fit_transform([text_of(item) for item in items])

    def rows(self, items: Sequence[Any]) -> Matrix:
        return self.vectorizer.transform([text_of(item) for item in items])


class Pixels:
    """Gray pixels as a row, divided by the brightest one of the training images."""

    def fit(self, items: Sequence[Any]) -> NDArray[np.float32]:
        self.brightest = max(1, *(int(np.max(item)) for item in items))
        self.shape = np.shape(items[0])[:2]
        return self.rows(items)

    def rows(self, items: Sequence[Any]) -> NDArray[np.float32]:
        grays = [gray(np.asarray(item), self.shape) for item in items]
        return np.stack(grays).reshape(len(grays), -1) / np.float32(self.brightest)


def gray(image: NDArray[np.uint8], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Shape ``shape``, float32; an image of another size is stretched."""
    flat = image.mean(axis=2) if image.ndim == 3 else image  # noqa: PLR2004 height, width, channels
    if flat.shape != shape:
        from PIL import Image

        height, width = shape
        flat = np.asarray(Image.fromarray(flat.astype(np.float32)).resize((width, height)))
    return flat.astype(np.float32)


class LogMel:
    """A log-mel spectrogram of 40 bands, stretched to 24 frames, each number standardized on the training rows."""

    bands, frames, rate, window, hop = 40, 24, 16_000, 400, 160

    def fit(self, items: Sequence[Any]) -> NDArray[np.float32]:
        raw = self.raw(items)
        self.mean, self.spread = raw.mean(axis=0), raw.std(axis=0) + 1e-3
        standard: NDArray[np.float32] = (raw - self.mean) / self.spread
        return standard

    def rows(self, items: Sequence[Any]) -> NDArray[np.float32]:
        standard: NDArray[np.float32] = (self.raw(items) - self.mean) / self.spread
        return standard

    def raw(self, items: Sequence[Any]) -> NDArray[np.float32]:
        bank = mel_bank(self.bands, self.window, self.rate)
        return np.stack([self.spectrogram(np.asarray(item, np.float32), bank).ravel() for item in items])

    def spectrogram(self, sound: NDArray[np.float32], bank: NDArray[np.float32]) -> NDArray[np.float32]:
        """Shape ``(frames, bands)``: silence at both ends is cut off, loudness taken out."""
        if len(sound) < self.window:
            sound = np.pad(sound, (0, self.window - len(sound)))
        cuts = np.lib.stride_tricks.sliding_window_view(sound, self.window)[:: self.hop]
        power = np.abs(np.fft.rfft(cuts * np.hanning(self.window).astype(np.float32), axis=1)) ** 2
        mel = np.log(power.astype(np.float32) @ bank.T + 1e-6)
        loud = np.flatnonzero(mel.mean(axis=1) > mel.mean(axis=1).max() - 6)
        mel = mel[loud[0] : loud[-1] + 1]
        at = np.linspace(0, len(mel) - 1, self.frames)
        low, part = np.floor(at).astype(int), (at % 1)[:, None]
        stretched = mel[low] * (1 - part) + mel[np.minimum(low + 1, len(mel) - 1)] * part
        centered: NDArray[np.float32] = (stretched - stretched.mean()).astype(np.float32)
        return centered


def mel_bank(bands: int, window: int, rate: int) -> NDArray[np.float32]:
    """Triangles evenly spaced on the mel scale (O'Shaughnessy 1987), shape ``(bands, window // 2 + 1)``."""
    top = 2595 * np.log10(1 + rate / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, top, bands + 2) / 2595) - 1)
    at = np.fft.rfftfreq(window, 1 / rate)
    rising = (at - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - at) / (edges[2:] - edges[1:-1])[:, None]
    return np.maximum(0, np.minimum(rising, falling)).astype(np.float32)
