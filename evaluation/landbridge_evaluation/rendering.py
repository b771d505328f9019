"""From a row to what a model is asked: columns, literals, and templates in a sandbox that loads nothing."""

import base64
import io
import re
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from landbridge_evaluation.errors import TaskFault

if TYPE_CHECKING:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    from landbridge_evaluation.datasets import SealedDataset

SLOWEST_S = 0.05  # a template that takes longer loops
LONGEST = 1 << 20  # characters
RATE = 16_000  # of sound, in Hz
Field = Callable[[Mapping[str, Any]], Any]


@cache
def environment() -> "ImmutableSandboxedEnvironment":
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    made = ImmutableSandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)
    made.filters["regex_replace"] = lambda text, pattern, by="": re.sub(pattern, by, text)
    return made


def compile_field(value: object, data: "SealedDataset", name: str) -> Field:
    """A function from a row to the field's value. ``name`` is for error messages."""
    if isinstance(value, str):
        return template(value, name)
    if isinstance(value, (list, tuple)):
        parts = [compile_field(one, data, f"{name}/{index}") for index, one in enumerate(value)]
        return lambda row: [part(row) for part in parts]
    if isinstance(value, Mapping) and "column" in value:
        return column(str(value["column"]), data, name)
    literal = value["literal"] if isinstance(value, Mapping) else value
    return lambda _row: literal


def column(key: str, data: "SealedDataset", name: str) -> Field:
    read = MEDIA.get(str(data.features.get(key, {}).get("_type")), lambda value: value)

    def get(row: Mapping[str, Any]) -> object:
        if key not in row:
            raise TaskFault(
                f'prompt/{name}: the rows have no column "{key}". They have {", ".join(row)}.', code="column"
            )
        return read(row[key])

    return get


def template(text: str, name: str) -> Field:
    from jinja2 import TemplateError

    try:
        made = environment().from_string(text)
    except TemplateError as error:
        raise TaskFault(f"prompt/{name}: {error}", code="template") from error

    def render(row: Mapping[str, Any]) -> str:
        parts, size, began = list[str](), 0, time.thread_time()
        try:
            for part in made.generate(row):  # piece by piece, so that a loop without end is left
                parts.append(part)
                size += len(part)
                bounded(time.thread_time() - began, size)
        except Exception as error:  # filters on odd values raise anything
            raise TaskFault(f"prompt/{name}: {error}", code="template") from error
        return "".join(parts)

    return render


def bounded(seconds: float, size: int) -> None:
    if seconds > SLOWEST_S or size > LONGEST:
        raise TaskFault("takes over 50 ms or gives over 1 MiB of text.")


def image(value: object) -> dict[str, object]:
    """``{"image": [height, width, channels], "b64": …}`` of an encoded picture, uint8."""
    import numpy as np
    from PIL import Image

    picture = Image.open(io.BytesIO(base64.b64decode(str(value))))
    plain = picture if picture.mode in ("L", "RGB") else picture.convert("RGB")
    return packed(np.asarray(plain, dtype=np.uint8))


def pixels(value: object) -> dict[str, object]:
    """The same, of nested lists of numbers."""
    import numpy as np

    return packed(np.asarray(value, dtype=np.uint8))


def packed(array: Any) -> dict[str, object]:  # noqa: ANN401 numpy is imported late
    shaped = array if array.ndim == 3 else array[:, :, None]  # noqa: PLR2004 height, width, channels
    return {"image": list(shaped.shape), "b64": base64.b64encode(shaped.tobytes()).decode()}


def sound(value: object) -> dict[str, object]:
    """``{"audio": samples, "b64": …}`` of an encoded sound: float32, little-endian, mono, 16 kHz."""
    import soundfile
    from scipy.signal import resample_poly

    samples, rate = soundfile.read(io.BytesIO(base64.b64decode(str(value))), dtype="float32", always_2d=True)
    mono = samples.mean(axis=1)
    if rate != RATE:
        mono = resample_poly(mono, RATE, rate)
    return packed_sound(mono)


def packed_sound(samples: Any) -> dict[str, object]:  # noqa: ANN401 numpy is imported late
    import numpy as np

    flat = np.ascontiguousarray(samples, dtype="<f4")
    return {"audio": int(flat.size), "b64": base64.b64encode(flat.tobytes()).decode()}


MEDIA: Mapping[str, Callable[[Any], Any]] = {
    "Image": image,
    "Array2D": pixels,
    "Array3D": pixels,
    "Audio": sound,
}
