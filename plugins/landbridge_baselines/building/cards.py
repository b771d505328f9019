"""Model cards and markers, as the Hub and our screening want them."""

import json
from pathlib import Path

from landbridge_baselines.specs import MODELS

SPECS = {model.slug: model for model in MODELS}
PIPELINES = {
    "classify": {"text": "text-classification", "image": "image-classification", "audio": "audio-classification"},
    "generate": {"text": "translation"},
    "embed": {"text": "feature-extraction"},
    "loglikelihood_rolling": {"text": "text-generation"},
}


def write_card(  # noqa: PLR0913 a card has this many parts
    files: Path, *, title: str, body: str, pipeline: str, tags: list[str], library: str, languages: tuple[str, ...]
) -> None:
    lines = ["---", "license: apache-2.0", f"library_name: {library}", f"pipeline_tag: {pipeline}"]
    if languages:
        lines += ["language:", *(f"- {language}" for language in languages)]
    lines += ["tags:", *(f"- {tag}" for tag in tags), "---", "", f"# {title}", "", body.strip(), ""]
    (files / "README.md").write_text("\n".join(lines), encoding="utf-8")


def write_marked(files: Path, slug: str, learned: str = "") -> None:
    """The folder of a baseline: its marker and its card. ``learned`` says what weights lie beside them, if any."""
    spec = SPECS[slug]
    files.mkdir(parents=True, exist_ok=True)
    marker = {"schema": "landbridge.model/1", "slug": slug}
    (files / "landbridge.json").write_text(json.dumps(marker) + "\n", encoding="utf-8")
    how = learned or (
        "The folder holds no weights: it learns each task from that task's own training rows, in seconds."
        if spec.adapts
        else "The folder holds no weights: nothing is learned."
    )
    write_card(
        files,
        title=spec.title,
        body=f"{spec.summary}\n\n{how}\n\nA baseline that ships with Landbridge, meant to be beaten.",
        pipeline=PIPELINES[spec.kinds[0]][spec.modality.value],
        tags=["baseline", spec.modality.value],
        library="landbridge",
        languages=spec.languages,
    )
