"""The supervisor's words: load this, prepare for that, answer these; and how answers are kept."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from landbridge_evaluation.errors import LoadFault, PluginFault
from landbridge_evaluation.frames import CONTROL_CAP, BadFrame, Rule, ShardReader, flat, parse, reported, rule_for
from landbridge_evaluation.jobspec import JobSpec
from landbridge_evaluation.planning import Route, ShardPlan
from landbridge_evaluation.supervisor.model import ModelFolder
from landbridge_evaluation.supervisor.session import Session
from landbridge_evaluation.variants import plain
from landbridge_evaluation.workload import Workload
from landbridge_plugins import TaskSpec

REPORT_EVERY = 64  # answers


class Asker:
    def __init__(self, session: Session) -> None:
        self.session = session
        self.rules: dict[str, Rule] = {}  # by task: what it has seen of one shard binds the next

    def load(self, model: ModelFolder, spec: JobSpec) -> dict[str, Any]:
        """Raises ``LoadFault``. What the child says of itself goes to the manifest, and is trusted for nothing."""
        child = self.session.child
        frame = {
            "k": "job",
            "files": child.inside(model.path),
            "spec": model.spec.to_json(),
            "device": spec.device,
            "dtype": spec.dtype,
            "seed": spec.seeds[0],
            "paths": [child.inside(path) for path in child.inputs.paths],
            "plugin": child.inside(child.inputs.plugin) if child.inputs.plugin is not None else None,
        }
        try:
            answer = self.ready(frame)
        except LoadFault:
            raise
        except PluginFault as fault:
            raise LoadFault(str(fault), code=fault.kind, stage="loading_model") from fault
        return flat(answer.get("v"))

    def prepare(self, load: Workload, batch_tokens: int | None) -> None:
        """Tell the child about a task: how to answer, never what. Training rows go in where its plugin adapts."""
        adapts = load.route is Route.ADAPT
        self.ready(
            {
                "k": "task",
                "task": told(load.task),
                "route": load.route.value,
                "labels": [] if load.route is Route.HEAD else list(load.labels),
                "train": load.train if adapts else None,
                "batch_tokens": batch_tokens,
            }
        )

    def ready(self, frame: Mapping[str, Any]) -> dict[str, Any]:
        self.session.send(frame)
        self.session.expect(CONTROL_CAP)
        line = self.session.line()
        if len(line) > CONTROL_CAP:
            raise BadFrame(f"The model's process wrote a line of {len(line)} bytes.")
        answer = parse(line)
        if answer["k"] == "f":
            raise reported(answer)
        if answer["k"] != "r":
            raise BadFrame(f'The model\'s process wrote a "{answer["k"]}" frame where "r" was due.')
        return answer

    def shard(
        self, load: Workload, plan: ShardPlan, places: Sequence[int], report: Callable[[int], None]
    ) -> tuple[dict[int, Any], Mapping[str, float]]:
        """The answers of one shard by the items' places, all of them or a fault."""
        items = [load.items[place] for place in places]
        if not items:
            return {}, {}
        task = load.task
        made = rule_for(task.kind, load.route, len(load.labels), task.generation.stop)
        rule = self.rules.setdefault(task.name, made)
        reader = ShardReader(plan.index, items, rule)
        self.session.expect(rule.cap)
        self.session.send({"k": "shard", "n": plan.index, "items": items})
        while not reader.done:
            reader.take(self.session.line())
            if len(reader.values) % REPORT_EVERY == 0:
                report(len(reader.values))
        return {places[number]: value for number, value in reader.values.items()}, reader.counters


def told(task: TaskSpec) -> dict[str, Any]:
    """The task as the child may see it: never with rows, and without what tells which of them are disturbed."""
    return plain(task).to_json()


def lines_of(values: Mapping[int, Any], counters: Mapping[str, float]) -> bytes:
    """A shard as it is kept: a line an item, in the items' order; last what the child metered."""
    rows = [dump({"i": place, "v": values[place]}) for place in sorted(values)]
    return "".join(row + "\n" for row in (*rows, dump({"m": dict(counters)}))).encode()


def dump(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def values_of(lines: bytes) -> tuple[dict[int, Any], dict[str, float]]:
    """(answers by the items' places, counters) of a kept shard."""
    rows = [json.loads(line) for line in lines.splitlines()]
    counters: dict[str, float] = next((row["m"] for row in rows if "m" in row), {})
    return {row["i"]: row["v"] for row in rows if "i" in row}, counters
