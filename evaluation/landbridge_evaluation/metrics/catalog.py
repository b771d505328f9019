"""Which metrics there are for which kind of request, under which names."""

from collections.abc import Callable, Mapping

from landbridge_evaluation.metrics import choices, classes, confidence, generated, labels, ranks, spans, texts
from landbridge_evaluation.metrics.base import Context, Measure
from landbridge_plugins import Kind, MetricSpec, SpecError, TaskSpec, build_manager, call_each
from landbridge_plugins.errors import nearest

Factory = Callable[[Context], Measure]
PROBABILITIES: Mapping[str, Factory] = {"brier": labels.brier, "log_loss": labels.log_loss, "ece": labels.ece}
SURENESS: Mapping[str, Factory] = {
    "ece_mass": confidence.ece_mass,
    "aurc": confidence.aurc,
    "acc_80": confidence.acc_80,
}
RETRIEVAL: Mapping[str, Factory] = {
    "ndcg_10": ranks.ndcg_10,
    "recall_10": ranks.recall_10,
    "mrr_10": ranks.mrr_10,
    "map": ranks.average_precision,
}
BUILT_IN: Mapping[Kind, Mapping[str, Factory]] = {
    Kind.CLASSIFY: {
        "acc": labels.acc,
        "macro_f1": labels.macro_f1,
        "balanced_acc": labels.balanced_acc,
        "mcc": labels.mcc,
        "auroc": confidence.auroc,
        "ap": confidence.ap,
        **PROBABILITIES,
        **SURENESS,
        "precision": classes.precision,
        "recall": classes.recall,
        "f1": classes.f1,
    },
    Kind.LOGLIKELIHOOD: {
        "acc": choices.acc,
        "acc_norm": choices.acc_norm,
        "acc_bytes": choices.acc_bytes,
        **PROBABILITIES,
        **SURENESS,
    },
    Kind.ROLLING: {
        "bits_per_byte": choices.bits_per_byte,
        "byte_perplexity": choices.byte_perplexity,
        "word_perplexity": choices.word_perplexity,
    },
    Kind.TAG: {
        "span_f1": spans.span_f1,
        "precision": spans.precision,
        "recall": spans.recall,
        "token_acc": spans.token_acc,
    },
    Kind.EXTRACT_SPAN: {"f1": texts.span_overlap, "exact_match": texts.span_exact},
    Kind.GENERATE: {
        "exact_match": texts.exact_match,
        "chrf": texts.chrf,
        "bleu": generated.bleu,
        "ter": generated.ter,
        "rouge_l": generated.rouge_l,
    },
    Kind.TRANSCRIBE: {"wer": texts.wer, "cer": texts.cer},
    Kind.EMBED: {"spearman": ranks.spearman, "bitext_acc": ranks.nearest, **RETRIEVAL},
    Kind.RANK: RETRIEVAL,
}
ALIASES: Mapping[str, str] = {
    "accuracy": "acc",
    "f1_macro": "macro_f1",
    "balanced_accuracy": "balanced_acc",
    "matthews_correlation": "mcc",
    "brier_score": "brier",
    "nll": "log_loss",
    "spearmanr": "spearman",
    "ndcg@10": "ndcg_10",
    "recall@10": "recall_10",
    "mrr@10": "mrr_10",
    "em": "exact_match",
    "seqeval_f1": "span_f1",
    "chrF": "chrf",
    "roc_auc": "auroc",
    "average_precision": "ap",
    "sacrebleu": "bleu",
    "rougeL": "rouge_l",
}


def metric_names(kind: Kind) -> tuple[str, ...]:
    return tuple(BUILT_IN[kind]) + tuple(name for name, spec in brought().items() if kind.value in spec.kinds)


def alias(kind: Kind, name: str) -> str:
    """The name under which a metric is written, whatever it is called on input."""
    written = ALIASES.get(name, name)
    return "bitext_acc" if kind is Kind.EMBED and written == "acc" else written


def measures_of(task: TaskSpec, class_names: tuple[str, ...] = ()) -> list[Measure]:
    """The task's metrics. Raises ``SpecError`` with a pointer and the nearest names for one that is not there."""
    made = []
    for place, use in enumerate(task.metrics):
        name = alias(task.kind, use.name)
        context = Context(labels=class_names, languages=task.languages, params=use.params or {})
        factory = BUILT_IN[task.kind].get(name)
        if factory is not None:
            made.append(build(factory, context, place))
            continue
        spec = brought().get(name)
        if spec is None or task.kind.value not in spec.kinds:
            known = nearest(use.name, metric_names(task.kind))
            raise SpecError(f"/metrics/{place}/name", f'no metric "{use.name}" for {task.kind.value}.{known}')
        made.append(of_plugin(spec))
    return made


def build(factory: Factory, context: Context, place: int) -> Measure:
    try:
        return factory(context)
    except ValueError as error:
        raise SpecError(f"/metrics/{place}/params", str(error)) from error


def brought() -> dict[str, MetricSpec]:
    """Metrics that installed plugins bring, by name and alias; a name that is taken stays with its owner."""
    manager, _ = build_manager()
    taken = {name for names in BUILT_IN.values() for name in names} | set(ALIASES)
    found: dict[str, MetricSpec] = {}
    for _, answers in call_each(manager, "register_metrics"):
        for spec in answers if isinstance(answers, tuple) else ():
            for name in (spec.name, *spec.aliases):
                if name not in taken:
                    found.setdefault(name, spec)
    return found


def of_plugin(spec: MetricSpec) -> Measure:
    return Measure(
        name=spec.name,
        item=spec.item,
        value=spec.value,
        rows=spec.rows,
        interval=spec.interval,
        higher_is_better=spec.higher_is_better,
        range=spec.range,
        per_item=spec.interval.value in ("wilson", "t"),
    )
