"""Ways to disturb an item without changing its answer, one file per family. Each says in its docstring what it does.

Items are what models get: texts; pictures, uint8 (height, width, channels); sounds, float32 (samples,) at 16 kHz.
"""

from landbridge_benchmarks.perturbations import (
    chars,
    chinese,
    chinese_marks,
    counterfactual,
    distractor,
    english,
    homoglyph,
    images,
    latin,
    sounds,
    spacing,
)
from landbridge_plugins import PerturbationSpec

FAMILIES = (
    chars, spacing, homoglyph, distractor, latin, english, chinese, chinese_marks, counterfactual, images, sounds,
)  # fmt: skip


def perturbations() -> tuple[PerturbationSpec, ...]:
    return tuple(spec for family in FAMILIES for spec in family.SPECS)
