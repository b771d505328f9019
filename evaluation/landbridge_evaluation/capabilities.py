"""What a model folder can do, read from its list of files: no weights are opened, no torch is imported."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from landbridge_plugins import Kind, Modality, ModelSpec

MARKER = "landbridge.json"
MARKER_SCHEMA = "landbridge.model/1"
HUGGINGFACE = "huggingface"  # the slug of a folder that needs no marker

# A class name's ending says what its head answers. The longest fitting one counts.
ENDINGS: Mapping[str, tuple[Kind, ...]] = {
    "ForCausalLM": (Kind.LOGLIKELIHOOD, Kind.ROLLING, Kind.GENERATE),
    "LMHeadModel": (Kind.LOGLIKELIHOOD, Kind.ROLLING, Kind.GENERATE),
    "ForSequenceClassification": (Kind.CLASSIFY, Kind.EMBED),
    "ForImageClassification": (Kind.CLASSIFY, Kind.EMBED),
    "ForAudioClassification": (Kind.CLASSIFY, Kind.EMBED),
    "ForTokenClassification": (Kind.TAG, Kind.EMBED),
    "ForQuestionAnswering": (Kind.EXTRACT_SPAN, Kind.EMBED),
    "ForConditionalGeneration": (Kind.GENERATE,),
    "ForCTC": (Kind.TRANSCRIBE,),
    "ForMaskedLM": (Kind.EMBED,),
    "ForPreTraining": (Kind.EMBED,),
    "Model": (Kind.EMBED,),
}
VISION = ("vit", "deit", "beit", "swin", "swinv2", "dinov2", "convnext", "convnextv2", "resnet", "mobilenet_v2")
SPEECH = ("wav2vec2", "hubert", "wavlm", "whisper", "unispeech", "audio-spectrogram-transformer")
TOKENIZERS = ("tokenizer.json", "vocab.txt", "vocab.json", "tokenizer.model", "spiece.model")


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """The request kinds a model answers. ``reason`` is a sentence where there are none."""

    kinds: tuple[str, ...] = ()
    modality: str = Modality.TEXT.value
    slug: str | None = None
    adapts: bool = False
    reason: str = ""
    labels: tuple[str, ...] = ()  # of its own classification head

    def to_json(self) -> dict[str, Any]:
        return {
            "kinds": list(self.kinds),
            "modality": self.modality,
            "slug": self.slug,
            "adapts": self.adapts,
            "reason": self.reason,
            "labels": list(self.labels),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Capabilities":
        return cls(
            kinds=tuple(value["kinds"]),
            modality=value["modality"],
            slug=value["slug"],
            adapts=value["adapts"],
            reason=value.get("reason", ""),
            labels=tuple(value.get("labels", ())),
        )


def capabilities_of(
    paths: Collection[str],
    config: Mapping[str, Any] | None,
    marker: Mapping[str, Any] | None,
    specs: Mapping[str, ModelSpec],
) -> Capabilities:
    """What the folder with ``paths`` can do.

    ``config`` is the content of ``config.json``, ``marker`` that of ``landbridge.json``, None where the file is not
    there; ``specs`` are the models that the installed plugins registered, by slug.
    """
    if marker is not None:
        return of_marker(paths, marker, specs)
    if config is None:
        return Capabilities(reason="The folder holds neither config.json nor landbridge.json.")
    if not any(path.endswith(".safetensors") for path in paths):
        return Capabilities(reason="The folder holds no *.safetensors file.")
    return of_config(paths, config)


def of_marker(paths: Collection[str], marker: Mapping[str, Any], specs: Mapping[str, ModelSpec]) -> Capabilities:
    slug = marker.get("slug")
    if marker.get("schema") != MARKER_SCHEMA or not isinstance(slug, str):
        return Capabilities(reason=f'landbridge.json must say {{"schema": "{MARKER_SCHEMA}", "slug": …}}.')
    spec = specs.get(slug)
    if spec is None:
        return Capabilities(reason=f'No installed plugin registers the model "{slug}".')
    absent = [name for name in spec.files if name not in paths]
    if absent:
        return Capabilities(slug=slug, reason=f"The folder of {slug} lacks {', '.join(absent)}.")
    return Capabilities(kinds=spec.kinds, modality=spec.modality.value, slug=slug, adapts=spec.adapts)


def of_config(paths: Collection[str], config: Mapping[str, Any]) -> Capabilities:
    model_type = str(config.get("model_type", ""))
    modality = modality_of(model_type)
    names = config.get("architectures") or ["Model"]
    kinds = kinds_of(str(names[0]), model_type)
    if not kinds:
        return Capabilities(modality=modality, reason=f'The architecture "{names[0]}" answers no known request kind.')
    if modality == Modality.TEXT.value and not any(path.rpartition("/")[2] in TOKENIZERS for path in paths):
        return Capabilities(reason="The folder holds no tokenizer (tokenizer.json, vocab.txt, …).")
    own = kinds[0] in (Kind.CLASSIFY, Kind.TAG)
    labels = labels_of(config) if own else ()
    return Capabilities(kinds=kinds, modality=modality, slug=HUGGINGFACE, labels=labels)


def modality_of(model_type: str) -> str:
    if model_type in VISION:
        return Modality.IMAGE.value
    return Modality.AUDIO.value if model_type in SPEECH else Modality.TEXT.value


def kinds_of(architecture: str, model_type: str) -> tuple[str, ...]:
    if model_type == "whisper":
        return (Kind.TRANSCRIBE.value,)
    fitting = [ending for ending in ENDINGS if architecture.endswith(ending)]
    kinds = ENDINGS[max(fitting, key=len)] if fitting else ()
    return tuple(kind.value for kind in kinds)


def labels_of(config: Mapping[str, Any]) -> tuple[str, ...]:
    names = config.get("id2label") or {}
    return tuple(str(names[key]) for key in sorted(names, key=int))
