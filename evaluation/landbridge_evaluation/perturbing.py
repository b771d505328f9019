"""A row's items, disturbed: by request kind what is touched, and what must stay for the answer to stay."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from landbridge_evaluation.errors import TaskFault
from landbridge_evaluation.rendering import LONGEST, packed, packed_sound
from landbridge_evaluation.variants import Variant, plain
from landbridge_plugins import Kind, Modality, Perturbed, TaskSpec

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class Disturbed:
    """A row's items after it. ``alignment`` is that of an extract_span row's context."""

    items: tuple[Any, ...]
    alignment: Sequence[int] | None = None


class Disturber:
    """One variant of one task's items. Equal pieces are disturbed alike, wherever they stand."""

    def __init__(self, task: TaskSpec, variant: Variant) -> None:
        self.task, self.variant, self.digest = task, variant, plain(task).digest()

    def row(self, items: Sequence[Any]) -> Disturbed:
        """Raises ``TaskFault`` where the perturbation raises, or gives what is no item."""
        return TOUCH[self.task.kind](self, items)

    def piece(self, value: Any) -> Perturbed:  # noqa: ANN401 an item may be anything
        """A text, picture or sound; what the perturbation is not about comes back as it is."""
        modality = modality_of(value)
        if modality is None or modality not in self.variant.spec.modalities:
            return Perturbed(value)
        from landbridge_evaluation.child.items import decode

        try:
            given = value if modality is Modality.TEXT else decode(value)
            made = self.variant.spec.apply(given, self.generator(value), self.variant.strength)
            return Perturbed(checked(modality, made.item), made.alignment)
        except Exception as error:  # a plugin may raise anything
            said = f"{self.task.name}: the perturbation {self.variant.name} raises {type(error).__name__}: {error}"
            raise TaskFault(said, code="perturbation") from error

    def anything(self, value: Any) -> Any:  # noqa: ANN401 an item may be anything
        """The same of lists, piece by piece."""
        if isinstance(value, list):
            return [self.anything(one) for one in value]
        return self.piece(value).item

    def generator(self, value: object) -> "np.random.Generator":
        """Philox, keyed by task, piece, name and strength."""
        import numpy as np

        words = [self.digest, value, self.variant.spec.name, self.variant.strength]
        text = json.dumps(words, ensure_ascii=False, sort_keys=True)
        key = int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16], "big")
        return np.random.Generator(np.random.Philox(key=key))


def modality_of(value: object) -> Modality | None:
    if isinstance(value, str):
        return Modality.TEXT if value else None
    if isinstance(value, Mapping) and "b64" in value:
        return Modality.IMAGE if "image" in value else Modality.AUDIO if "audio" in value else None
    return None


def checked(modality: Modality, made: Any) -> Any:  # noqa: ANN401 an item may be anything
    """The disturbed piece as it travels."""
    if modality is Modality.IMAGE:
        import numpy as np

        return packed(np.asarray(made, dtype=np.uint8))
    if modality is Modality.AUDIO:
        return packed_sound(made)
    if not isinstance(made, str) or len(made) > LONGEST:
        raise TypeError("a text must stay a text, of at most 1 MiB")
    return made


def all_of(by: Disturber, items: Sequence[Any]) -> Disturbed:
    return Disturbed(tuple(by.anything(one) for one in items))


def contexts(by: Disturber, items: Sequence[Any]) -> Disturbed:
    """What precedes the choices; the choices themselves are the answers."""
    made = {context: by.piece(context).item for context in dict.fromkeys(context for context, _ in items)}
    return Disturbed(tuple([made[context], choice] for context, choice in items))


def queries(by: Disturber, items: Sequence[Any]) -> Disturbed:
    """The first of the two; the other is what it must find."""
    first, *rest = items
    return Disturbed(({**first, "item": by.anything(first["item"])}, *rest))


def words(by: Disturber, items: Sequence[Any]) -> Disturbed:
    """As many words as before, cut from the disturbed text at their old places; a word that is lost stays."""
    (old,) = items
    between = "" if by.task.languages[:1] == ("zh",) else " "
    made = by.piece(between.join(old))
    if made.alignment is None:
        return Disturbed((old,))
    new, start = list[str](), 0
    for word in old:
        end = start + len(word)
        piece = made.item[made.alignment[start] : made.alignment[end]]
        new.append("".join(piece.split()) or word)
        start = end + len(between)
    return Disturbed((new,))


def passages(by: Disturber, items: Sequence[Any]) -> Disturbed:
    """Question and context; where the answer stands now is known from the alignment."""
    ((question, context),) = items
    asked, made = by.piece(question).item, by.piece(context)
    if made.alignment is None:
        return Disturbed(([asked, context],))
    return Disturbed(([asked, made.item],), made.alignment)


def asked(by: Disturber, items: Sequence[Any]) -> Disturbed:
    """The query, where there is one; candidates and histories stay."""
    (item,) = items
    query = item["query"]
    return Disturbed(({**item, "query": by.piece(query).item if isinstance(query, str) else query},))


TOUCH: Mapping[Kind, Callable[[Disturber, Sequence[Any]], Disturbed]] = {
    Kind.CLASSIFY: all_of,
    Kind.GENERATE: all_of,
    Kind.TRANSCRIBE: all_of,
    Kind.LOGLIKELIHOOD: contexts,
    Kind.EMBED: queries,
    Kind.TAG: words,
    Kind.EXTRACT_SPAN: passages,
    Kind.RANK: asked,
}
