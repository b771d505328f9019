"""From a folder in the Hugging Face form to a live model. Safetensors only, no code from the folder, no network."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from landbridge_plugins import LoadedModel
from landbridge_transformers import speech, text, vision
from landbridge_transformers.folder import FolderRefused, check

SAFE = {"use_safetensors": True, "trust_remote_code": False, "local_files_only": True}
Build = Callable[[Path, Mapping[str, Any], Any], LoadedModel]

# A class name's ending says what its head answers, and what makes a model of it. The longest fitting one counts.
ENDINGS: Mapping[str, Build] = {
    "ForCausalLM": text.causal,
    "LMHeadModel": text.causal,
    "ForSequenceClassification": text.sequence_classifier,
    "ForTokenClassification": text.token_classifier,
    "ForQuestionAnswering": text.span_extractor,
    "ForConditionalGeneration": text.encoder_decoder,
    "ForMaskedLM": text.encoder,
    "ForPreTraining": text.encoder,
    "Model": text.encoder,
    "ForImageClassification": vision.classifier,
    "ForAudioClassification": speech.classifier,
    "ForCTC": speech.ctc,
}
VISION = ("vit", "deit", "beit", "swin", "swinv2", "dinov2", "convnext", "convnextv2", "resnet", "mobilenet_v2")
SPEECH = ("wav2vec2", "hubert", "wavlm", "unispeech", "audio-spectrogram-transformer")
BARE = ("Model", "ForMaskedLM", "ForPreTraining")  # loaded without their head
UNUSED = ("pooler.", "position_ids", "masked_spec_embed")  # weights that no answer of ours reads


def load(files: Path, device: str, dtype: str) -> LoadedModel:
    """Raises ``FolderRefused`` with the remedy."""
    config = check(files)
    architecture = str((config.get("architectures") or ["Model"])[0])
    build, ending = builder(architecture, str(config.get("model_type", "")))
    module = weights(files, "AutoModel" if ending in BARE else architecture, dtype)
    module.to(device).eval().requires_grad_(requires_grad=False)
    return build(files, config, module)


def builder(architecture: str, model_type: str) -> tuple[Build, str]:
    fitting = [ending for ending in ENDINGS if architecture.endswith(ending)]
    if not fitting:
        raise FolderRefused(f"The architecture {architecture!r} answers no request kind that we know.")
    ending = max(fitting, key=len)
    if model_type == "whisper":
        return speech.whisper, ending
    if ending in BARE and model_type in VISION:
        return vision.encoder, ending
    if ending in BARE and model_type in SPEECH:
        return speech.encoder, ending
    if ending == "ForSequenceClassification" and model_type in SPEECH:
        return speech.classifier, ending
    return ENDINGS[ending], ending


def weights(files: Path, name: str, dtype: str) -> Any:  # noqa: ANN401 transformers' classes are made at run time
    """The module, every weight from the folder: one that would start at random is an error."""
    import torch
    import transformers

    kind = getattr(transformers, name, None)
    if kind is None or not hasattr(kind, "from_pretrained"):
        raise FolderRefused(f"transformers {transformers.__version__} has no architecture {name}.")
    chosen = "auto" if dtype == "auto" else getattr(torch, dtype)
    module, told = kind.from_pretrained(files, dtype=chosen, output_loading_info=True, **SAFE)
    missing = sorted(key for key in told["missing_keys"] if not any(part in key for part in UNUSED))
    if missing or told["mismatched_keys"]:
        shown = ", ".join(missing[:5] or [str(key) for key in list(told["mismatched_keys"])[:5]])
        raise FolderRefused(f"The weights do not fit config.json: {shown} missing or of another shape.")
    return module
