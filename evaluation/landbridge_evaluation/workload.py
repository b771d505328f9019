"""A task's questions, each asked once, in an order that the child cannot guess; and the rows that wait for answers."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from landbridge_evaluation.datasets import SealedDataset
from landbridge_evaluation.errors import TaskFault
from landbridge_evaluation.perturbing import Disturber
from landbridge_evaluation.planning import Route, ShardPlan, clean_rows, test_rows
from landbridge_evaluation.questions import ask, class_names
from landbridge_evaluation.rendering import Field, compile_field
from landbridge_evaluation.variants import Variant, plain
from landbridge_plugins import Kind, TaskSpec

LONG = 1 << 10  # characters; the keys of longer questions, pictures and sounds are kept as digests
FAULTY_SHARE = 0.01  # of rows; with more the task itself is broken


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the test split (or, on the head route, of train or validation) and its answers' places."""

    split: str
    index: int
    items: tuple[int, ...]  # places in ``Workload.items``
    target: Any
    cluster: str | None = None
    groups: Mapping[str, str] = field(default_factory=dict)
    extra: Any = None  # choices, texts: what scoring needs of the question
    fault: str = ""
    alignment: Sequence[int] | None = None  # of a disturbed context: from offsets of the clean one to its own


@dataclass(slots=True)
class Workload:
    """Everything that the supervisor knows of one task before the child answers."""

    task: TaskSpec
    route: Route
    data: SealedDataset
    items: list[Any] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    labels: tuple[str, ...] = ()
    train: list[tuple[Any, Any]] = field(default_factory=list)
    limited: bool = False
    places: dict[str, int] = field(default_factory=dict)
    order: Sequence[int] = ()
    variants: dict[str, list[Row]] = field(default_factory=dict)  # the disturbed test rows by the variant's name
    further: Sequence[int] = ()  # the order of the places that only variants ask
    planned: int = 0  # clean rows that shards cover

    @property
    def test(self) -> list[Row]:
        return [row for row in self.rows if row.split == self.task.dataset.split]

    def of_split(self, split: str | None) -> list[Row]:
        return [row for row in self.rows if row.split == split]

    def place(self, item: object) -> int:
        """The item's place: equal questions are asked once."""
        key = json.dumps(item, ensure_ascii=False, sort_keys=True)
        if len(key) > LONG:
            key = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
        if key not in self.places:
            self.places[key] = len(self.items)
            self.items.append(item)
        return self.places[key]

    def shard(self, plan: ShardPlan, rows: int) -> Sequence[int]:
        """The places that a shard covers. ``rows`` is where the task's last shard stops."""
        first, order, count = 0, self.order, rows
        if self.variants and plan.start >= self.planned:
            first, order, count = self.planned, self.further, rows - self.planned
        elif self.variants:
            count = self.planned
        total = len(order)
        return order[(plan.start - first) * total // count : (plan.stop - first) * total // count]

    def disturbed(self, name: str) -> "Workload":
        """The same workload with a variant's test rows in place of the clean ones."""
        others = [row for row in self.rows if row.split != self.task.dataset.split]
        return replace(self, rows=[*others, *self.variants[name]], variants={})


def build(  # noqa: PLR0913 each by name
    task: TaskSpec,
    route: Route,
    data: SealedDataset,
    *,
    seed: int = 0,
    limit: int | None = None,
    variants: Sequence[Variant] = (),
) -> Workload:
    """Render every question. Raises ``TaskFault`` for an empty split, and where over 1 % of rows are faulty."""
    load = Workload(task=task, route=route, data=data)
    fields = {name: compile_field(value, data, name) for name, value in task.prompt.items()}
    load.labels = class_names(task, data, fields)
    wanted = test_rows(task, data.counts, limit)
    load.limited = wanted < data.counts.get(task.dataset.split, 0)
    for split in scored_splits(task, route):
        bound = wanted if split == task.dataset.split else None
        load.rows += [row_of(load, fields, split, index, row) for index, row in islice(kept(task, data, split), bound)]
    if route is Route.ADAPT:
        load.train = training(task, data, fields)
    check(load)
    load.order = permuted(load, len(load.items), seed)
    load.planned = clean_rows(task, data.counts, route, limit)
    add(load, variants, seed)
    return load


def add(load: Workload, variants: Sequence[Variant], seed: int) -> None:
    """The test rows once more for each of ``variants``. What comes out as it was shares the clean answer."""
    clean = len(load.items)
    for variant in variants:
        by = Disturber(load.task, variant)
        load.variants[variant.name] = [disturbed(load, by, row) for row in load.test]
    more = permuted(load, len(load.items) - clean, seed)
    load.further = [clean + place for place in more]


def disturbed(load: Workload, by: Disturber, row: Row) -> Row:
    made = by.row([load.items[place] for place in row.items])
    return replace(row, items=tuple(load.place(item) for item in made.items), alignment=made.alignment)


def scored_splits(task: TaskSpec, route: Route) -> tuple[str, ...]:
    """Test, and on the head route what the head is fitted and chosen on."""
    return task.dataset.splits if route is Route.HEAD else (task.dataset.split,)


def kept(task: TaskSpec, data: SealedDataset, split: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The split's rows that ``where`` lets through, with their index in the split."""
    where = task.dataset.where or {}
    for index, row in enumerate(data.rows(split)):
        if all(row.get(column) in values for column, values in where.items()):
            yield index, row


def row_of(load: Workload, fields: Mapping[str, Field], split: str, index: int, row: Mapping[str, Any]) -> Row:
    task = load.task
    try:
        question = ask(task, fields, row, load.labels)
    except TaskFault as error:
        raise TaskFault(f"{task.name}, {split} row {index}: {error}", code=error.kind) from error
    clusters = str(row[task.cluster_by]) if task.cluster_by and task.cluster_by in row else None
    return Row(
        split=split,
        index=index,
        items=tuple(load.place(item) for item in question.items),
        target=question.target,
        cluster=clusters,
        groups={group.column: str(row.get(group.column)) for group in task.groups},
        extra=question.extra,
        fault=question.fault,
    )


def training(task: TaskSpec, data: SealedDataset, fields: Mapping[str, Field]) -> list[tuple[Any, Any]]:
    """(item, label) of each training row, for ``adapt_model``: the one place where labels go into the child."""
    labels = class_names(task, data, fields)
    pairs = []
    for _, row in kept(task, data, task.dataset.train_split or ""):
        question = ask(task, fields, row, labels)
        if not question.fault:
            item = question.items[0] if len(question.items) == 1 else list(question.items)
            pairs.append((item, label_of(task, question.target)))
    bound = task.adaptation.max_train_items
    return pairs[:bound]


def label_of(task: TaskSpec, target: Any) -> Any:  # noqa: ANN401 a label, tags, a text
    """What ``adapt_model`` gets: of several reference texts the first."""
    return target[0] if task.kind is Kind.GENERATE else target


def check(load: Workload) -> None:
    test = load.test
    if not test:
        raise TaskFault(f'{load.task.name}: the split "{load.task.dataset.split}" gives no rows.', code="empty_split")
    faulty = [row for row in test if row.fault]
    if len(faulty) > FAULTY_SHARE * len(test):
        first = faulty[0]
        where = f"{len(faulty)} of {len(test)} rows are faulty, the first is row {first.index}"
        raise TaskFault(f"{load.task.name}: {where}: {first.fault}", code="faulty_rows")


def permuted(load: Workload, count: int, seed: int) -> Sequence[int]:
    """An order keyed by the labels' digest, which the child never learns: sorted data does not arrive sorted."""
    import numpy as np

    words = (str(seed), load.data.labels_digest, plain(load.task).digest())
    key = int.from_bytes(hashlib.sha256("\n".join(words).encode()).digest()[:16], "big")
    order: list[int] = np.random.Generator(np.random.Philox(key=key)).permutation(count).tolist()
    return order
