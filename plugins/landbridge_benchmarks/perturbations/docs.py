"""Renders ``docs/perturbations.md``."""

from landbridge_benchmarks.perturbations import perturbations

HEAD = """# Perturbations

A task names them in `perturbations` (`[{"name": "typo_keyboard", "strengths": [1, 2, 3]}]`); `run --axes robustness`
adds those of the task's modality and language to a task that names none. Strength 0 changes nothing. Plugins bring
their own ([hooks](hooks.md)). A name in several languages changes texts of those languages only.

| name | of | languages | strengths | keeps | what it does |
|---|---|---|---|---|---|
"""


def render() -> str:
    """The page, one row a perturbation, in the order of the families."""
    rows = []
    for spec in perturbations():
        few = spec.languages[:3]
        languages = ", ".join(few) + (", … (Latin letters)" if len(spec.languages) > len(few) else "") or "any"
        cells = (
            f"`{spec.name}`",
            ", ".join(spec.modalities),
            languages,
            f"1 to {spec.strengths}",
            ", ".join(spec.preserves),
            spec.description,
        )
        rows.append(f"| {' | '.join(cells)} |\n")
    return HEAD + "".join(rows)
