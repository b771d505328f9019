"""Items as they travel, back to what a model gets: texts stay texts, pictures and sounds become arrays."""

import base64
from typing import Any


def decode(item: Any) -> Any:  # noqa: ANN401 an item may be of any kind
    """Images: uint8 (height, width, channels). Sounds: float32 (samples,), mono, 16 kHz."""
    if isinstance(item, list):
        return [decode(one) for one in item]
    if not isinstance(item, dict):
        return item
    if "b64" in item and ("image" in item or "audio" in item):
        return array(item)
    return {key: decode(value) for key, value in item.items()}


def array(item: dict[str, Any]) -> Any:  # noqa: ANN401 numpy is imported late
    import numpy as np

    raw = base64.b64decode(item["b64"])
    if "image" in item:
        return np.frombuffer(raw, dtype=np.uint8).reshape(item["image"])
    return np.frombuffer(raw, dtype="<f4")
