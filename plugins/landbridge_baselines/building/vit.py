"""A vision transformer of 69 thousand parameters, trained on the 1,212 training digits in seconds."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from landbridge_baselines.building.cards import write_card
from landbridge_baselines.building.data import training_rows

if TYPE_CHECKING:
    import torch

SIZE, BRIGHTEST = 8, 16
EPOCHS, BATCH, RATE = 11, 32, 3e-3
UNSHIFTED = 4  # last epochs that see the digits where they stand
PREPROCESSOR = {
    "image_processor_type": "ViTImageProcessor",
    "do_resize": True,
    "size": {"height": SIZE, "width": SIZE},
    "do_rescale": True,
    "rescale_factor": 1 / BRIGHTEST,
    "do_normalize": True,
    "image_mean": [0.5],
    "image_std": [0.5],
}
BODY = """
A vision transformer (2 layers, width 64, patches of 4x4) for 8x8 gray images of handwritten digits, pixels 0 to 16.

Trained from scratch on the 1,212 training images of scikit-learn's digits (UCI, CC-BY-4.0) for 16 epochs with shifts of
one pixel, on the computer that holds it; seed {seed}. It has seen no test image, and it knows nothing but such digits.
"""


def build_vit(files: Path, *, seed: int = 0) -> None:
    import torch

    rows = training_rows("bundled:digits")
    names = sorted({row["label"] for row in rows})
    pixels = torch.tensor([row["image"] for row in rows], dtype=torch.float32)[:, None] / (BRIGHTEST / 2) - 1
    labels = torch.tensor([names.index(row["label"]) for row in rows])
    torch.manual_seed(seed)
    model = fresh(names)
    train(model, pixels, labels, torch.Generator().manual_seed(seed))
    model.eval().save_pretrained(files)
    (files / "preprocessor_config.json").write_text(json.dumps(PREPROCESSOR, indent=2) + "\n", encoding="utf-8")
    write_card(
        files,
        title="Tiny ViT on digits",
        body=BODY.format(seed=seed),
        pipeline="image-classification",
        tags=["demo", "image", "vit"],
        library="transformers",
        languages=(),
    )


def fresh(names: list[str]) -> Any:  # noqa: ANN401 transformers' classes are made at run time
    from transformers import ViTConfig, ViTForImageClassification

    config = ViTConfig(
        image_size=SIZE,
        patch_size=4,
        num_channels=1,
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=128,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        initializer_range=0.12,  # about 1 / sqrt(width): the usual 0.02 learns nothing in so few steps
        id2label=dict(enumerate(names)),
        label2id={name: index for index, name in enumerate(names)},
    )
    return ViTForImageClassification(config)


def train(model: Any, pixels: "torch.Tensor", labels: "torch.Tensor", dice: "torch.Generator") -> None:  # noqa: ANN401 as above
    import torch

    steps = len(labels) // BATCH
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=EPOCHS * steps)
    model.train()
    for epoch in range(EPOCHS):
        order = torch.randperm(len(labels), generator=dice)
        for chosen in order[: steps * BATCH].view(steps, BATCH):
            images = pixels[chosen]
            if epoch < EPOCHS - UNSHIFTED:
                images = shifted(images, dice)
            logits = model(pixel_values=images).logits
            torch.nn.functional.cross_entropy(logits, labels[chosen], label_smoothing=0.05).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()


def shifted(images: "torch.Tensor", dice: "torch.Generator") -> "torch.Tensor":
    """Moved by up to one pixel each way, black coming in."""
    import torch

    down, right = torch.randint(0, 3, (2,), generator=dice).tolist()
    padded = torch.nn.functional.pad(images, (1, 1, 1, 1), value=-1.0)
    return padded[:, :, down : down + SIZE, right : right + SIZE]
