"""Which perturbations a task runs: those it names, or a default set for the axis of robustness."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cache

from landbridge_plugins import Kind, Modality, PerturbationSpec, PerturbationUse, SpecError, TaskSpec, build_manager
from landbridge_plugins.errors import nearest
from landbridge_plugins.manager import call_each

ROBUSTNESS = "robustness"
SPANS = frozenset({Kind.TAG, Kind.EXTRACT_SPAN})  # their answers are places in the text
# Of the default set. Sounds and pictures have few perturbations: more strengths make up for it.
STRENGTHS: Mapping[Modality, tuple[int, ...]] = {
    Modality.TEXT: (2,),
    Modality.IMAGE: (1, 3),
    Modality.AUDIO: (1, 2, 3),
}
UNDECLARED = ("en",)  # the languages of a task that names none


@dataclass(frozen=True, slots=True)
class Variant:
    """One perturbation at one strength; ``name`` is what results and samples call it."""

    spec: PerturbationSpec
    strength: int

    @property
    def name(self) -> str:
        return f"{self.spec.name}@{self.strength}"


@cache
def brought() -> Mapping[str, PerturbationSpec]:
    """By name, what installed plugins bring. A name that is taken stays with the first that claims it."""
    manager, _ = build_manager()
    found: dict[str, PerturbationSpec] = {}
    for _, answers in call_each(manager, "register_perturbations"):
        for spec in answers if isinstance(answers, tuple) else ():
            found.setdefault(spec.name, spec)
    return found


def plain(task: TaskSpec) -> TaskSpec:
    """The task without its perturbations: they add numbers and change none."""
    return replace(task, perturbations=()) if task.perturbations else task


def variants_of(task: TaskSpec, axes: Collection[str] = ()) -> tuple[Variant, ...]:
    """What runs beside the clean items, in order. Raises ``SpecError`` as ``check`` does."""
    uses = task.perturbations or (defaults(task) if ROBUSTNESS in axes else ())
    if not uses:
        return ()
    check(task)
    return tuple(Variant(brought()[use.name], strength) for use in uses for strength in use.strengths)


def defaults(task: TaskSpec) -> tuple[PerturbationUse, ...]:
    """All that fit the task's modality and languages: at strength 2 for texts, for media at several strengths.

    A running text is its own answer: its likelihood has no perturbations.
    """
    if task.kind is Kind.ROLLING:
        return ()
    found = [(spec, strengths_of(spec, task)) for spec in brought().values() if fits(spec, task)]
    return tuple(PerturbationUse(name=spec.name, strengths=strengths) for spec, strengths in found if strengths)


def strengths_of(spec: PerturbationSpec, task: TaskSpec) -> tuple[int, ...]:
    wanted = {one for modality in spec.modalities if modality in task.modalities for one in STRENGTHS[modality]}
    return tuple(sorted({min(one, spec.strengths) for one in wanted}))


def fits(spec: PerturbationSpec, task: TaskSpec) -> bool:
    languages = {one.partition("-")[0] for one in task.languages or UNDECLARED}
    kept = "spans" if task.kind in SPANS else "label"
    return (
        bool(set(spec.modalities) & set(task.modalities))
        and (not spec.languages or bool(languages & set(spec.languages)))
        and kept in spec.preserves
    )


def check(task: TaskSpec) -> None:
    """Raises ``SpecError`` with a pointer for a perturbation or strength that is not there, or that cannot be used."""
    seen = set[tuple[str, int]]()
    for place, use in enumerate(task.perturbations):
        pointer, spec = f"/perturbations/{place}", brought().get(use.name)
        if spec is None:
            known = nearest(use.name, brought())
            raise SpecError(f"{pointer}/name", f'no perturbation "{use.name}".{known}')
        if task.kind is Kind.ROLLING:
            raise SpecError(pointer, "a running text is its own answer: perturbations would change it.")
        if not set(spec.modalities) & set(task.modalities):
            raise SpecError(f"{pointer}/name", f'"{use.name}" is about {", ".join(spec.modalities)}.')
        if task.kind in SPANS and "spans" not in spec.preserves:
            raise SpecError(f"{pointer}/name", f'"{use.name}" loses the places of the answers.')
        for strength in use.strengths:
            if not 1 <= strength <= spec.strengths:
                raise SpecError(f"{pointer}/strengths", f'"{use.name}" has the strengths 1 to {spec.strengths}.')
            if (use.name, strength) in seen:
                raise SpecError(f"{pointer}/strengths", f'"{use.name}" stands twice at {strength}.')
            seen.add((use.name, strength))
