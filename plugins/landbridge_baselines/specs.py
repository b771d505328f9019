"""The baselines as they are declared. A folder whose ``landbridge.json`` names one of these slugs is such a model."""

from landbridge_plugins import Modality, ModelSpec

APACHE = "Apache-2.0"
CLASSIFY, ROLLING, LIKELIHOOD = "classify", "loglikelihood_rolling", "loglikelihood"


def learner(slug: str, title: str, modality: Modality, summary: str, kind: str = CLASSIFY) -> ModelSpec:
    """A model without weights: it learns each task from that task's training rows, in seconds."""
    return ModelSpec(
        slug=slug, title=title, modality=modality, license=APACHE, kinds=(kind,), adapts=True, summary=summary
    )


def language_model(slug: str, title: str, summary: str) -> ModelSpec:
    """A byte model whose counts lie in its folder."""
    kinds = (ROLLING, LIKELIHOOD)
    return ModelSpec(
        slug=slug,
        title=title,
        modality=Modality.TEXT,
        license=APACHE,
        kinds=kinds,
        summary=summary,
        files=("model.safetensors",),
    )


FLOOR = "Always answers with the shares of the labels in the training rows: what any model must beat."
CENTROID = "Compares with the mean of each label's training rows, by cosine."

MAJORITY = learner("majority", "Commonest label", Modality.TEXT, FLOOR)
MAJORITY_IMAGE = learner("majority-image", "Commonest label, images", Modality.IMAGE, FLOOR)
MAJORITY_AUDIO = learner("majority-audio", "Commonest label, sounds", Modality.AUDIO, FLOOR)
CENTROID_TEXT = learner("nearest-centroid", "Nearest centroid", Modality.TEXT, CENTROID)
CENTROID_IMAGE = learner("nearest-centroid-image", "Nearest centroid, images", Modality.IMAGE, CENTROID)
TFIDF = learner(
    "tfidf-lr",
    "TF-IDF and logistic regression",
    Modality.TEXT,
    "Words 1-2 and character n-grams 2-4 (Chinese: characters 1-3), sublinear, logistic regression with C = 10.",
)
CHAR_NGRAM = learner(
    "char-ngram", "Character n-grams, naive Bayes", Modality.TEXT, "Multinomial naive Bayes on characters 1-3."
)
PIXELS = learner("pixels-lr", "Pixels and logistic regression", Modality.IMAGE, "Logistic regression on raw pixels.")
LOG_MEL = learner(
    "logmel-lr",
    "Log-mel and logistic regression",
    Modality.AUDIO,
    "Logistic regression on a log-mel spectrogram of 40 bands, stretched to 24 frames.",
)
MEMORY = learner(
    "translation-memory",
    "Translation memory",
    Modality.TEXT,
    "Answers with the translation of the most similar training sentence, by character n-grams.",
    "generate",
)
COPY = ModelSpec(
    slug="copy",
    title="Copy",
    modality=Modality.TEXT,
    license=APACHE,
    kinds=("generate",),
    summary="Answers with the source sentence, untranslated: what any translation must beat.",
)
HASHED_CHARS = ModelSpec(
    slug="hashed-chars",
    title="Hashed character n-grams",
    modality=Modality.TEXT,
    license=APACHE,
    kinds=("embed",),
    summary="Counts of character n-grams 2-4, hashed into 512 numbers, sublinear. Nothing is learned.",
)
UNIGRAM = language_model(
    "unigram-bytes", "Unigram bytes", "Frequencies of single bytes: what any language model must beat."
)
NGRAM_3 = language_model("ngram-lm-3", "Byte trigrams", "Witten-Bell interpolation of byte 1- to 3-grams.")
NGRAM_5 = language_model("ngram-lm-5", "Byte 5-grams", "Witten-Bell interpolation of byte 1- to 5-grams.")
ORDERS = {UNIGRAM.slug: 1, NGRAM_3.slug: 3, NGRAM_5.slug: 5}

MODELS = (
    MAJORITY, MAJORITY_IMAGE, MAJORITY_AUDIO, CENTROID_TEXT, CENTROID_IMAGE, TFIDF, CHAR_NGRAM, PIXELS, LOG_MEL,
    MEMORY, COPY, HASHED_CHARS, UNIGRAM, NGRAM_3, NGRAM_5,
)  # fmt: skip
